"""The exercise gradient_checker."""
