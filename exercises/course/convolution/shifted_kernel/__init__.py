"""The exercise shifted_kernel."""
