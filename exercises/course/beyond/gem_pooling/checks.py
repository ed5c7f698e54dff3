"""How gem_pooling is checked."""

import numpy as np

from exercises.stages import Stage, forward_of, gradients_of, numbers

ANSWER = "GeMPool"

WORKED = {"x": np.array([[[[1.0, 2], [2, 4]]]]), "p": np.array(2.0)}


def random_cases(rng):
    found = []
    for shape, p in (((1, 1, 2, 2), 1.0), ((1, 2, 2, 3), 3.0), ((2, 2, 3, 2), 2.5), ((2, 3, 1, 2), 0.5)):
        found.append({"x": abs(numbers(rng, *shape)), "p": np.array(p)})
    return found


STAGES = [
    Stage("the shape", forward_of("x", "p"), random_cases, shapes_only=True, hint="y has shape (N, C, 1, 1)."),
    Stage("the worked example", forward_of("x", "p"), [WORKED]),
    Stage("random values", forward_of("x", "p"), random_cases),
    Stage("the gradient of x", gradients_of("x", "p"), [{**WORKED, "grad_y": np.ones((1, 1, 1, 1))}],
          hint="The check compares grad_x and then grad_p."),
    Stage("the gradients", gradients_of("x", "p"), random_cases, points=3),
]  # fmt: skip
