"""The exercise swish."""
