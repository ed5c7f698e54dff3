"""mc.draw: the graph behind a tensor as a picture. Operations, shapes, parameters, and what is kept for backward."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from minicnn.checkpoint import write_atomically
from minicnn.explain.graph import tensors_in
from minicnn.explain.picture.blocks import blocks
from minicnn.explain.picture.closing import closed, neighbors
from minicnn.explain.picture.dot import dot
from minicnn.explain.picture.drawing import Box, drawing
from minicnn.explain.picture.operations import Operation, check_has_graph, operations
from minicnn.explain.picture.paths import paths_of
from minicnn.nn.module import Module

COLORS = {
    "Conv2d": "blue", "Linear": "blue", "MatMul": "blue", "MaxPool2d": "red", "AvgPool2d": "red",
    "AdaptiveAvgPool2d": "red", "Concat": "green", "Add": "green", "BatchNorm": "green", "LocalResponseNorm": "green",
    "CrossEntropy": "yellow", "Softmax": "yellow", "LogSoftmax": "yellow",
}  # fmt: skip
WIDTH, LONGEST = 132, 17  # of a box: pixels, and characters in bold


@dataclass(frozen=True)
class DrawnNode:
    """A box of the picture: one operation, or several of one module or block.

    kind: of the operation; of several "Block" or "Module". name: its path, "" where it has none. inputs: the numbers of
    the boxes that it takes from. shapes: those that come in, once each, and the one that goes out. parameters: how many
    numbers, a shared one once. kept: bytes that are held for backward, each piece of memory once, where it is first
    held. operations: how many are inside. branches: of a block. window: "3x3, stride 2". frame: the part of the network
    that the box is drawn in. joins: whether it is the operation in which the branches of an open block meet.
    """

    kind: str
    name: str
    inputs: tuple[int, ...]
    shapes_in: tuple[tuple[int, ...], ...]
    shape: tuple[int, ...]
    parameters: int
    kept: int
    operations: int = 1
    branches: int = 0
    window: str = ""
    frame: str = ""
    joins: bool = False


def draw(
    y: Any, names: Module | Mapping[Any, str] | None = None, *, depth: int | None = 1, title: str | None = None
) -> Picture:
    """Draw what y was computed by: `mc.draw(loss)` in a notebook, or `mc.draw(loss).save("loss.svg")`; before backward.

    y: a Tensor, or a tuple, list or dict of them. depth: how far modules and blocks are opened. With 1 each of the
    network's own modules is a box, and so is each block, that is a place where a result goes several ways which meet
    again; with 2 also what these consist of, the branches of a block for example; with None every operation.

    names: the network, from whose parameters the operations get their names; or, to the last operation, what
    `minicnn.explain.names_of_functions(network)` noted while it ran; or names of your own, {x: "x", w: "w"}, of leaves.
    Without, only blocks are closed, and numbered.

    Raises ValueError where y has no graph: under no_grad(), after backward(), or because nothing required a gradient.
    """
    outputs = list(tensors_in(y))
    if not outputs:
        raise TypeError(f"draw: got {type(y).__name__}, expected a Tensor, or several in a tuple, list or dict")
    if depth is not None and (isinstance(depth, bool) or not isinstance(depth, int) or depth < 1):
        raise ValueError(f"draw: depth is {depth!r}, expected an integer of at least 1, or None for every operation")
    for one in outputs:
        check_has_graph(one, "draw")
    listed = operations(outputs)
    nodes = drawn(listed, names, depth)
    if title is None:
        title = type(names).__name__ if isinstance(names, Module) else f"Graph of {listed[-1].kind}"
    return Picture(title, nodes, sum(p.data.size for p in {p for one in listed for p in one.parameters}))


@dataclass(frozen=True)
class Picture:
    """What `draw` returns. A notebook shows it; `svg` and `dot` are text, for a browser and for Graphviz.

    nodes: the boxes, as data. parameters: of all operations, those that are shared once.
    """

    title: str
    nodes: list[DrawnNode]
    parameters: int

    @property
    def caption(self) -> str:
        count = sum(node.operations for node in self.nodes if node.kind != "Input")
        kept = sum(node.kept for node in self.nodes)
        return (
            f"{count:,} operation{'s' * (count != 1)}, {self.parameters:,} parameters; {bytes_text(kept)} are kept for "
            "backward, each piece of memory counted in the first box that holds it. Inputs are at the bottom."
        )

    @property
    def svg(self) -> str:
        """An SVG file; it needs nothing else."""
        return drawing([box(node) for node in self.nodes], self.title, self.caption, WIDTH)

    @property
    def dot(self) -> str:
        """The same for Graphviz: `dot -Tpdf graph.dot -o graph.pdf`."""
        return dot([box(node) for node in self.nodes], f"{self.title}\n{self.caption}")

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the file, whole or not at all: graph.svg, or graph.dot. ValueError for another ending."""
        kinds = {".svg": lambda: self.svg, ".dot": lambda: self.dot, ".gv": lambda: self.dot}
        kind = Path(path).suffix.lower()
        if kind not in kinds:
            raise ValueError(
                f"save: the picture cannot be written as {os.fspath(path)!r}, expected a name in .svg or .dot"
            )
        write_atomically(path, [kinds[kind]().encode()], "save")

    def _repr_svg_(self) -> str:
        return self.svg

    def __repr__(self) -> str:
        return f"Picture({self.title!r}, {len(self.nodes)} boxes; {self.caption.partition(';')[0]})"


# ---- from operations to boxes ---------------------------------------------------------------------------------------


def drawn(listed: list[Operation], names: Module | Mapping[Any, str] | None, depth: int | None) -> list[DrawnNode]:
    """The boxes at this depth, each after all that it takes from."""
    inputs = [operation.inputs for operation in listed]
    found = blocks(inputs, [bool(operation.parameters) for operation in listed])
    paths = paths_of(listed, found, names)
    boxes = closed(inputs, [beginning(path, depth) for path in paths])
    box_of = {number: which for which, members in enumerate(boxes) for number in members}
    taken = [tuple(dict.fromkeys(i for m in members for i in inputs[m] if i not in members)) for members in boxes]
    box_inputs = [tuple(dict.fromkeys(box_of[i] for i in of_box)) for of_box in taken]
    frames = frames_around(box_inputs, [beginning(paths[members[0]], depth - 1 if depth else 1) for members in boxes])
    nodes = []
    for which, members in enumerate(boxes):
        operations = [listed[number] for number in members]
        alone = len(members) == 1
        block = next((block for block in found if block.join in members), None)
        branches = len(block.branches) + block.shortcut if block and not alone else 0
        last = operations[-1]
        nodes.append(
            DrawnNode(
                kind=last.kind if alone else "Block" if branches else "Module",
                name=paths[members[0]] if alone else beginning(paths[members[0]], depth) or "",
                inputs=tuple(box_of[i] for i in last.inputs) if alone else box_inputs[which],
                shapes_in=tuple(dict.fromkeys(listed[i].shape for i in taken[which])),
                shape=last.shape,
                parameters=sum(p.data.size for p in {p for one in operations for p in one.parameters}),
                kept=sum(one.kept for one in operations),
                operations=len(members),
                branches=branches,
                window=last.window if alone else "",
                frame=frames[which],
                joins=block is not None and alone,
            )
        )
    return nodes


def beginning(path: str, length: int | None) -> str | None:
    """The first parts of a path, so many; None where it has less, or where every operation shall be a box."""
    parts = path.split(".")
    return ".".join(parts[:length]) or None if length and len(parts) >= length else None


def frames_around(inputs: list[tuple[int, ...]], names: list[str | None]) -> list[str]:
    """For each box the name of the frame around it; a second frame of the same name, elsewhere, gets a number."""
    first = neighbors(inputs, names)
    seen: dict[str, list[int]] = {}
    frames = []
    for name, place in zip(names, first, strict=True):
        if name is None:
            frames.append("")
            continue
        places = seen.setdefault(name, [])
        if place not in places:
            places.append(place)
        again = places.index(place)
        frames.append(f"{name} ({again + 1})" if again else name)
    return frames


def box(node: DrawnNode) -> Box:
    """What stands in the box."""
    if node.operations == 1:
        name = node.name.removeprefix(f"{node.frame}.")
        kind = node.kind if len(node.kind) <= LONGEST else node.kind[: LONGEST - 1] + "\u2026"
        lines = [kind, node.window, shortened(name)]
    else:
        inside = f"{node.branches} branches" if node.branches else f"{node.operations} operations"
        lines = [shortened(node.name.removeprefix(f"{node.frame}.")), inside]
        lines += [f"in {shape_text(shape)}" for shape in node.shapes_in[:2]] + [f"out {shape_text(node.shape)}"]
    lines.append(f"{count_text(node.parameters)} parameter{'s' * (node.parameters != 1)}" if node.parameters else "")
    lines.append(f"keeps {bytes_text(node.kept)}" if node.kept else "")
    color = COLORS.get(node.kind, "plain")
    return Box(
        lines=tuple(line for line in lines if line),
        color=color,
        inputs=node.inputs,
        result=shape_text(node.shape),
        tooltip=f"{node.kind} {node.name}".strip(),
        group=node.frame,
        wide=node.joins,
    )


def shape_text(shape: tuple[int, ...]) -> str:
    """ "16x64x112x112"; "one number" for ()."""
    return "x".join(map(str, shape)) or "one number"


def count_text(count: int) -> str:
    """ "9,408", "1.02 M"."""
    return f"{count:,}" if count < 1_000_000 else f"{count / 1e6:.2f} M"


def bytes_text(count: int) -> str:
    """ "640 bytes", "1.6 MB"; of decimal units."""
    for unit, size in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= size:
            return f"{count / size:.3g} {unit}"
    return f"{count} byte{'s' * (count != 1)}"


def shortened(text: str, longest: int = LONGEST) -> str:
    """The text, or its end behind three dots where it is too long for a box."""
    return text if len(text) <= longest else "\u2026" + text[1 - longest :]
