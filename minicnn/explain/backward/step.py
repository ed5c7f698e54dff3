"""A step of the walk back: what arrives at an operation or a leaf, what it adds up to, and what is sent on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from minicnn.backend import Array
from minicnn.explain.backward.amounts import amount
from minicnn.explain.text import printable
from minicnn.function import Function
from minicnn.tensor import Tensor

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
    text = printable(text)
    return text if len(text) <= width else text[: max(1, width - 1)] + "\u2026"
