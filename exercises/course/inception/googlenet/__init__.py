"""The exercise googlenet."""
