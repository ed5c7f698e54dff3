"""Training: optimizers, schedules, normalization, a gradient checker."""

EXERCISES = [
    "sgd_momentum", "adam", "schedule", "weight_decay", "batch_norm", "local_response_norm", "gradient_checker",
    "flat_curve",
]  # fmt: skip
