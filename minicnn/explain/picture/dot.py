"""Boxes and arrows as a text for Graphviz, which finds places for them itself."""

from __future__ import annotations

from collections.abc import Sequence

from minicnn.explain.picture.drawing import Box
from minicnn.explain.text import printable

FILLS = {"blue": "#cfe2f9", "red": "#f9d3d0", "green": "#d3ecd2", "yellow": "#fdf0b5", "plain": "#f3f5f7"}


def dot(boxes: Sequence[Box], title: str) -> str:
    """A graph in the DOT language: a node a box, from below to above, a cluster a group. Texts may be anything."""
    lines = [
        "digraph {",
        f"  graph [rankdir=BT, label={quoted(title)}, labelloc=t, fontname=Helvetica]",
        "  node [shape=box, style=filled, fontname=Helvetica, fontsize=11]",
        "  edge [fontname=Helvetica, fontsize=10]",
    ]
    groups: dict[str, list[int]] = {}
    for number, box in enumerate(boxes):
        groups.setdefault(box.group, []).append(number)
    for which, (group, numbers) in enumerate(groups.items()):
        inside = bool(group) and len(numbers) > 1
        if inside:
            lines.append(f"  subgraph cluster{which} {{ label={quoted(group)}")
        for number in numbers:
            box = boxes[number]
            lines.append(f"  n{number} [label={quoted(chr(10).join(box.lines))}, fillcolor={quoted(FILLS[box.color])}]")
        if inside:
            lines.append("  }")
    for number, box in enumerate(boxes):
        lines += [f"  n{one} -> n{number} [label={quoted(boxes[one].result)}]" for one in box.inputs]
    return "\n".join([*lines, "}", ""])


def quoted(text: str) -> str:
    """A string of DOT: backslashes are text, lines are centered lines, and what cannot be printed is left out."""
    lines = map(printable, text.split("\n"))
    return '"' + "\\n".join(line.replace("\\", "\\\\").replace('"', '\\"') for line in lines) + '"'
