"""The walk back of `Tensor.backward`, step by step."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, cast

from minicnn import backend
from minicnn.backend import Array
from minicnn.explain.backward.step import Step
from minicnn.function import Function
from minicnn.nn.shares import Joined
from minicnn.tensor import Tensor, outputs_first

Arrived = tuple[tuple[Function | None, Array], ...]


def walk(y: Tensor, cotangent: Array) -> Iterator[Step]:
    """Every operation behind y, after all that used its result; then the leaves. The graph and their `grad` stay."""
    gradients: dict[Any, list[Array]] = {y.edge: [cotangent]}  # what backward adds up
    arrived: dict[Any, list[tuple[Function | None, Array]]] = {
        y.edge: [(None, cotangent)]
    }  # the same, with who sent it
    for function in outputs_first([y.creator]):
        function.retain_graph = True
        came = tuple(arrived.pop(function))
        total = added_up(gradients.pop(function))
        found = zip(function.edges, function.gradients(total), strict=True)
        sent = [(edge, grad_x) for edge, grad_x in found if edge is not None]
        for edge, grad_x in sent:
            gradients.setdefault(edge, []).append(grad_x)
        steps = [Step(function, came, total, tuple(sent))]
        for step in steps_inside(function, came, total) if isinstance(function, Joined) else steps:
            for to, grad_x in step.sent:
                if to in gradients:  # and not inside of the shares
                    arrived.setdefault(to, []).append((cast(Function, step.at), grad_x))
            yield replace(step, sent=tuple((last_inside(to), grad_x) for to, grad_x in step.sent))
        for edge, grad_x in sent:
            arrived.setdefault(edge, [(function, grad_x)])  # shares without an operation hand on what they get
    for leaf, found_there in gradients.items():
        yield Step(leaf, tuple(arrived[leaf]), added_up(found_there))


def last_inside(to: Function | Tensor) -> Function | Tensor:
    """Who gets what is sent to shares: the last operation inside of them."""
    while isinstance(to, Joined) and to.shares[0].y.creator is not None:
        to = to.shares[0].y.creator
    return to


def steps_inside(whole: Joined, came: Arrived, total: Array) -> Iterator[Step]:
    """The operations inside of `nn.in_shares`, of all shares together, as if one had walked through the whole batch.

    They are walked through once more for that. What they send is what `whole` sends but for rounding, as the parts of a
    sum are added up in another order; what is added up outside is what `whole` sends.
    """
    outside = dict(zip(whole.leaves, whole.edges, strict=True))
    sizes = [len(share.x) for share in whole.shares]
    arrived: Arrived = came
    for steps in zip(*(walk(share.y, total[share.items]) for share in whole.shares), strict=True):
        first = steps[0]
        if isinstance(first.at, Tensor):
            continue  # a leaf: what arrives there, the whole sends
        if first.arrived[0][0] is not None:
            arrived = tuple(
                (sender, together([step.arrived[i][1] for step in steps], sizes))
                for i, (sender, _) in enumerate(first.arrived)
            )
        sent = []
        for i, (to, _) in enumerate(first.sent):
            parts = [step.sent[i][1] for step in steps]
            of_batch = isinstance(to, Function) or to is whole.shares[0].x
            sent.append((outside.get(to, to), together(parts, sizes) if of_batch else added_up(parts)))
        yield Step(first.at, arrived, together([step.gradient for step in steps], sizes), tuple(sent))


def together(parts: Sequence[Array], sizes: Sequence[int]) -> Array:
    """The shares' gradients of something that has the batch, one behind the other; of all else their sum."""
    if all(part.shape[:1] == (size,) for part, size in zip(parts, sizes, strict=True)):
        return backend.module_of(*parts).concatenate(parts)
    return added_up(parts)


def added_up(gradients: Sequence[Array]) -> Array:
    """The sum, in the order in which they came."""
    total = gradients[0]
    for more in gradients[1:]:
        with backend.on_device_of(more):
            total = backend.add(total, more)
    return total
