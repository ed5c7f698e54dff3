"""One picture through the network and back: what every operation made of it, and the gradients of every loss."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from googlenet.model import GoogLeNet, loss
from googlenet.training.probe import AUX_WEIGHT
from minicnn.explain import Node, graph, inputs_first, names_of_functions, recording, replay
from minicnn.function import Function
from minicnn.tensor import Tensor

LOSSES = ("main", "aux1", "aux2", "total")  # total: what is trained, main + 0.3 (aux1 + aux2)


@dataclass(frozen=True)
class Place:
    """An operation of the network, or the picture itself: its result and the gradient of each loss there.

    y: the result without the batch: (C, H, W), (features,) or () for a loss. gradients: of the same shape, by loss;
    one is missing where the loss does not depend on this place. node.inputs are the numbers of places.
    arrived: by loss, what each place behind this one sent back before it was added up, as (its number, root mean
    square); the number is None where backward begins, or the sender belongs to that loss alone.
    score: the gradient of the label's score, the logit of the main classifier, of the same shape; None in the heads and
    behind the logits. function: None for the picture.
    """

    number: int
    node: Node
    function: Function | None
    y: np.ndarray
    gradients: dict[str, np.ndarray]
    arrived: dict[str, list[tuple[int | None, float]]]
    score: np.ndarray | None

    @property
    def block(self) -> str:
        """The first part of its module's path: conv1, inception3a, aux1; "" outside of all (flatten, the losses)."""
        return self.node.name.partition(".")[0]


@dataclass(frozen=True)
class Run:
    """places: inputs first. logits and losses: by the name of the classifier: main, aux1, aux2, those that there are.

    losses has the total too. label: the class that the losses are of. sum_of_logits: the total is that of the sum of
    all logits (preset mnist), not a sum of losses.
    """

    places: list[Place]
    logits: dict[str, np.ndarray]
    losses: dict[str, float]
    label: int
    sum_of_logits: bool


def run_network(model: GoogLeNet, x: np.ndarray, label: int | None = None) -> Run:
    """The network in evaluation mode, heads included where it has them, on x (1, C, H, W), and back from each loss.

    label: a class, the most probable one where it is None. The `grad` of the parameters stays as it is.
    Raises ValueError where a result is infinite or no number: nothing could be said of it.
    """
    picture = Tensor(x, requires_grad=True)
    with recording() as results, names_of_functions(model.eval()) as names:
        output = model(picture, heads=True)
        logits = {n: y.data[0] for n, y in zip(LOSSES, output, strict=False) if y is not None}
        label = int(logits["main"].argmax()) if label is None else label
        parts = loss(output, np.array([label]), AUX_WEIGHT)
    for function, y in results.items():
        if not np.isfinite(y).all():
            where = f"in {names[function]} ({type(function).__name__})" if function in names else "in the losses"
            raise ValueError(f"run_network: on this picture numbers become infinite {where}; are the weights trained?")
    losses = {n: part for n in LOSSES if (part := getattr(parts, n)) is not None}
    assert parts.total.creator is not None  # the picture requires a gradient
    functions = inputs_first(parts.total.creator)
    numbers = {at: number for number, at in enumerate(functions)}
    steps = {
        n: {step.at: (step.gradient, [(numbers.get(who), rms(g)) for who, g in step.arrived]) for step in replay(part)}
        for n, part in losses.items()
    }
    one_score = np.zeros_like(output.logits.data)
    one_score[0, label] = 1
    scores = {step.at: step.gradient for step in replay(output.logits, one_score)}
    places = []
    for number, (node, at) in enumerate(zip(graph(parts.total, names), functions, strict=True)):
        y = x if at is picture else results[at]
        gradients = {n: found[at][0].reshape(y.shape) for n, found in steps.items() if at in found}
        alone = {n: gradient[0] if gradient.ndim else gradient for n, gradient in gradients.items()}
        came = {n: found[at][1] for n, found in steps.items() if at in found}
        score = scores[at].reshape(y.shape)[0] if at in scores else None
        places.append(Place(number, node, None if at is picture else at, y[0] if y.ndim else y, alone, came, score))
    return Run(places, logits, {n: part.item() for n, part in losses.items()}, label, model.preset.sum_logits)


def rms(array: np.ndarray) -> float:
    """The root of the mean of the squares of all elements: a norm that does not grow with their number."""
    return float(np.sqrt(np.mean(np.square(array, dtype=np.float64))))
