"""How cross_entropy is checked."""

import numpy as np

from exercises.stages import Stage, forward_of, gradients_of, numbers

ANSWER = "CrossEntropy"
FORBIDDEN = (
    "minicnn.functional:cross_entropy", "minicnn.functional.loss:CrossEntropy", "minicnn.functional.loss:cross_entropy",
    "minicnn.functional:log_softmax", "minicnn.functional.activation:LogSoftmax", "minicnn.functional:softmax",
    "minicnn.functional.activation:Softmax",
)  # fmt: skip
LIBRARY = "minicnn.functional.loss:CrossEntropy"

WORKED = {"logits": np.log([[1.0, 2, 5], [3, 3, 4]]), "targets": np.array([2, 0])}


def random_cases(rng):
    return [
        {"logits": numbers(rng, n, k), "targets": rng.integers(0, k, n)} for n, k in ((1, 2), (2, 3), (3, 4), (5, 3))
    ]


ONE = np.array(1.0)
LARGE = [
    {"logits": np.array([[1000.0, 0], [-1000, 0]]), "targets": np.array([1, 1]), "grad_y": ONE},
    {"logits": np.array([[0.0, 900], [0, -900]]), "targets": np.array([0, 0]), "grad_y": ONE},
]


def with_gradient(rng):
    weights = (1.0, 2.0, -0.5, 3.0)
    return [{**case, "grad_y": np.array(w)} for case, w in zip(random_cases(rng), weights, strict=True)]


STAGES = [
    Stage("one number", forward_of("logits"), random_cases, shapes_only=True, hint="The loss is one number, shape ()."),
    Stage("the worked example", forward_of("logits"), [WORKED]),
    Stage("random values", forward_of("logits"), random_cases),
    Stage("the worked gradient", gradients_of("logits"), [{**WORKED, "grad_y": ONE}]),
    Stage("the gradient", gradients_of("logits"), with_gradient, points=2),
    Stage("large logits", forward_of("logits"), [{k: v for k, v in case.items() if k != "grad_y"} for case in LARGE],
          hint="log(softmax) loses everything where softmax rounds to 0: log_p = shifted - log(sum of e^shifted)."),
    Stage("their gradient", gradients_of("logits"), LARGE),
]  # fmt: skip


def install(answer):
    """In the library: for integer targets, the mean, no smoothing, no weights."""
    import minicnn.functional as F
    from minicnn.tensor import Tensor

    library = F.cross_entropy

    def cross_entropy(logits, targets, weight=None, *, reduction="mean", label_smoothing=0.0):
        labels = np.asarray(targets.data if isinstance(targets, Tensor) else targets)
        if labels.ndim != 1 or weight is not None or reduction != "mean" or label_smoothing:
            return library(logits, targets, weight, reduction=reduction, label_smoothing=label_smoothing)
        return answer(labels)(logits)

    return {"minicnn.functional:cross_entropy": cross_entropy}
