"""The exercise lost_gradient."""
