"""Pooling and concatenation."""

EXERCISES = ["max_pool2d"]
