"""The exercise softmax."""
