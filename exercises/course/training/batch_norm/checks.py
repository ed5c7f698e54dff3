"""How batch_norm is checked."""

import numpy as np

from exercises.stages import NotAsAsked, Stage, bare, cotangent, numbers

ANSWER = "BatchNorm"
FORBIDDEN = (
    "minicnn.functional:batch_norm", "minicnn.functional.normalization:BatchNorm",
    "minicnn.functional.normalization:batch_norm", "minicnn.nn:BatchNorm2d", "minicnn.nn.layers:BatchNorm2d",
)  # fmt: skip
LIBRARY = "minicnn.functional.normalization:BatchNorm"


def made(answer, running_mean, running_var, training, momentum, eps):
    """An answer, with running statistics that it may change: they are copies."""
    operation = answer(running_mean.copy(), running_var.copy(), training, momentum, eps)
    operation.needs_input_grad = (True, True, True)
    return operation


def forward(answer, x, weight, bias, **options):
    return {"y": bare(made(answer, **options).forward(x, weight, bias), "forward")}


def statistics(answer, x, weight, bias, running_mean, running_var, **options):
    """What has become of the running statistics after forward."""
    mean, var = running_mean.copy(), running_var.copy()
    operation = answer(mean, var, **options)
    operation.needs_input_grad = (True, True, True)
    operation.forward(x, weight, bias)
    return {"running_mean": mean, "running_var": var}


def gradients(answer, x, weight, bias, grad_y=None, **options):
    operation = made(answer, **options)
    y = bare(operation.forward(x, weight, bias), "forward")
    given = cotangent(np.shape(y)) if grad_y is None else grad_y
    found = operation.backward(np.array(given))
    if not isinstance(found, tuple | list) or len(found) != 3:
        raise NotAsAsked("backward has to return three gradients: grad_x, grad_weight, grad_bias")
    shown = {"_grad_y": given} if grad_y is None else {}
    gradients = [bare(gradient, "backward") for gradient in found]
    return {**shown, **dict(zip(("grad_x", "grad_weight", "grad_bias"), gradients, strict=True))}


def case(rng, shape, training, eps=0.1, momentum=0.1):
    channels = shape[1]
    return {
        "x": numbers(rng, *shape), "weight": numbers(rng, channels), "bias": numbers(rng, channels),
        "running_mean": numbers(rng, channels), "running_var": abs(numbers(rng, channels)),
        "training": training, "momentum": momentum, "eps": eps,
    }  # fmt: skip


WORKED = {
    "x": np.array([[[[1.0, 3]], [[10, 10]]], [[[5, 7]], [[20, 20]]]]), "weight": np.ones(2), "bias": np.zeros(2),
    "running_mean": np.zeros(2), "running_var": np.ones(2), "training": True, "momentum": 0.1, "eps": 1e-5,
}  # fmt: skip
GRAD_Y = np.array([[[[1.0, 0]], [[0, 0]]], [[[0, 0]], [[0, 0]]]])
SHAPES = ((1, 1, 2, 2), (2, 2, 1, 3), (3, 2, 2, 2), (2, 3, 3, 2))


def in_training(rng):
    return [case(rng, shape, True, eps) for shape, eps in zip(SHAPES, (0.1, 1e-5, 0.5, 1.0), strict=True)]


def in_evaluation(rng):
    return [case(rng, shape, False, eps) for shape, eps in zip(SHAPES, (0.1, 1e-5, 0.5, 1.0), strict=True)]


def both(rng):
    return [WORKED, case(rng, (2, 2, 2, 2), True, momentum=0.3), case(rng, (3, 2, 1, 1), True, momentum=1.0),
            case(rng, (2, 2, 1, 2), False), case(rng, (2, 1, 2, 1), True, momentum=0.0)]  # fmt: skip


def constant_channel(rng):
    given = case(rng, (2, 2, 2, 1), True)
    given["x"][:, 1] = 7.0
    return [given]


STAGES = [
    Stage("the shape", forward, in_training, shapes_only=True),
    Stage("the worked example", forward, [WORKED]),
    Stage("training", forward, in_training),
    Stage("evaluation", forward, in_evaluation, hint="In evaluation the running statistics normalize."),
    Stage("the running statistics", statistics, both),
    Stage("the worked gradient", gradients, [{**WORKED, "grad_y": GRAD_Y}]),
    Stage("the gradient in training", gradients, in_training, points=2,
          hint="x acts on y directly, through the mean, and through the variance."),
    Stage("the gradient in evaluation", gradients, in_evaluation),
    Stage("a channel without variance", gradients, constant_channel),
]  # fmt: skip


def install(answer):
    """In the library: F.batch_norm of images with weight, bias and running statistics, on the CPU."""
    import minicnn.functional as F
    from minicnn.tensor import Tensor

    library = F.batch_norm

    def batch_norm(x, running_mean, running_var, weight=None, bias=None, training=False, momentum=0.1, eps=1e-5):
        mean, var = (s.data if isinstance(s, Tensor) else s for s in (running_mean, running_var))
        asked = x.ndim == 4 and all(given is not None for given in (mean, var, weight, bias))
        if not asked or not isinstance(x.data, np.ndarray) or x.data.size == x.shape[1]:
            return library(x, running_mean, running_var, weight, bias, training, momentum, eps)
        return answer(mean, var, training, momentum, eps)(x, weight, bias)

    return {"minicnn.functional:batch_norm": batch_norm}
