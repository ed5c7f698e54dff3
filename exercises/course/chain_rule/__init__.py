"""The chain rule: gradients of small operations, and the walk that puts them together."""

EXERCISES = []
