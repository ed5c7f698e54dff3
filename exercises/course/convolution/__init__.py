"""Convolution: as loops, as im2col and a matrix product, and back."""

EXERCISES = ["conv2d_loops", "output_size", "im2col", "col2im", "conv2d", "conv1x1", "shifted_kernel"]
