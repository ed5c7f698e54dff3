"""How softmax is checked."""

import numpy as np

from exercises.stages import Stage, forward_of, gradients_of, numbers

ANSWER = "Softmax"
FORBIDDEN = (
    "minicnn.functional:softmax", "minicnn.functional.activation:Softmax", "minicnn.functional.activation:softmax",
    "minicnn.functional:log_softmax", "minicnn.functional.activation:LogSoftmax",
)  # fmt: skip
LIBRARY = "minicnn.functional.activation:Softmax"

WORKED = {"x": np.log([[1.0, 2, 5], [3.0, 3, 4]])}
GRAD_Y = np.array([[8.0, 0, 0], [0, 10, 0]])


def random_cases(rng):
    return [{"x": numbers(rng, *shape)} for shape in ((1, 2), (2, 3), (3, 3), (4, 5))]


LARGE = [{"x": np.array([[1000.0, 1000, 999], [-1000.0, -1001, -1002]])}, {"x": np.array([[710.0, 0], [-800, 0]])}]
STAGES = [
    Stage("the worked example", forward_of("x"), [WORKED]),
    Stage("random values", forward_of("x"), random_cases),
    Stage("large numbers", forward_of("x"), LARGE,
          hint="e^710 overflows. Subtracting the same number from all x of a row changes nothing but that."),
    Stage("the worked gradient", gradients_of("x"), [{**WORKED, "grad_y": GRAD_Y}]),
    Stage("the gradient", gradients_of("x"), random_cases, points=2),
]  # fmt: skip


def install(answer):
    """In the library: along the last axis of rows."""
    import minicnn.functional as F

    library = F.softmax

    def softmax(x, axis):
        return answer()(x) if x.ndim == 2 and axis in (1, -1) else library(x, axis)

    return {"minicnn.functional:softmax": softmax}
