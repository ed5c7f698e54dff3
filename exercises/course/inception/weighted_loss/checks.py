"""How weighted_loss is checked."""

import numpy as np

import minicnn as mc
from exercises.stages import Stage, numbers

ANSWER = "weighted_loss"
LIBRARY = "googlenet.model:loss"
USERS = ("googlenet.model", "googlenet", "googlenet.training.trainer", "googlenet.training.probe",
         "googlenet.training.lr_find")  # fmt: skip
FORBIDDEN = (*(f"{user}:loss" for user in USERS), "googlenet.model:with_heads")
NAMES = ("logits", "aux1", "aux2")


def outputs(case):
    """What the network would return, and the Tensors in it by name."""
    from googlenet import GoogLeNetOutput

    tensors = {name: mc.Tensor(case[name], requires_grad=True) for name in NAMES if case.get(name) is not None}
    if case.get("evaluation"):
        return tensors["logits"], tensors
    return GoogLeNetOutput(*(tensors.get(name) for name in NAMES)), tensors


def run(answer, **case):
    return dict(zip(("total", "main", "aux1", "aux2"), losses(answer, *outputs(case), case), strict=True))


def gradients(answer, **case):
    output, tensors = outputs(case)
    losses(answer, output, tensors, case)[0].backward()
    return {f"gradient of {name}": tensor.grad for name, tensor in tensors.items()}


def losses(answer, output, tensors, case):
    weight = {"aux_weight": case["aux_weight"]} if "aux_weight" in case else {}
    found = answer(output, case["targets"], **weight)
    if not isinstance(found, tuple | list) or len(found) != 4:
        raise TypeError(f"weighted_loss returned {type(found).__name__}, expected (total, main, aux1, aux2)")
    return found


SURE = np.log(9.0)
WORKED = {"logits": np.zeros((1, 2)), "aux1": np.array([[SURE, 0.0]]), "aux2": np.array([[0.0, SURE]]),
          "targets": np.array([0])}  # fmt: skip


def batch(rng, images, classes, **case):
    arrays = {name: numbers(rng, images, classes) for name in NAMES}
    return {**arrays, "targets": rng.integers(0, classes, images), **case}


def random_cases(rng):
    return [batch(rng, 1, 3), batch(rng, 3, 4), batch(rng, 4, 3)]


def weight_cases(rng):
    return [batch(rng, 2, 3, aux_weight=0.5), batch(rng, 2, 3, aux_weight=0.0)]


def headless_cases(rng):
    return [
        batch(rng, 2, 3, aux1=None, aux2=None),
        batch(rng, 2, 3, aux1=None),
        batch(rng, 2, 3, aux2=None),
    ]


def evaluation_cases(rng):
    return [batch(rng, images, 3, aux1=None, aux2=None, evaluation=True) for images in (2, 3)]


STAGES = [
    Stage("the worked example", run, [WORKED]),
    Stage("random values", run, random_cases),
    Stage("other weights", run, weight_cases),
    Stage("the gradient", gradients, lambda rng: [WORKED, *random_cases(rng), *weight_cases(rng)], points=2,
          hint="The losses have to stay Tensors on the way to the total."),
    Stage("without heads", run, headless_cases, hint="A head that is not there is None, and so is its loss."),
    Stage("in evaluation", run, evaluation_cases, hint="There output is the logits themselves, a Tensor."),
]  # fmt: skip


def install(answer):
    """In the library: for all training whose labels are not smoothed."""
    import googlenet.model
    from googlenet.model import LossParts, SummedOutput

    library = googlenet.model.loss

    def loss(output, targets, aux_weight=0.3, label_smoothing=0.0):
        if label_smoothing or isinstance(output, SummedOutput):
            return library(output, targets, aux_weight, label_smoothing)
        return LossParts(*answer(output, targets, aux_weight))

    return {f"{user}:loss": loss for user in USERS}
