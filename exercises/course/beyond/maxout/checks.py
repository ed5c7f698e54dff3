"""How maxout is checked."""

import numpy as np

from exercises.stages import Stage, forward_of, gradients_of, numbers

ANSWER = "Maxout"

X = np.array([[[[1.0]], [[5.0]], [[-2.0]], [[-3.0]]], [[[4.0]], [[0.0]], [[-7.0]], [[6.0]]]])
WORKED = {"x": X, "pieces": 2}


def random_cases(rng):
    return [
        {"x": numbers(rng, 1, 4, 1, 2), "pieces": 2},
        {"x": numbers(rng, 1, 6, 1, 2), "pieces": 3},
        {"x": numbers(rng, 2, 6, 2, 2), "pieces": 2},
        {"x": numbers(rng, 2, 3, 2, 1), "pieces": 3},
        {"x": numbers(rng, 2, 2, 1, 2), "pieces": 1},
    ]


TIES = [{"x": np.array([[[[2.0]], [[2.0]], [[1.0]], [[0.0]], [[0.0]], [[0.0]]]]), "pieces": 3}]
STAGES = [
    Stage("the shape", forward_of("x"), random_cases, shapes_only=True, hint="y has C / pieces channels."),
    Stage("the worked example", forward_of("x"), [WORKED]),
    Stage("random values", forward_of("x"), random_cases),
    Stage("the gradient", gradients_of("x"), random_cases, points=3),
    Stage("equal numbers", gradients_of("x"), TIES, hint="Among equals the first gets the gradient."),
]
