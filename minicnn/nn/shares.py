"""Data parallelism on threads: each takes its share of the batch through several layers."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from minicnn import backend
from minicnn.function import Function
from minicnn.nn.mistakes import in_forward
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
        with contextlib.nullcontext() if recording else no_grad(), in_forward():  # every thread has its own settings
            y = layers(part)
        if not isinstance(y, Tensor) or y.shape[:1] != part.shape[:1]:
            found = f"one of shape {y.shape}" if isinstance(y, Tensor) else type(y).__name__
            raise ValueError(f"in_shares: the layers made {found} of {len(part)} items, expected a Tensor of as many")
        return Share(items, part, y)

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


def common_leaves(shares: list[Share]) -> list[Tensor]:
    """The leaves that all shares have used, x by the first share's part. ValueError where they differ."""
    leaves = leaves_of(shares[0].y)
    for share in shares[1:]:
        others = {shares[0].x if leaf is share.x else leaf for leaf in leaves_of(share.y)}
        if others != set(leaves):
            raise ValueError(
                "in_shares: the layers use other parameters for some items than for others, or make them anew; every "
                "share must go the same way"
            )
    return leaves


class Joined(Function):
    """The shares' results, one behind the other. Backward goes back through all shares at once, each on its thread.

    The inputs are what the layers have used: x, whose gradient is joined in turn, and parameters, whose gradients are
    added up over the shares, in their order.
    """

    def __init__(self, shares: list[Share]):
        self.shares = shares
        self.leaves = common_leaves(shares)

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
