"""How multiply is checked."""

import numpy as np

from exercises.stages import Stage, forward_of, gradients_of, numbers

ANSWER = "Mul"
FORBIDDEN = ("minicnn.functional.basic:Mul",)
LIBRARY = "minicnn.functional.basic:Mul"

WORKED = {"a": np.array([[1.0, 2], [3, 4]]), "b": np.array([[5.0, -1], [0, 0.5]])}
WITH_GRADIENT = {**WORKED, "grad_y": np.array([[1.0, 10], [2, -4]])}


def random_cases(rng):
    return [{"a": numbers(rng, *shape), "b": numbers(rng, *shape)} for shape in ((3,), (2, 3), (2, 1, 4))]


STAGES = [
    Stage("the product", forward_of("a", "b"), [WORKED]),
    Stage("the worked example", gradients_of("a", "b"), [WITH_GRADIENT]),
    Stage("random values", gradients_of("a", "b"), random_cases),
]


def install(answer):
    """In the library: for two tensors of one shape. Broadcasting is an exercise of its own."""
    from minicnn.functional import basic
    from minicnn.tensor import Tensor

    library = basic.Mul

    def choose():
        def mul(a, b):
            alike = isinstance(a, Tensor) and isinstance(b, Tensor) and a.shape == b.shape and a.dtype.kind == "f"
            return (answer if alike else library)()(a, b)

        return mul

    return {"minicnn.functional.basic:Mul": choose}
