"""The exercise cross_entropy."""
