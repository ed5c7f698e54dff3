"""The exercise topological_walk."""
