"""How shifted_kernel is checked."""

import numpy as np

from exercises.course.convolution.standing_in import FORBIDDEN as CONVOLUTIONS
from exercises.course.convolution.standing_in import LIBRARY
from exercises.stages import Stage, forward_of, gradients_of, numbers

__all__ = ["ANSWER", "FIND_THE_BUG", "FORBIDDEN", "LIBRARY", "STAGES"]

ANSWER = "Conv2d"
FORBIDDEN = (*CONVOLUTIONS, "minicnn.functional:col2im", "minicnn.functional:im2col")
FIND_THE_BUG = True
INPUTS = ("x", "weight")

BLUR = np.array([[[[1.0, 2, 1], [2, 4, 2], [1, 2, 1]]]])
LAPLACE = np.array([[[[0.0, 1, 0], [1, -4, 1], [0, 1, 0]]]])
SOBEL = np.array([[[[1.0, 0, -1], [2, 0, -2], [1, 0, -1]]]])
CORNER = np.array([[[[1.0, 0, 0], [0, 0, 0], [0, 0, 0]]]])


def one_at(row, column):
    """A gradient of 1 at one place of 5x5."""
    grad_y = np.zeros((1, 1, 5, 5))
    grad_y[0, 0, row, column] = 1
    return grad_y


def case(rng, x, weight, stride=1, padding=0):
    return {"x": numbers(rng, *x), "weight": numbers(rng, *weight), "stride": stride, "padding": padding}


def known(rng, weight, **more):
    return {"x": numbers(rng, 1, 1, 5, 5), "weight": weight, "stride": 1, "padding": 1, **more}


def random_cases(rng):
    return [
        case(rng, (1, 1, 2, 2), (1, 1, 2, 2)),
        case(rng, (1, 1, 3, 4), (1, 1, 2, 3)),
        case(rng, (1, 2, 3, 3), (2, 2, 2, 2)),
        case(rng, (2, 3, 4, 3), (2, 3, 3, 2)),
    ]


def strided_cases(rng):
    return [
        case(rng, (1, 1, 3, 3), (1, 1, 3, 3), 1, 1),
        case(rng, (1, 1, 4, 4), (1, 1, 2, 2), 2),
        case(rng, (2, 2, 6, 5), (3, 2, 3, 3), 2, 1),
    ]


STAGES = [
    Stage("forward", forward_of(*INPUTS), lambda rng: [known(rng, SOBEL), *random_cases(rng), *strided_cases(rng)]),
    Stage("blur and Laplace", gradients_of(*INPUTS), lambda rng: [known(rng, BLUR), known(rng, LAPLACE)]),
    Stage("the clue", gradients_of(*INPUTS), lambda rng: [known(rng, CORNER, grad_y=one_at(2, 2)), known(rng, SOBEL)]),
    Stage("other kernels", gradients_of(*INPUTS),
          lambda rng: [known(rng, CORNER, grad_y=one_at(1, 3)), *random_cases(rng)], points=2),
    Stage("stride and padding", gradients_of(*INPUTS), strided_cases),
]  # fmt: skip
