"""The page that plays backward: the drawn graph, and the numbers of every step."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib import resources
from string import Template
from typing import TYPE_CHECKING, Any

import numpy as np

from minicnn.explain.backward.amounts import amount, on_cpu
from minicnn.explain.backward.step import Step
from minicnn.explain.picture.draw import WIDTH, box, drawn
from minicnn.explain.picture.drawing import drawing, shown
from minicnn.explain.picture.operations import operations

if TYPE_CHECKING:
    from minicnn.explain.backward.replay import Replay

SMALL = 64  # elements of an array whose numbers are shown on the page


def page(replay: Replay, title: str) -> str:
    """HTML, one file. The steps are walked once; of each only the text stays."""
    listed = operations([replay.y])
    keys = {at: number for number, operation in enumerate(listed) for at in operation.at}
    for number, operation in enumerate(listed):  # a parameter is shown where it is used
        for parameter in operation.parameters:
            keys.setdefault(parameter, number)
    boxes = []
    for number, node in enumerate(drawn(listed, replay.names, None)):
        plain = box(node)
        lines = (f"{plain.lines[0]} {number}", *(line for line in plain.lines[1:] if not line.startswith("keeps ")))
        boxes.append(replace(plain, lines=lines, key=str(number), tooltip=""))
    count = len(listed)
    caption = f"{count} operation{'s' * (count != 1)} and inputs; gradients go from the top to the bottom."
    steps = [record(step, keys) for step in replay]
    text = resources.files("minicnn.explain.backward").joinpath("replay.html").read_text(encoding="utf-8")
    return Template(text).substitute(
        title=shown(title),
        count=len(steps),
        last=len(steps) - 1,
        svg=drawing(boxes, title, caption, WIDTH + 16),
        steps=json.dumps(steps).replace("<", "\\u003c"),
    )


def record(step: Step, keys: dict[Any, int]) -> dict[str, Any]:
    """A step for the page: the boxes that it is about, by number, and all numbers as text."""
    return {
        "at": keys[step.at],
        "label": step.label(step.at),
        "shape": shape_text(step.gradient),
        "from": [line(step, sender, gradient, keys) for sender, gradient in step.arrived],
        "numbers": numbers_text(step.gradient),
        "to": [line(step, receiver, gradient, keys) for receiver, gradient in step.sent],
    }


def line(step: Step, who: Any, gradient: Any, keys: dict[Any, int]) -> dict[str, Any]:
    """A gradient that arrives or leaves: from or to which box, its name, and how large it is."""
    return {
        "box": keys.get(who, -1),
        "label": step.label(who),
        "shape": shape_text(gradient),
        "amount": amount(gradient),
    }


def shape_text(array: Any) -> str:
    """ "16x10", "one number"."""
    return "x".join(map(str, array.shape)) or "one number"


def numbers_text(array: Any) -> str:
    """All numbers of a small array, in rows; the range of a large one."""
    found = on_cpu(array)
    if found.size <= SMALL:
        return np.array2string(found, precision=4, suppress_small=False, threshold=SMALL + 1, max_line_width=60)
    finite = found[np.isfinite(found)]
    if finite.size == 0:
        return f"{found.size:,} numbers, none of them finite"
    return (
        f"{amount(array)}\n"
        f"{found.size:,} numbers from {finite.min():.4g} to {finite.max():.4g}; {np.mean(found == 0):.0%} are 0"
    )
