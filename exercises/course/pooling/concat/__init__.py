"""The exercise concat."""
