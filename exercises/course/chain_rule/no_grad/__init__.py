"""The exercise no_grad."""
