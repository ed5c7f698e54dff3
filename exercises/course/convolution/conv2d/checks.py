"""How conv2d is checked."""

import numpy as np

from exercises.course.convolution.standing_in import FORBIDDEN, LIBRARY, conv2d_with
from exercises.stages import Stage, forward_of, gradients_of, numbers

__all__ = ["ANSWER", "FORBIDDEN", "LIBRARY", "STAGES", "install"]

ANSWER = "Conv2d"
INPUTS = ("x", "weight", "bias")

WORKED = {
    "x": np.array([[[[1.0, 2, 0, 1], [0, 1, 3, 1], [2, 1, 0, 0], [1, 0, 2, 1]]]]),
    "weight": np.array([[[[1.0, 2], [0, -1]]], [[[0, 1], [1, 0]]]]),
    "bias": np.array([10.0, 0]),
    "stride": 2,
    "padding": 0,
}
WITH_GRADIENT = {**WORKED, "grad_y": np.array([[[[1.0, 0], [0, 10]], [[0, 100], [0, 0]]]])}


def case(rng, x, weight, stride=1, padding=0, with_bias=True):
    arrays = {"x": numbers(rng, *x), "weight": numbers(rng, *weight)}
    bias = numbers(rng, weight[0]) if with_bias else None
    return {**arrays, "bias": bias, "stride": stride, "padding": padding}


def random_cases(rng):
    return [
        case(rng, (1, 1, 3, 3), (1, 1, 2, 2)),
        case(rng, (1, 1, 3, 3), (2, 1, 2, 2)),  # as many kernels as places in a row: a bias on the wrong axis fits
        case(rng, (1, 2, 3, 4), (1, 2, 2, 2)),
        case(rng, (2, 1, 3, 4), (2, 1, 2, 3)),
        case(rng, (2, 3, 4, 5), (2, 3, 3, 2)),
        case(rng, (2, 2, 3, 3), (8, 2, 2, 2)),  # as many kernels as weights in one: a transposed matrix fits
    ]


def strided_cases(rng):
    return [
        case(rng, (1, 1, 4, 4), (1, 1, 2, 2), 2),
        case(rng, (1, 1, 3, 3), (1, 1, 3, 3), 1, 1),
        case(rng, (1, 1, 3, 4), (3, 1, 3, 3), 2, 2),
        case(rng, (2, 2, 6, 4), (3, 2, 3, 2), 2, 1),  # the last row is left over
    ]


def without_bias(rng):
    return [
        case(rng, (1, 1, 3, 3), (1, 1, 2, 2), with_bias=False),
        case(rng, (2, 2, 4, 3), (3, 2, 3, 3), 2, 1, with_bias=False),
    ]


def one_place(rng):
    return [case(rng, (1, 1, 2, 2), (4, 1, 2, 2))]


STAGES = [
    Stage("the shape", forward_of(*INPUTS), lambda rng: random_cases(rng)[:4] + strided_cases(rng), shapes_only=True,
          hint="y is (N, K, OH, OW), with OH = (H + 2 padding - KH) // stride + 1"),
    Stage("the worked example", forward_of(*INPUTS), [WORKED]),
    Stage("random values", forward_of(*INPUTS), random_cases),
    Stage("stride and padding", forward_of(*INPUTS), strided_cases),
    Stage("the gradient of one place", gradients_of(*INPUTS), one_place),
    Stage("the worked gradient", gradients_of(*INPUTS), [WITH_GRADIENT]),
    Stage("the gradient", gradients_of(*INPUTS), random_cases, points=2),
    Stage("the gradient, with stride and padding", gradients_of(*INPUTS), strided_cases, points=2),
    Stage("without a bias", gradients_of(*INPUTS), without_bias, hint="With bias None there is nothing to add."),
]  # fmt: skip


def install(answer):
    """In the library: where stride and padding are the same along both axes. A ReLU that goes with it is F.relu."""

    def options_for(x, weight, bias, stride, padding):
        fits = all(size + 2 * padding[0] >= kernel for size, kernel in zip(x.shape[2:], weight.shape[2:], strict=True))
        even = stride[0] == stride[1] and padding[0] == padding[1]
        simple = fits and even and (bias is None or bias.shape == weight.shape[:1])
        return {"stride": stride[0], "padding": padding[0]} if simple else None

    return {"minicnn.functional:conv2d": conv2d_with(answer, options_for)}
