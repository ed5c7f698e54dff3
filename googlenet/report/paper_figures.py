"""The paper's figures, drawn from modules that have run: 3, the whole network; 2a and 2b, the Inception block."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from googlenet.model import GoogLeNet, inception_block, loss
from googlenet.presets import Preset
from googlenet.report.paper_boxes import boxes
from minicnn import rng
from minicnn.explain import Node, drawing, graph, names_of_functions
from minicnn.tensor import Tensor, no_grad

FIGURES = ("2a", "2b", "3")
WORDS = "S: as many pixels as the stride leaves (same), V: windows inside of the image alone (valid)."
BLOCK = "3a"  # the first: it gets the same from below with and without reductions


@dataclass(frozen=True)
class Figure:
    """A figure: what it shows, as nodes (of which `inputs` are numbers in the list), and its words."""

    title: str
    caption: str
    nodes: list[Node]

    def svg(self) -> str:
        """The drawing, an SVG file as text."""
        return drawing(boxes(self.nodes), self.title, self.caption)

    def as_record(self) -> dict[str, Any]:
        """For JSON: the nodes and the edges between them, (from, to). In shapes -1 stands for the batch."""
        nodes = [
            {
                "number": number, "operation": node.operation, "name": node.name, "kernel": node.kernel,
                "stride": node.stride, "padding": node.padding, "channels": (*node.shape, None, None)[1],
                "shape": [-1, *node.shape[1:]] if node.shape else [], "parameters": node.parameters,
                "options": node.options or {},
            }
            for number, node in enumerate(self.nodes)
        ]  # fmt: skip
        edges = [(one, number) for number, node in enumerate(self.nodes) for one in node.inputs]
        return {"title": self.title, "caption": self.caption, "nodes": nodes, "edges": edges}


def figure(which: str, preset: Preset) -> Figure:
    """Figure "3", "2a" or "2b" of the paper, of this preset; ValueError for another name.

    The random state is left as it was: a training goes on as if nothing had been drawn.
    """
    if which not in FIGURES:
        raise ValueError(f"figure: got {which!r}, expected one of {', '.join(FIGURES)}")
    random_state = rng.get_state()
    try:
        return whole_network(preset) if which == "3" else block(preset, reductions=which == "2b")
    finally:
        rng.set_state(random_state)


def whole_network(preset: Preset) -> Figure:
    """Figure 3: from the image to the loss that is trained, with both heads."""
    network = GoogLeNet(preset.num_classes, preset, preset.in_channels)
    images = zeros(preset)
    with names_of_functions(network) as names:
        total = loss(network(images), np.zeros(len(images), np.int64)).total
    nodes = graph(total, names)
    heads = sum(p.data.size for head in (network.aux1, network.aux2) if head for p in head.parameters())
    every = sum(p.data.size for p in network.parameters())
    convolutions = sum(node.operation == "Conv2d" for node in nodes)
    caption = (
        f"Figure 3 of the paper, as the code runs in training: {convolutions} convolutions, "
        f"{every - heads:,} parameters and {heads:,} in the auxiliary heads. The image is at the bottom. "
        f"7x7+2: kernel and stride. {WORDS}"
    )
    return Figure(f"GoogLeNet, preset {preset.name}", caption, nodes)


def block(preset: Preset, reductions: bool) -> Figure:
    """Figure 2b, the block with reductions, or 2a, the one without: 3a, with what comes to it in the network."""
    shape = input_of_block(preset)
    alone = inception_block(BLOCK, shape[1], replace(preset, reductions=reductions))
    with names_of_functions(alone) as names:
        result = alone(Tensor(np.zeros(shape, np.float32), requires_grad=True))
    nodes = graph(result, names)
    size = sum(p.data.size for p in alone.parameters())
    title = "Inception block with dimension reductions" if reductions else "Inception block, naive version"
    caption = (
        f"Figure {'2b' if reductions else '2a'} of the paper, as the code runs: block {BLOCK}, preset {preset.name}, "
        f"{size:,} parameters, {multiply_adds(nodes) / 1e6:,.0f} million multiply-adds an image. "
        f"3x3+1: kernel and stride. {WORDS}"
    )
    return Figure(title, caption, nodes)


def zeros(preset: Preset) -> Tensor:
    """Two black images: batch norm has no variance of one value. They want a gradient, so that the graph has them."""
    shape = (2, preset.in_channels, preset.image_size, preset.image_size)
    return Tensor(np.zeros(shape, np.float32), requires_grad=True)


def input_of_block(preset: Preset) -> tuple[int, ...]:
    """The shape of what block 3a gets in the network."""
    network = GoogLeNet(preset.num_classes, replace(preset, reductions=True), preset.in_channels, aux_heads=False)
    shapes: list[tuple[int, ...]] = []
    network.inception3a.register_forward_hook(lambda module, inputs, output: shapes.append(inputs[0].shape))
    with no_grad():
        network.eval()(zeros(preset))
    return shapes[0]


def multiply_adds(nodes: Sequence[Node]) -> int:
    """Of the convolutions, for one image: each pixel of the result is a sum over a window of all channels below."""
    total = 0
    for node in nodes:
        if node.operation == "Conv2d" and node.kernel:
            channels = nodes[node.inputs[0]].shape[1]
            total += node.kernel[0] * node.kernel[1] * channels * int(np.prod(node.shape[1:]))
    return total
