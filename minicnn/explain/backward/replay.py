"""mc.replay: backward step by step, to be looked at: in a loop, in words, or as a page that plays it."""

from __future__ import annotations

import inspect
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from html import escape
from typing import Any

from minicnn import backend
from minicnn.backend import Array
from minicnn.checkpoint import write_atomically
from minicnn.explain.backward.step import Step
from minicnn.explain.backward.walk import walk
from minicnn.explain.picture.blocks import blocks
from minicnn.explain.picture.operations import check_has_graph, operations
from minicnn.explain.picture.paths import paths_of
from minicnn.function import Function
from minicnn.nn.module import Module, Parameter
from minicnn.tensor import Tensor


def replay(y: Tensor, gradient: Any = None, *, names: Module | Mapping[Any, str] | None = None) -> Replay:
    """Walk back from y as `y.backward(gradient)` does: `for step in mc.replay(loss)`, or `print(mc.replay(loss))`.

    Operations come first, each after all that used its result, then the leaves. The sums are those that backward would
    add, bit for bit; but the graph stays, and so does the `grad` of every leaf, and backward may follow.

    What threads have run in shares of the batch (`nn.in_shares`) is told as if one had done it all.

    names: the network, whose parameters then have their names, or what `minicnn.explain.names_of_functions` noted, or
    names of your own, {x: "x"}. Raises ValueError where y has no graph, as after backward().
    """
    if not isinstance(y, Tensor):
        raise TypeError(f"replay: got {type(y).__name__}, expected a Tensor")
    check_has_graph(y, "replay")
    y.check_not_stale("replay: this tensor")
    with backend.on_device_of(y.data):
        cotangent = y.cotangent(gradient)
    return Replay(y, cotangent, names)


@dataclass(frozen=True, eq=False)
class Replay:
    """What `replay` returns. Each `for` walks anew, and holds only what has arrived and has not gone on yet.

    `str()` tells all steps; `html()` is a page that plays them on the drawn graph, which a notebook shows.
    """

    y: Tensor
    cotangent: Array
    names: Module | Mapping[Any, str] | None = None

    def __iter__(self) -> Iterator[Step]:
        labels = labels_of(self.y, self.names)
        return (replace(step, labels=labels) for step in walk(self.y, self.cotangent))

    def __str__(self) -> str:
        return "\n".join(f"{number}. {step}" for number, step in enumerate(self, 1))

    def html(self, title: str = "Backward, step by step") -> str:
        """The page: the graph, a slider through the steps, and their numbers. It needs nothing else, and no network."""
        from minicnn.explain.backward.replay_page import page

        return page(self, title)

    def _repr_html_(self) -> str:
        return f'<iframe srcdoc="{escape(self.html())}" style="width: 100%; height: 720px; border: 0"></iframe>'

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the page, whole or not at all: replay.html."""
        write_atomically(path, [self.html().encode()], "save")


def labels_of(y: Tensor, names: Module | Mapping[Any, str] | None = None) -> dict[Any, str]:
    """What each operation and leaf is called: its class and its number, inputs first, and its path where it has one.

    A parameter that has no name is told by the first operation that takes it: "weight (10, 3) of Linear 2".
    """
    listed = operations([y])
    paths = [""] * len(listed)
    if names is not None:
        inputs = [operation.inputs for operation in listed]
        paths = paths_of(listed, blocks(inputs, [bool(operation.parameters) for operation in listed]), names)
    parameters = {p: path for path, p in names.named_parameters()} if isinstance(names, Module) else dict(names or {})
    labels: dict[Any, str] = {}
    for number, (operation, path) in enumerate(zip(listed, paths, strict=True)):
        at = operation.at[0]
        labels |= dict.fromkeys(operation.at, f"{operation.kind} {number}" + (f" ({path})" if path else ""))
        if isinstance(at, Function):
            for position, edge in enumerate(at.edges):
                if isinstance(edge, Parameter) and edge not in labels:
                    labels[edge] = parameters.get(edge) or f"{argument(at, position)} {edge.shape} of {labels[at]}"
    return labels


def argument(function: Function, position: int) -> str:
    """What forward calls its input there: "weight"; "parameter" where it takes any number of them."""
    names = list(inspect.signature(function.forward).parameters.values())
    named = position < len(names) and names[position].kind is not inspect.Parameter.VAR_POSITIONAL
    return names[position].name if named else "parameter"
