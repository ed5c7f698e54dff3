"""How conv1x1 is checked."""

import numpy as np

from exercises.course.convolution.standing_in import FORBIDDEN as CONVOLUTIONS
from exercises.course.convolution.standing_in import LIBRARY, conv2d_with
from exercises.stages import Stage, forward_of, gradients_of, numbers

__all__ = ["ANSWER", "FORBIDDEN", "LIBRARY", "STAGES", "install"]

ANSWER = "Conv1x1"
FORBIDDEN = (*CONVOLUTIONS, "minicnn.functional:im2col", "minicnn.functional:col2im")
INPUTS = ("x", "weight", "bias")

WORKED = {
    "x": np.array([[[[1.0, 2], [3, 4]], [[10, 20], [30, 40]], [[0, 1], [0, 1]]]]),
    "weight": np.array([[1.0, 1, 1], [0, 0.1, -1]]).reshape(2, 3, 1, 1),
    "bias": np.array([0.0, 5]),
}
WITH_GRADIENT = {**WORKED, "grad_y": np.array([[[[1.0, 0], [0, 0]], [[0, 0], [0, 10]]]])}


def case(rng, x, kernels, with_bias=True):
    arrays = {"x": numbers(rng, *x), "weight": numbers(rng, kernels, x[1], 1, 1)}
    return {**arrays, "bias": numbers(rng, kernels) if with_bias else None}


def even_cases(rng):
    """As many kernels as channels, and as pixels in a row: much that is wrong fits, and shows its numbers."""
    return [case(rng, (1, 1, 2, 2), 1), case(rng, (1, 2, 2, 2), 2), case(rng, (2, 2, 2, 2), 2)]


def random_cases(rng):
    return [
        case(rng, (1, 3, 2, 3), 2),
        case(rng, (2, 2, 3, 1), 4),
        case(rng, (3, 4, 2, 5), 3),
    ]


def without_bias(rng):
    return [case(rng, (1, 2, 2, 2), 2, with_bias=False), case(rng, (2, 3, 1, 1), 2, with_bias=False)]


STAGES = [
    Stage("the shape", forward_of(*INPUTS), even_cases, shapes_only=True, hint="y is (N, K, H, W)"),
    Stage("as many kernels as channels", forward_of(*INPUTS), even_cases),
    Stage("the worked example", forward_of(*INPUTS), [WORKED]),
    Stage("random values", forward_of(*INPUTS), random_cases),
    Stage("the gradient, with as many kernels as channels", gradients_of(*INPUTS), even_cases),
    Stage("the worked gradient", gradients_of(*INPUTS), [WITH_GRADIENT]),
    Stage("the gradient", gradients_of(*INPUTS), random_cases, points=2),
    Stage("without a bias", gradients_of(*INPUTS), without_bias, hint="With bias None there is nothing to add."),
]


def install(answer):
    """In the library: for kernels of 1x1 with stride 1 and no padding. What is larger stays as it is."""

    def options_for(x, weight, bias, stride, padding):
        one = weight.shape[2:] == stride == (1, 1) and padding == (0, 0)
        return {} if one and (bias is None or bias.shape == weight.shape[:1]) else None

    return {"minicnn.functional:conv2d": conv2d_with(answer, options_for)}
