"""Data parallelism on threads: each takes its share of the batch through several layers."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from minicnn import backend
from minicnn.function import Function
from minicnn.tensor import Tensor, grad_enabled, gradients_of_leaves, leaves_of, no_grad, outputs_first

SMALLEST_SHARE = 4  # items; every share costs Python's time for each operation, and only one thread at a time has that


class Share(NamedTuple):
    """A part of the batch, and what the layers made of it."""

    items: slice
    x: Tensor
    y: Tensor


def in_shares(layers: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """layers(x), walking the batch once for all of them: x (N, ...) -> y (N, ...).

    An operation by itself shares the batch among the threads, and then all wait for the slowest: hundreds of times in a
    training step. Here each thread goes its own way until it has its share of y, and later back again.

    The layers must treat every item by itself and draw nothing at random: no batch norm in training, no dropout. Hooks
    are called with shares. A batch too small for that goes through the layers as it is, and so does one on a GPU.

    Raises ValueError where the layers use a tensor that was computed outside of them and wants a gradient: every share
    would walk back through what made it.
    """
    every, recording = backend.even_shares(x.data, SMALLEST_SHARE), grad_enabled()
    if len(every) == 1:
        return layers(x)

    def walk(items: slice) -> Share:
        part = Tensor(x.data[items], requires_grad=recording and x.requires_grad)
        with contextlib.nullcontext() if recording else no_grad():  # every thread has a setting of its own
            return Share(items, part, layers(part))

    shares = on_threads(walk, every)
    refuse_a_common_history(shares)
    joined = Joined(shares)
    return joined(*(x if leaf is shares[0].x else leaf for leaf in joined.leaves))


def refuse_a_common_history(shares: list[Share]) -> None:
    """ValueError where the graphs of two shares have an operation in common, which was computed outside of them."""
    seen: set[Function] = set()
    for share in shares:
        graph = list(outputs_first([share.y.creator]))
        outside = [function.name for function in graph if function in seen]
        if outside:
            raise ValueError(
                f"in_shares: the layers use a tensor that was computed outside of them (a result of {outside[0]}) and "
                "wants a gradient; compute it inside, or call the layers without in_shares"
            )
        seen.update(graph)


class Joined(Function):
    """The shares' results, one behind the other. Backward goes back through all shares at once, each on its thread.

    The inputs are what the layers have used: x, whose gradient is joined in turn, and parameters, whose gradients are
    added up over the shares, in their order.
    """

    def __init__(self, shares: list[Share]):
        self.shares = shares
        self.leaves = leaves_of(shares[0].y)

    def forward(self, *_):
        results = [share.y.data for share in self.shares]
        return backend.module_of(*results).concatenate(results)

    def backward(self, grad_y):
        def walk_back(share):
            return gradients_of_leaves(share.y, grad_y[share.items], self.retain_graph)

        found, gradients = on_threads(walk_back, self.shares), []
        for leaf in self.leaves:
            if leaf is self.shares[0].x:
                parts = [of_share[share.x] for share, of_share in zip(self.shares, found, strict=True)]
                gradients.append(backend.module_of(grad_y).concatenate(parts))
            else:
                gradients.append(functools.reduce(backend.add, [of_share.pop(leaf) for of_share in found]))
        return tuple(gradients)


def on_threads(work: Callable[[Any], Any], things: Sequence[Any]) -> list[Any]:
    """[work(thing) for thing in things], on as many threads as there are; all operations inside stay on theirs."""
    results: list[Any] = [None] * len(things)

    def some(numbers: slice) -> None:
        results[numbers] = [work(thing) for thing in things[numbers]]

    backend.for_each_block(some, len(things), np)
    return results
