"""Training: optimizers, schedules, normalization, a gradient checker."""

EXERCISES = []
