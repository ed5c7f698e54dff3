"""The exercise add."""
