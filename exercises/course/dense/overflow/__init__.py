"""The exercise overflow."""
