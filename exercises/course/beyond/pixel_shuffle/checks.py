"""How pixel_shuffle is checked."""

import numpy as np

from exercises.stages import Stage, forward_of, gradients_of, numbers

ANSWER = "PixelShuffle"

WORKED = {"x": np.arange(16.0).reshape(1, 4, 2, 2), "factor": 2}


def random_cases(rng):
    return [
        {"x": numbers(rng, 1, 4, 1, 2), "factor": 2},
        {"x": numbers(rng, 1, 8, 2, 1), "factor": 2},
        {"x": numbers(rng, 2, 4, 2, 3), "factor": 2},
        {"x": numbers(rng, 1, 9, 2, 2), "factor": 3},
        {"x": numbers(rng, 2, 2, 2, 2), "factor": 1},
    ]


STAGES = [
    Stage("the shape", forward_of("x"), random_cases, shapes_only=True, hint="y: (N, C / r^2, r H, r W)."),
    Stage("the worked example", forward_of("x"), [WORKED]),
    Stage("random values", forward_of("x"), random_cases),
    Stage("the gradient", gradients_of("x"), [WORKED, *random_cases(np.random.default_rng(7))], points=2),
]
