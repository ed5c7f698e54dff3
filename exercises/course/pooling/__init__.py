"""Pooling and concatenation."""

EXERCISES = ["max_pool2d", "avg_pool2d", "ceil_mode", "global_avg_pool", "concat", "split", "wrong_seam"]
