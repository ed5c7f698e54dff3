"""The chain rule: gradients of small operations, and the walk that puts them together."""

EXERCISES = ["add", "multiply", "broadcasting", "fan_out", "topological_walk", "no_grad", "lost_gradient"]
