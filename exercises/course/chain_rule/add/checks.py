"""How add is checked."""

import numpy as np

from exercises.stages import Stage, forward_of, gradients_of, numbers

ANSWER = "Add"
FORBIDDEN = ("minicnn.functional.basic:Add",)
LIBRARY = "minicnn.functional.basic:Add"

WORKED = {"a": np.array([[1.0, 2], [3, 4]]), "b": np.array([[10.0, 20], [30, 40]])}
WITH_GRADIENT = {**WORKED, "grad_y": np.array([[0.5, -1], [2, 3]])}


def random_cases(rng):
    return [{"a": numbers(rng, *shape), "b": numbers(rng, *shape)} for shape in ((3,), (2, 3), (2, 1, 4))]


STAGES = [
    Stage("the sum", forward_of("a", "b"), [WORKED]),
    Stage("the worked example", gradients_of("a", "b"), [WITH_GRADIENT]),
    Stage("random values", gradients_of("a", "b"), random_cases),
]


def install(answer):
    """In the library: for two tensors of one shape. Broadcasting is an exercise of its own."""
    from minicnn.functional import basic
    from minicnn.tensor import Tensor

    library = basic.Add

    def choose():
        def add(a, b):
            alike = isinstance(a, Tensor) and isinstance(b, Tensor) and a.shape == b.shape and a.dtype.kind == "f"
            return (answer if alike else library)()(a, b)

        return add

    return {"minicnn.functional.basic:Add": choose}
