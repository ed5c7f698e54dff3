"""How broadcasting is checked."""

import numpy as np

from exercises.stages import Stage, numbers, returned

ANSWER = "unbroadcast"
FORBIDDEN = ("minicnn.functional.basic:unbroadcast", "minicnn.functional.linear:unbroadcast")
LIBRARY = "minicnn.functional.basic:unbroadcast"

WORKED = np.array([[1.0, 2, 3], [10, 20, 30]])


def stretched_cases(rng):
    return [
        {"gradient": numbers(rng, 2, 3), "shape": (1, 3)},
        {"gradient": numbers(rng, 2, 3), "shape": (2, 1)},
        {"gradient": numbers(rng, 2, 3), "shape": (1, 1)},
        {"gradient": numbers(rng, 2, 2, 2), "shape": (2, 1, 2)},
    ]


def added_cases(rng):
    return [
        {"gradient": numbers(rng, 2, 3), "shape": (3,)},
        {"gradient": numbers(rng, 3, 3), "shape": (3,)},  # square: the wrong axis gives the right shape
        {"gradient": numbers(rng, 2, 2, 3), "shape": (3,)},
        {"gradient": numbers(rng, 2, 3), "shape": ()},
    ]


def both_cases(rng):
    return [
        {"gradient": numbers(rng, 2, 2, 3), "shape": (2, 1)},
        {"gradient": numbers(rng, 2, 3, 2, 4), "shape": (1, 2, 1)},
        {"gradient": numbers(rng, 1, 3), "shape": (1, 3)},
        {"gradient": numbers(rng, 1, 1), "shape": (1,)},
    ]


STAGES = [
    Stage("nothing was copied", returned(), [{"gradient": WORKED, "shape": (2, 3)}]),
    Stage(
        "the worked example", returned(), [{"gradient": WORKED, "shape": (2, 1)}, {"gradient": WORKED, "shape": (3,)}]
    ),
    Stage(
        "stretched axes", returned(), stretched_cases, hint="An axis of size 1 was copied: sum over it, keepdims=True."
    ),
    Stage("added axes", returned(), added_cases, hint="NumPy adds axes in front: sum over those."),
    Stage("both", returned(), both_cases),
]


def install(answer):
    """In the library: for all of its arithmetic."""
    return {"minicnn.functional.basic:unbroadcast": answer, "minicnn.functional.linear:unbroadcast": answer}
