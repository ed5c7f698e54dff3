"""How dropout is checked."""

import numpy as np

from exercises.stages import Stage, forward_of, gradients_of, numbers

ANSWER = "Dropout"
FORBIDDEN = ("minicnn.functional:dropout", "minicnn.functional.dropout:Dropout", "minicnn.functional.dropout:dropout")
LIBRARY = "minicnn.functional.dropout:Dropout"

X = np.array([[1.0, 2, 3, 4], [-5, 6, -7, 8]])
UNIFORM = np.array([[0.9, 0.1, 0.5, 0.7], [0.3, 0.8, 0.05, 0.25]])
WORKED = {"x": X, "p": 0.4, "uniform": UNIFORM, "training": True}


def case(rng, shape, p, training=True):
    return {"x": numbers(rng, *shape), "p": p, "uniform": rng.random(shape).round(2), "training": training}


def random_cases(rng):
    return [case(rng, (2, 3), 0.5), case(rng, (2, 4), 0.7), case(rng, (4, 4), 0.2), case(rng, (2, 2, 2, 2), 0.4)]


def evaluation(rng):
    return [case(rng, (2, 3), 0.5, training=False), case(rng, (2, 2), 0.9, training=False)]


def edges(rng):
    exact = {"x": np.array([1.0, 2, 3]), "p": 0.5, "uniform": np.array([0.5, 0.4999, 0.0]), "training": True}
    return [exact, case(rng, (2, 2), 0.0), case(rng, (2, 2), 1.0)]


STAGES = [
    Stage("the worked example", forward_of("x"), [WORKED]),
    Stage("random values", forward_of("x"), random_cases),
    Stage("evaluation", forward_of("x"), evaluation, hint="In evaluation y = x."),
    Stage("the gradient", gradients_of("x"), random_cases, points=2),
    Stage("the gradient in evaluation", gradients_of("x"), evaluation),
    Stage("p = 0 and p = 1", gradients_of("x"), edges, hint="With p = 1 all is 0: do not divide by 1 - p."),
]


def install(answer):
    """In the library, with the numbers that it would draw itself."""
    from minicnn import rng

    def dropout(x, p=0.5, training=True):
        uniform = (
            rng.next_generator().random(x.shape, dtype=x.dtype) if training and p > 0 else np.zeros(x.shape, x.dtype)
        )
        return answer(p, uniform, training)(x)

    return {"minicnn.functional:dropout": dropout}
