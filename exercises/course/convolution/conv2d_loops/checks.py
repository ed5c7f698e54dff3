"""How conv2d_loops is checked."""

import numpy as np

from exercises.course.convolution.standing_in import FORBIDDEN, LIBRARY, conv2d_with
from exercises.stages import Stage, forward_of, gradients_of, numbers

__all__ = ["ANSWER", "FORBIDDEN", "LIBRARY", "STAGES", "install"]

ANSWER = "Conv2d"
INPUTS = ("x", "weight", "bias")
MOST_PRODUCTS = 100_000  # that are left to loops in Python: about a second

WORKED = {
    "x": np.array([[[[1.0, 2, 0, 1], [0, 1, 3, 1], [2, 1, 0, 0], [1, 0, 2, 1]]]]),
    "weight": np.array([[[[1.0, 2], [0, -1]]]]),
    "bias": np.array([10.0]),
}
WITH_GRADIENT = {**WORKED, "grad_y": np.array([[[[1.0, 0, 0], [0, 0, 0], [0, 0, 10]]]])}


def case(rng, x, weight):
    return {"x": numbers(rng, *x), "weight": numbers(rng, *weight), "bias": numbers(rng, weight[0])}


def square_cases(rng):
    return [
        case(rng, (1, 1, 3, 3), (1, 1, 2, 2)),
        case(rng, (1, 1, 3, 3), (2, 1, 2, 2)),
        case(rng, (1, 2, 3, 3), (1, 2, 2, 2)),
    ]


def random_cases(rng):
    return [
        *square_cases(rng),
        case(rng, (2, 1, 3, 4), (1, 1, 2, 3)),
        case(rng, (2, 3, 5, 4), (2, 3, 3, 2)),
    ]


def edge_cases(rng):
    return [
        case(rng, (1, 1, 2, 3), (2, 1, 2, 3)),  # one place only
        case(rng, (2, 2, 2, 2), (2, 2, 1, 1)),
    ]


STAGES = [
    Stage("the shape", forward_of(*INPUTS), square_cases, shapes_only=True, hint="OH = H - KH + 1, OW = W - KW + 1"),
    Stage("the worked example", forward_of(*INPUTS), [WORKED]),
    Stage("random values", forward_of(*INPUTS), random_cases),
    Stage("the worked gradient", gradients_of(*INPUTS), [WITH_GRADIENT]),
    Stage("the gradient", gradients_of(*INPUTS), random_cases, points=2),
    Stage("large and small kernels", gradients_of(*INPUTS), edge_cases),
]


def install(answer):
    """In the library: where there is a bias, and neither stride nor padding, and loops have an end in sight."""

    def options_for(x, weight, bias, stride, padding):
        places = (x.shape[2] - weight.shape[2] + 1) * (x.shape[3] - weight.shape[3] + 1)
        simple = bias is not None and bias.shape == weight.shape[:1] and stride == (1, 1) and padding == (0, 0)
        return {} if simple and 0 < len(x) * places * weight.data.size <= MOST_PRODUCTS and places > 0 else None

    return {"minicnn.functional:conv2d": conv2d_with(answer, options_for)}
