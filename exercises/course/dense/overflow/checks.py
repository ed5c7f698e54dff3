"""How overflow is checked."""

import numpy as np

from exercises.stages import Stage, forward_of, gradients_of, numbers

ANSWER = "CrossEntropy"
FIND_THE_BUG = True
FORBIDDEN = (
    "minicnn.functional:cross_entropy", "minicnn.functional.loss:CrossEntropy", "minicnn.functional.loss:cross_entropy",
    "minicnn.functional:log_softmax", "minicnn.functional.activation:LogSoftmax",
)  # fmt: skip
LIBRARY = "minicnn.functional.loss:CrossEntropy"

ONE = np.array(1.0)


def usual(rng):
    return [{"logits": numbers(rng, n, k), "targets": rng.integers(0, k, n)} for n, k in ((1, 3), (2, 3), (4, 3))]


def with_gradient(rng):
    return [{**case, "grad_y": ONE} for case in usual(rng)]


CLUE = [{"logits": np.array([[2.0, 1, 0], [802, 801, 800]]), "targets": np.array([0, 0])}]


def others(rng):
    return [
        {"logits": np.array([[0.0, 1000, 0]]), "targets": np.array([0])},
        {"logits": np.array([[-900.0, -901], [5, 3]]), "targets": np.array([1, 0])},
        {"logits": np.array([[3.0, 0], [0, -2000], [900, 901]]), "targets": np.array([0, 0, 1])},
        {"logits": np.array([[50.0, -50], [20, 30]]), "targets": np.array([1, 0])},
    ]


STAGES = [
    Stage("usual logits", forward_of("logits"), usual),
    Stage("usual gradients", gradients_of("logits"), with_gradient),
    Stage("the clue", forward_of("logits"), CLUE),
    Stage("its gradient", gradients_of("logits"), [{**case, "grad_y": ONE} for case in CLUE]),
    Stage("other large logits", forward_of("logits"), others, points=2),
]
