"""How fan_out is checked."""

import numpy as np

from exercises.stages import Stage, numbers

ANSWER = "collect"
LIBRARY = "minicnn.tensor:Tensor.backward"


def run(answer, **arrived):
    """The gradients arrive in this order, under the names before the underscore: x_1, w_1, x_2."""
    arrays = list(arrived.values())
    before = [array.copy() for array in arrays]
    totals = answer([(name.partition("_")[0], array) for name, array in arrived.items()])
    found = {f"total of {name}": np.array(total) for name, total in sorted(dict(totals).items())}
    for name, array, old in zip(arrived, arrays, before, strict=True):
        if not np.array_equal(array, old):
            found[f"{name} afterwards"] = array.copy()
            array[...] = old
    return found


def random_cases(rng):
    return [
        {"x_1": numbers(rng, 3), "x_2": numbers(rng, 3)},
        {"x_1": numbers(rng, 3), "x_2": numbers(rng, 3), "x_3": numbers(rng, 3)},
        {"w_1": numbers(rng, 2, 2), "x_1": numbers(rng, 3), "w_2": numbers(rng, 2, 2), "x_2": numbers(rng, 3)},
    ]


ONE = [{"x_1": np.array([1.0, 2]), "w_1": np.array([[5.0]])}]
WORKED = [{"x_1": np.array([4.0, 4]), "w_1": np.array([[7.0]]), "x_2": np.array([1.0, -1])}]


def same_array(answer, x_1):
    """One array arrives for both inputs, as the backward of an addition hands it on."""
    before = x_1.copy()
    totals = answer([("a", x_1), ("b", x_1), ("a", np.ones_like(x_1))])
    found = {f"total of {name}": np.array(total) for name, total in sorted(dict(totals).items())}
    x_1[...] = before
    return found


STAGES = [
    Stage("one each", run, ONE),
    Stage("the worked example", run, WORKED),
    Stage("random values", run, random_cases),
    Stage("an array that two get", same_array, lambda rng: [{"x_1": numbers(rng, 2)}],
          hint="The backward of a + b returns one array twice: adding in place changes the other's gradient as well."),
]  # fmt: skip
