"""The exercise conv2d."""
