"""How split is checked."""

import numpy as np

from exercises.stages import Stage, forward_of, gradients_of, numbers

ANSWER = "Part"
LIBRARY = "minicnn.functional.shape:GetItem"

X = np.arange(1.0, 17).reshape(1, 4, 2, 2)
WORKED = {"x": X, "start": 1, "stop": 3}


def random_cases(rng):
    return [
        {"x": numbers(rng, 1, 3, 2, 2), "start": 0, "stop": 1},
        {"x": numbers(rng, 1, 3, 2, 2), "start": 1, "stop": 3},
        {"x": numbers(rng, 2, 4, 1, 3), "start": 2, "stop": 3},
        {"x": numbers(rng, 3, 2, 2, 1), "start": 0, "stop": 2},
        {"x": numbers(rng, 2, 2, 4, 4), "start": 1, "stop": 1},
    ]


STAGES = [
    Stage("the shape", forward_of("x"), random_cases, shapes_only=True),
    Stage("the worked example", forward_of("x"), [WORKED]),
    Stage("random values", forward_of("x"), random_cases),
    Stage(
        "its gradient", gradients_of("x"), [{**WORKED, "grad_y": np.array([[[[1.0, 2], [3, 4]], [[5, 6], [7, 8]]]])}]
    ),
    Stage("the gradient", gradients_of("x"), random_cases, points=2),
]
