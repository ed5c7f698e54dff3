"""Inception: the block, its cost, the heads, GoogLeNet."""

EXERCISES = [
    "naive_block", "reduction_cost", "inception_block", "auxiliary_head", "weighted_loss", "googlenet", "silent_branch",
]  # fmt: skip
