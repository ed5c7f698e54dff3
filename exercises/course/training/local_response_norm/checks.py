"""How local_response_norm is checked."""

import numpy as np

from exercises.stages import Stage, forward_of, gradients_of, numbers

ANSWER = "LocalResponseNorm"
FORBIDDEN = (
    "minicnn.functional:local_response_norm", "minicnn.functional.normalization:LocalResponseNorm",
    "minicnn.functional.normalization:local_response_norm", "minicnn.nn:LocalResponseNorm",
    "minicnn.nn.layers:LocalResponseNorm",
)  # fmt: skip
LIBRARY = "minicnn.functional.normalization:LocalResponseNorm"


def pixel(*channels):
    """x (1, C, 1, 1) of one pixel."""
    return np.array(channels, float).reshape(1, -1, 1, 1)


WORKED = {"x": pixel(1, 2, 0, 3), "size": 3, "alpha": 3.0, "beta": 1.0, "k": 1.0}


def random_cases(rng):
    return [
        {"x": numbers(rng, *shape), "size": size, "alpha": alpha, "beta": beta, "k": k}
        for shape, size, alpha, beta, k in (
            ((1, 4, 1, 1), 3, 1.5, 0.75, 1.0), ((1, 5, 1, 2), 3, 0.5, 2.0, 2.0), ((2, 7, 2, 2), 5, 2.0, 0.75, 1.0),
            ((2, 6, 3, 1), 5, 1.0, 0.5, 0.5),
        )
    ]  # fmt: skip


def even_sizes(rng):
    return [{"x": numbers(rng, 1, 4, 1, 1), "size": 2, "alpha": 1.0, "beta": 0.75, "k": 1.0},
            {"x": numbers(rng, 1, 6, 1, 2), "size": 4, "alpha": 2.0, "beta": 0.75, "k": 1.0}]  # fmt: skip


def few_channels(rng):
    return [{"x": numbers(rng, 1, channels, 2, 2), "size": size, "alpha": 1.0, "beta": 0.75, "k": 1.0}
            for channels, size in ((1, 1), (3, 1), (1, 5), (2, 5), (3, 9))]  # fmt: skip


STAGES = [
    Stage("the shape", forward_of("x"), random_cases, shapes_only=True),
    Stage("the worked example", forward_of("x"), [WORKED]),
    Stage("random values", forward_of("x"), random_cases),
    Stage("even sizes", forward_of("x"), even_sizes, hint="One channel more below c than above it."),
    Stage("more size than channels", forward_of("x"), few_channels, hint="A slice may not begin below 0."),
    Stage("the worked gradient", gradients_of("x"), [{**WORKED, "grad_y": pixel(0, 1, 0, 0)}]),
    Stage("the gradient", gradients_of("x"), random_cases, points=2,
          hint="x acts on y directly, and on all the s whose windows it is in."),
    Stage("the gradient with even sizes", gradients_of("x"), even_sizes),
    Stage("the gradient with few channels", gradients_of("x"), few_channels),
]  # fmt: skip


def install(answer):
    """In the library: F.local_response_norm of images, on the CPU."""
    import minicnn.functional as F

    library = F.local_response_norm

    def local_response_norm(x, size, alpha=1e-4, beta=0.75, k=1.0):
        if x.ndim != 4 or not isinstance(x.data, np.ndarray):
            return library(x, size, alpha, beta, k)
        return answer(size, alpha, beta, k)(x)

    return {"minicnn.functional:local_response_norm": local_response_norm}
