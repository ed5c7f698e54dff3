"""How concat is checked."""

import numpy as np

from exercises.stages import Stage, forward_of, gradients_of, numbers

ANSWER = "Concat"
FORBIDDEN = ("minicnn.functional:concat", "minicnn.functional.concat:Concat")
LIBRARY = "minicnn.functional.concat:Concat"

A, B = np.array([[[[1.0, 2], [3, 4]]]]), np.array([[[[5.0, 6], [7, 8]], [[9.0, 10], [11, 12]]]])
WORKED = {"a": A, "b": B, "axis": 1}


def channels(rng):
    return [
        {"a": numbers(rng, 1, 1, 2, 2), "b": numbers(rng, 1, 1, 2, 2), "axis": 1},
        {"a": numbers(rng, 1, 2, 2, 2), "b": numbers(rng, 1, 1, 2, 2), "axis": 1},
        {"a": numbers(rng, 2, 2, 1, 3), "b": numbers(rng, 2, 3, 1, 3), "c": numbers(rng, 2, 1, 1, 3), "axis": 1},
    ]


def other_axes(rng):
    return [
        {"a": numbers(rng, 2, 1), "b": numbers(rng, 2, 3), "axis": -1},
        {"a": numbers(rng, 1, 3), "b": numbers(rng, 2, 3), "axis": 0},
        {"a": numbers(rng, 2, 1, 3), "b": numbers(rng, 2, 2, 3), "c": numbers(rng, 2, 1, 3), "axis": 1},
    ]


def one_alone(rng):
    return [{"a": numbers(rng, 1, 2, 2, 1), "axis": 1}]


RUN = forward_of("a", "b", "c")
GRADIENTS = gradients_of("a", "b", "c")
STAGES = [
    Stage("the shape", RUN, channels, shapes_only=True),
    Stage("the worked example", RUN, [WORKED]),
    Stage("random values", RUN, channels),
    Stage("the gradient", GRADIENTS, channels, points=2),
    Stage("other axes", GRADIENTS, other_axes, hint="An axis of -1 is the last one."),
    Stage("one alone", GRADIENTS, one_alone),
]


def install(answer):
    """In the library: where the branches of an Inception block meet."""

    def concat(tensors, axis=1):
        return answer(axis)(*tensors)

    return {"minicnn.functional:concat": concat}
