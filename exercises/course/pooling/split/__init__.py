"""The exercise split."""
