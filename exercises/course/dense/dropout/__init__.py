"""The exercise dropout."""
