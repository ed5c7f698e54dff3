"""The exercise conv1x1."""
