"""The exercise pixel_shuffle."""
