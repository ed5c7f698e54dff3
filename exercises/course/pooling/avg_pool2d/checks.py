"""How avg_pool2d is checked."""

import numpy as np

from exercises.stages import Stage, forward_of, gradients_of, numbers

ANSWER = "AvgPool2d"
FORBIDDEN = ("minicnn.functional:avg_pool2d", "minicnn.functional.pooling:AvgPool2d")
LIBRARY = "minicnn.functional.pooling:AvgPool2d"

X = np.array([[[[1.0, 3, 2, 0], [5, 3, 1, 5], [2, 0, 6, 1], [2, 8, 3, 2]]]])
WORKED = {"x": X, "kernel_size": 2, "stride": 2}
GRAD_Y = np.array([[[[4.0, 8], [-4, 1]]]])


def random_cases(rng):
    return [
        {"x": numbers(rng, 1, 1, 4, 4), "kernel_size": 2, "stride": 2},
        {"x": numbers(rng, 1, 1, 4, 5), "kernel_size": 3, "stride": 1},
        {"x": numbers(rng, 2, 3, 6, 7), "kernel_size": 3, "stride": 2},
        {"x": numbers(rng, 1, 2, 5, 5), "kernel_size": 1, "stride": 2},
    ]


STAGES = [
    Stage("the shape", forward_of("x"), random_cases, shapes_only=True, hint="OH = (H - kernel_size) // stride + 1"),
    Stage("the worked example", forward_of("x"), [WORKED]),
    Stage("random values", forward_of("x"), random_cases),
    Stage("the gradient of the worked example", gradients_of("x"), [{**WORKED, "grad_y": GRAD_Y}]),
    Stage("the gradient", gradients_of("x"), random_cases, points=2),
]


def install(answer):
    """In the library: for square windows without padding."""
    import minicnn.functional as F

    library = F.avg_pool2d

    def avg_pool2d(x, kernel_size, stride=None, padding=0, **options):
        stride = kernel_size if stride is None else stride
        simple = isinstance(kernel_size, int) and isinstance(stride, int) and padding == 0
        if not simple or options.get("ceil_mode"):
            return library(x, kernel_size, stride, padding, **options)
        return answer(kernel_size, stride)(x)

    return {"minicnn.functional:avg_pool2d": avg_pool2d}
