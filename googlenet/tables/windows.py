"""The geometry of every sliding window in the network: sizes, receptive fields, and the columns of im2col.

Sources of the receptive field: Araujo, Norris, Sim, "Computing Receptive Fields of Convolutional Neural Networks",
Distill 2019 (distill.pub/2019/computing-receptive-fields). Of the columns: minicnn/functional/convolution.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from googlenet.inception import Inception, NaiveInception
from googlenet.tables.layers import Call
from minicnn import nn
from minicnn.functional.convolution import images_per_block

FLOAT32 = 4  # bytes


@dataclass(frozen=True)
class Field:
    """What pixels of a layer see of the image, along one axis.

    One pixel sees `size` pixels of the image, the next one as many, `jump` further on. The first one's begin
    `padding` pixels before the image.
    """

    size: int = 1
    jump: int = 1
    padding: int = 0

    def behind(self, kernel: int, stride: int, padding: int) -> Field:
        """That of the next layer: a window over pixels that lie `jump` apart in the image."""
        return Field(self.size + (kernel - 1) * self.jump, self.jump * stride, self.padding + padding * self.jump)

    @property
    def center(self) -> float:
        """Where the first pixel looks: the middle of its field. 0 is the middle of the image's first pixel."""
        return (self.size - 1) / 2 - self.padding


@dataclass(frozen=True)
class Window:
    """A layer with a sliding window: its geometry along one side, and the field of what comes out of it."""

    name: str
    input_size: int
    kernel: int
    stride: int
    padding: int
    output_size: int
    field: Field

    @property
    def formula(self) -> str:
        """(W - F + 2P)/S + 1 in numbers; what is no whole number is rounded down, in ceil mode up."""
        places = (self.input_size - self.kernel + 2 * self.padding) / self.stride + 1
        rounded = "" if places == self.output_size else f" -> {self.output_size}"
        text = f"({self.input_size} - {self.kernel} + {2 * self.padding})/{self.stride} + 1"
        return f"{text} = {places:.10g}{rounded}"


@dataclass(frozen=True)
class Columns:
    """The matrix that im2col makes of one image for a convolution, (rows, columns), in bytes of float32.

    images: how many minicnn takes at once on a thread, and `bytes_at_once` what their columns are then: none for 1x1,
    whose columns are the image itself.
    """

    name: str
    rows: int
    columns: int
    bytes: int
    image_bytes: int
    images: int
    bytes_at_once: int


def geometry(call: Call) -> tuple[int, int, int] | None:
    """Kernel, stride and padding along one side; None of what has no window. The last pool's window is all there is."""
    module = call.module
    if isinstance(module, nn.AdaptiveAvgPool2d):
        return call.input_shape[1], 1, 0
    if isinstance(module, nn.Conv2d | nn.MaxPool2d):
        return _side(module.kernel_size), _side(module.stride), _side(module.padding)
    return None


def _side(value: Any) -> int:
    return value if isinstance(value, int) else value[0]


def windows(calls: Sequence[Call]) -> list[Window]:
    """Every window of a network of square images without heads, in the order of the calls.

    The branches of a block all begin at its input, and its output sees what its widest branch sees.
    """
    blocks = {call.name for call in calls if isinstance(call.module, Inception | NaiveInception)}
    found, field = [], Field()
    branches: dict[str, Field] = {}
    for call in calls:
        block, _, path = call.name.partition(".")
        branch = path.partition(".")[0]
        if call.name in blocks:
            field, branches = max(branches.values(), key=lambda field: field.size), {}
        elif window := geometry(call):
            behind = branches.get(branch, field).behind(*window)
            if block in blocks:
                branches[branch] = behind
            else:
                field = behind
            found.append(Window(call.name, call.input_shape[1], *window, call.output_shape[1], behind))
    return found


def columns(calls: Sequence[Call]) -> list[Columns]:
    """What im2col makes for every convolution."""
    found = []
    for call in calls:
        if isinstance(call.module, nn.Conv2d):
            rows = call.module.weight.data[0].size
            places = call.output_shape[1] * call.output_shape[2]
            one_image = rows * places * FLOAT32
            channels, height, width = call.input_shape
            images = images_per_block(places)
            at_once = 0 if geometry(call) == (1, 1, 0) else images * one_image
            image_bytes = channels * height * width * FLOAT32
            found.append(Columns(call.name, rows, places, one_image, image_bytes, images, at_once))
    return found
