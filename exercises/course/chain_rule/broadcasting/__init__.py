"""The exercise broadcasting."""
