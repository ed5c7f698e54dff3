"""mc.replay: the walk back of `Tensor.backward`, step by step, with all that arrives and all that is sent on."""

from __future__ import annotations

import inspect
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Any

from minicnn import backend
from minicnn.backend import Array
from minicnn.checkpoint import write_atomically
from minicnn.explain.amounts import amount
from minicnn.explain.blocks import blocks
from minicnn.explain.operations import check_has_graph, operations
from minicnn.explain.paths import paths_of
from minicnn.function import Function
from minicnn.nn.module import Module, Parameter
from minicnn.tensor import Tensor, outputs_first

WIDTH = 80  # columns; 8 of them are for the number of a step


@dataclass(frozen=True)
class Step:
    """A place on the way back: an operation, or in the end a leaf. `print(step)` tells it in 80 columns.

    arrived: the gradients of its result, each with the operation that sent it (None: the cotangent of the beginning).
    gradient: their sum. sent: what the operation's backward makes of it, to whom; () at a leaf.
    labels: what operations and leaves are called.
    """

    at: Function | Tensor
    arrived: tuple[tuple[Function | None, Array], ...]
    gradient: Array
    sent: tuple[tuple[Function | Tensor, Array], ...] = ()
    labels: Mapping[Any, str] = field(default_factory=dict, repr=False, compare=False)

    def label(self, place: Function | Tensor | None) -> str:
        """What a place is called: "Conv2d 12 (conv1.conv)", "weight of ..."."""
        if place is None:
            return "the beginning"
        return self.labels.get(place, place.name if isinstance(place, Function) else f"leaf {place.shape}")

    def __str__(self) -> str:
        lines = [clipped(f"{self.label(self.at)}  {tuple(self.gradient.shape)}", WIDTH - 8)]
        lines += [row("from", self.label(sender), gradient) for sender, gradient in self.arrived]
        if len(self.arrived) > 1:
            lines.append(row("sum", f"of these {len(self.arrived)}, added up here", self.gradient))
        lines += [row("to", self.label(receiver), gradient) for receiver, gradient in self.sent]
        if not self.sent:
            lines.append(row("grad", "stays here, a leaf", self.gradient))
        return "\n".join(lines)


def row(what: str, who: str, gradient: Array) -> str:
    """A line below the head: the gradient's amount at the right, as much of the name as there is room for."""
    said = amount(gradient)
    return f"  {what:<5}" + clipped(who, 72 - len(said)).ljust(72 - len(said)) + " " + said


def clipped(text: str, width: int) -> str:
    """At most so many characters, without those that a terminal would obey."""
    text = "".join(c if c.isprintable() else "\ufffd" for c in text)
    return text if len(text) <= width else text[: max(1, width - 1)] + "\u2026"


def replay(y: Tensor, gradient: Any = None, *, names: Module | Mapping[Any, str] | None = None) -> Replay:
    """Walk back from y as `y.backward(gradient)` does: `for step in mc.replay(loss)`, or `print(mc.replay(loss))`.

    Operations come first, each after all that used its result, then the leaves. The sums are those that backward would
    add, bit for bit; but the graph stays, and so does the `grad` of every leaf, and backward may follow.

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
        arrived: dict[Any, list[tuple[Function | None, Array]]] = {self.y.edge: [(None, self.cotangent)]}
        for function in outputs_first([self.y.creator]):
            function.retain_graph = True
            came = arrived.pop(function)
            total = added_up(came)
            found = zip(function.edges, function.gradients(total), strict=True)
            sent = tuple((edge, grad_x) for edge, grad_x in found if edge is not None)
            for edge, grad_x in sent:
                arrived.setdefault(edge, []).append((function, grad_x))
            yield Step(function, tuple(came), total, sent, labels)
        for leaf, came in arrived.items():
            yield Step(leaf, tuple(came), added_up(came), labels=labels)

    def __str__(self) -> str:
        return "\n".join(f"{number}. {step}" for number, step in enumerate(self, 1))

    def html(self, title: str = "Backward, step by step") -> str:
        """The page: the graph, a slider through the steps, and their numbers. It needs nothing else, and no network."""
        from minicnn.explain.replay_page import page

        return page(self, title)

    def _repr_html_(self) -> str:
        return f'<iframe srcdoc="{escape(self.html())}" style="width: 100%; height: 720px; border: 0"></iframe>'

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the page, whole or not at all: replay.html."""
        write_atomically(path, [self.html().encode()], "save")


def added_up(came: list[tuple[Function | None, Array]]) -> Array:
    """The sum of what arrived, in the order in which it came."""
    total = came[0][1]
    for _, more in came[1:]:
        with backend.on_device_of(more):
            total = backend.add(total, more)
    return total


def labels_of(y: Tensor, names: Module | Mapping[Any, str] | None = None) -> dict[Any, str]:
    """What each operation and leaf is called: its class and its number, inputs first, and its path where it has one.

    A parameter that has no name is told by the first operation that takes it: "weight (10, 3) of Linear 2".
    """
    listed = operations([y], open_shares=False)
    paths = [""] * len(listed)
    if names is not None:
        inputs = [operation.inputs for operation in listed]
        paths = paths_of(listed, blocks(inputs, [bool(operation.parameters) for operation in listed]), names)
    parameters = {p: path for path, p in names.named_parameters()} if isinstance(names, Module) else dict(names or {})
    labels: dict[Any, str] = {}
    for number, (operation, path) in enumerate(zip(listed, paths, strict=True)):
        at = operation.at[0]
        labels[at] = f"{operation.kind} {number}" + (f" ({path})" if path else "")
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
