"""Training: optimizers, schedules, normalization, a gradient checker."""

EXERCISES = ["sgd_momentum", "adam", "schedule", "weight_decay"]
