"""The walk back of `Tensor.backward`, step by step, with all that arrives and all that is sent on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from minicnn import backend
from minicnn.backend import Array
from minicnn.function import Function
from minicnn.tensor import Tensor, outputs_first


@dataclass(frozen=True)
class Step:
    """A place on the way back: an operation, or in the end a leaf.

    arrived: the gradients of its result, each with the operation that sent it (None: the cotangent of the beginning).
    gradient: their sum. sent: what the operation's backward makes of it, to whom; () at a leaf.
    """

    at: Function | Tensor
    arrived: tuple[tuple[Function | None, Array], ...]
    gradient: Array
    sent: tuple[tuple[Function | Tensor, Array], ...] = ()


def replay(y: Tensor, gradient: Any = None) -> Iterator[Step]:
    """Walk back from y as `y.backward(gradient)` does, and yield each step: operations first, then the leaves.

    The graph stays, and so does the `grad` of every leaf: the sums are those that backward would add, bit for bit.
    Raises ValueError where y has no graph.
    """
    if y.creator is None:
        raise ValueError("replay: nothing is remembered of how this tensor was computed; what it was made of must "
                         "require a gradient")  # fmt: skip
    y.check_not_stale("replay: this tensor")
    arrived: dict[Any, list[tuple[Function | None, Array]]] = {y.creator: [(None, y.cotangent(gradient))]}
    for function in outputs_first([y.creator]):
        function.retain_graph = True
        came = arrived.pop(function)
        total = added_up(came)
        found = zip(function.edges, function.gradients(total), strict=True)
        sent = tuple((edge, grad_x) for edge, grad_x in found if edge is not None)
        for edge, grad_x in sent:
            arrived.setdefault(edge, []).append((function, grad_x))
        yield Step(function, tuple(came), total, sent)
    for leaf, came in arrived.items():
        yield Step(leaf, tuple(came), added_up(came))


def added_up(came: list[tuple[Function | None, Array]]) -> Array:
    """The sum of what arrived, in the order in which it came."""
    total = came[0][1]
    for _, more in came[1:]:
        with backend.on_device_of(more):
            total = backend.add(total, more)
    return total
