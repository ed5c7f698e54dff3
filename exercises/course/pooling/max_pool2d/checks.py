"""How max_pool2d is checked."""

import numpy as np

from exercises.stages import Stage, forward_of, gradients_of, numbers

ANSWER = "MaxPool2d"
FORBIDDEN = ("minicnn.functional:max_pool2d", "minicnn.functional.pooling:MaxPool2d")
LIBRARY = "minicnn.functional.pooling:MaxPool2d"  # what `diff` lays beside the learner's code

WORKED = {"x": np.array([[[[1.0, 3, 2, 0], [5, 4, 1, 7], [2, 0, 6, 1], [1, 8, 3, 2]]]]), "kernel_size": 2, "stride": 2}
TIES = np.array([[[[2.0, 2, 1, 1], [2, 2, 1, 3], [0, 0, 3, 0], [5, 5, 0, 3]]]])


def random_cases(rng):
    return [
        {"x": numbers(rng, 1, 1, 4, 4), "kernel_size": 2, "stride": 2},
        {"x": -abs(numbers(rng, 1, 1, 4, 4)), "kernel_size": 2, "stride": 2},
        {"x": numbers(rng, 1, 1, 4, 5), "kernel_size": 3, "stride": 1},
        {"x": numbers(rng, 2, 3, 5, 7), "kernel_size": 3, "stride": 2},
    ]


def tied_cases(rng):
    return [
        {"x": np.array([[[[1.0, 4], [4, 2]]]]), "kernel_size": 2, "stride": 2},
        {"x": TIES, "kernel_size": 2, "stride": 2},
        {"x": TIES, "kernel_size": 3, "stride": 1},
    ]


STAGES = [
    Stage("the shape", forward_of("x"), random_cases, shapes_only=True, hint="OH = (H - kernel_size) // stride + 1"),
    Stage("the worked example", forward_of("x"), [WORKED]),
    Stage("random values", forward_of("x"), random_cases),
    Stage("the gradient", gradients_of("x"), random_cases, points=2),
    Stage(
        "equal numbers", gradients_of("x"), tied_cases, hint="Among equals the first in row order gets the gradient."
    ),
]


def install(answer):
    """In the library: where F.max_pool2d has square windows and needs neither padding nor ceil mode."""
    import minicnn.functional as F

    library = F.max_pool2d

    def max_pool2d(x, kernel_size, stride=None, padding=0, *, ceil_mode=False):
        stride = kernel_size if stride is None else stride
        simple = isinstance(kernel_size, int) and isinstance(stride, int) and padding == 0
        if not simple or (ceil_mode and any((side - kernel_size) % stride for side in x.shape[2:])):
            return library(x, kernel_size, stride, padding, ceil_mode=ceil_mode)
        return answer(kernel_size, stride)(x)

    return {"minicnn.functional:max_pool2d": max_pool2d}
