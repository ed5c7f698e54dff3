"""How focal_loss is checked."""

import numpy as np

from exercises.stages import Stage, forward_of, gradients_of, numbers

ANSWER = "FocalLoss"
FORBIDDEN = ("minicnn.functional:cross_entropy", "minicnn.functional.loss:CrossEntropy")

WORKED = {"logits": np.log([[1.0, 3], [1, 1]]), "targets": np.array([1, 0]), "gamma": 2.0}
ONE = np.array(1.0)


def random_cases(rng):
    return [
        {"logits": numbers(rng, n, k), "targets": rng.integers(0, k, n), "gamma": gamma}
        for n, k, gamma in ((1, 2, 1.0), (2, 3, 2.0), (3, 4, 0.5), (5, 3, 3.0), (4, 3, 0.0))
    ]


def with_gradient(rng):
    weights = (1.0, 2.0, -1.0, 0.5, 1.0)
    return [{**case, "grad_y": np.array(w)} for case, w in zip(random_cases(rng), weights, strict=True)]


LARGE = [{"logits": np.array([[800.0, 0], [0, 900]]), "targets": np.array([1, 1]), "gamma": 2.0}]
STAGES = [
    Stage("one number", forward_of("logits"), random_cases, shapes_only=True),
    Stage("the worked example", forward_of("logits"), [WORKED]),
    Stage("random values", forward_of("logits"), random_cases),
    Stage("the gradient", gradients_of("logits"), with_gradient, points=3),
    Stage("large logits", forward_of("logits"), LARGE, hint="log p comes from the shifted logits."),
    Stage("their gradient", gradients_of("logits"), [{**case, "grad_y": ONE} for case in LARGE]),
]
