"""How linear is checked."""

import numpy as np

from exercises.stages import Stage, forward_of, gradients_of, numbers

ANSWER = "Linear"
FORBIDDEN = ("minicnn.functional:linear", "minicnn.functional.linear:Linear", "minicnn.functional.linear:linear")
LIBRARY = "minicnn.functional.linear:Linear"

WORKED = {
    "x": np.array([[1.0, 2, 0, -1], [0, 1, 3, 1]]),
    "weight": np.array([[1.0, 0, 2, 1], [-1, 1, 0, 2], [0, 3, 1, 0]]),
    "bias": np.array([10.0, 20, 30]),
}
GRAD_Y = np.array([[1.0, 0, 2], [-1, 1, 0]])


def case(rng, rows, inputs, outputs):
    return {"x": numbers(rng, rows, inputs), "weight": numbers(rng, outputs, inputs), "bias": numbers(rng, outputs)}


def random_cases(rng):
    return [case(rng, *sizes) for sizes in ((1, 2, 3), (2, 3, 2), (3, 3, 3), (4, 2, 5))]


INPUTS = ("x", "weight", "bias")
STAGES = [
    Stage("the shape", forward_of(*INPUTS), random_cases, shapes_only=True, hint="y has shape (N, O)."),
    Stage("the worked example", forward_of(*INPUTS), [WORKED]),
    Stage("random values", forward_of(*INPUTS), random_cases),
    Stage("the worked gradient", gradients_of(*INPUTS), [{**WORKED, "grad_y": GRAD_Y}]),
    Stage("the gradient", gradients_of(*INPUTS), random_cases, points=2),
]


def install(answer):
    """In the library: for rows of features with a bias."""
    import minicnn.functional as F

    library = F.linear

    def linear(x, weight, bias=None):
        return answer()(x, weight, bias) if x.ndim == 2 and bias is not None else library(x, weight, bias)

    return {"minicnn.functional:linear": linear}
