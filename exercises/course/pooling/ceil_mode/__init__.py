"""The exercise ceil_mode."""
