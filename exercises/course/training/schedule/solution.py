"""A solution of schedule."""

import math


def learning_rate(t, steps, base_lr, warmup):
    if t >= steps:
        return 0.0
    if t < warmup:
        return base_lr * (t + 1) / (warmup + 1)
    way = (t - warmup) / (steps - warmup)  # 0 at the top, 1 at the end
    return base_lr * (1 + math.cos(math.pi * way)) / 2
