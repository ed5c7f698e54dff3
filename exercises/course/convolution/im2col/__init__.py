"""The exercise im2col."""
