"""The exercise col2im."""
