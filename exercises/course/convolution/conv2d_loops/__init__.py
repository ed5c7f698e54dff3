"""The exercise conv2d_loops."""
