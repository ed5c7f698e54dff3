"""The exercise adam."""
