"""Beyond: operations that the library does not have."""

EXERCISES = []
