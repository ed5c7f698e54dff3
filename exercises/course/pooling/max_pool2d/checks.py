"""How max_pool2d is checked."""

import numpy as np

from exercises.stages import Stage, forward_of, gradients_of, numbers

ANSWER = "MaxPool2d"
FORBIDDEN = ("minicnn.functional:max_pool2d", "minicnn.functional.pooling:MaxPool2d")
LIBRARY = "minicnn.functional.pooling:MaxPool2d"  # what `diff` lays beside the learner's code

FOUR_BY_FOUR = np.array([[[[1.0, 3, 2, 0], [5, 4, 1, 7], [2, 0, 6, 1], [1, 8, 3, 2]]]])
TIES = np.array([[[[2.0, 2, 1, 1], [2, 2, 1, 1], [0, 0, 3, 0], [0, 0, 0, 3]]]])


def random_cases(rng):
    return [
        {"x": numbers(rng, 1, 1, 4, 4), "kernel_size": 2, "stride": 2},
        {"x": numbers(rng, 1, 2, 5, 5), "kernel_size": 3, "stride": 2},
        {"x": numbers(rng, 2, 2, 5, 6), "kernel_size": 3, "stride": 1},
    ]


STAGES = [
    Stage("the shape", forward_of("x"), random_cases, shapes_only=True, hint="OH = (H - kernel_size) // stride + 1"),
    Stage("the worked example", forward_of("x"), [{"x": FOUR_BY_FOUR, "kernel_size": 2, "stride": 2}]),
    Stage("random values", forward_of("x"), random_cases),
    Stage("the gradient", gradients_of("x"), random_cases, points=2),
    Stage("ties", gradients_of("x"), [{"x": TIES, "kernel_size": 2, "stride": 2}]),
]


def install(answer):
    """In the library: where F.max_pool2d needs neither padding nor ceil mode."""
    import minicnn.functional as F

    library = F.max_pool2d

    def max_pool2d(x, kernel_size, stride=None, padding=0, ceil_mode=False):
        square = isinstance(kernel_size, int) and padding == 0 and not ceil_mode
        if not square:
            return library(x, kernel_size, stride, padding, ceil_mode)
        return answer(kernel_size, kernel_size if stride is None else stride)(x)

    return {"minicnn.functional:max_pool2d": max_pool2d}
