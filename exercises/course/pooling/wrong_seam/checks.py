"""How wrong_seam is checked."""

from exercises.stages import Stage, forward_of, gradients_of, numbers

ANSWER = "Concat"
FIND_THE_BUG = True
FORBIDDEN = ("minicnn.functional:concat", "minicnn.functional.concat:Concat")
LIBRARY = "minicnn.functional.concat:Concat"


def branches(rng, *sizes):
    names = "abcd"
    return {name: numbers(rng, 1, size, 1, 2) for name, size in zip(names, sizes, strict=False)}


def equal_sizes(rng):
    return [branches(rng, 1, 1), branches(rng, 2, 2, 2)]


def other_sizes(rng):
    return [branches(rng, 1, 2), branches(rng, 2, 1, 3), branches(rng, 3, 1, 1, 2), branches(rng, 2, 4, 1, 1)]


INPUTS = ("a", "b", "c", "d")
STAGES = [
    Stage("forward", forward_of(*INPUTS), other_sizes),
    Stage("equal sizes", gradients_of(*INPUTS), equal_sizes),
    Stage("the clue", gradients_of(*INPUTS), lambda rng: [branches(rng, 2, 4, 1, 1)]),
    Stage("other sizes", gradients_of(*INPUTS), other_sizes, points=2),
]
