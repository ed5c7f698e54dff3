"""How relu is checked."""

import numpy as np

from exercises.stages import Stage, forward_of, gradients_of, numbers

ANSWER = "ReLU"
FORBIDDEN = ("minicnn.functional:relu", "minicnn.functional.activation:ReLU", "minicnn.functional.activation:relu")
LIBRARY = "minicnn.functional.activation:ReLU"

WORKED = {"x": np.array([[3.0, -1, 0.5, -2], [-4, 2, -0.1, 1]])}
GRAD_Y = np.array([[10.0, 20, -30, 40], [50, -60, 70, 80]])


def random_cases(rng):
    return [{"x": numbers(rng, *shape)} for shape in ((4,), (2, 3), (2, 2, 2, 2))]


def zeros(rng):
    return [{"x": np.array([0.0, -1, 1, 0]), "grad_y": np.array([5.0, 6, 7, -8])}]


STAGES = [
    Stage("the worked example", forward_of("x"), [WORKED]),
    Stage("random values", forward_of("x"), random_cases),
    Stage("the worked gradient", gradients_of("x"), [{**WORKED, "grad_y": GRAD_Y}]),
    Stage("the gradient", gradients_of("x"), random_cases, points=2),
    Stage("at the kink", gradients_of("x"), zeros, hint="At x = 0 the gradient is 0, as in PyTorch."),
    Stage("large numbers", gradients_of("x"), [{"x": np.array([1e300, -1e300, 1e-300, -1e-300])}]),
]


def install(answer):
    """In the library, for every ReLU that is not a part of its convolution."""
    return {"minicnn.functional:relu": lambda x, inplace=False: answer()(x)}
