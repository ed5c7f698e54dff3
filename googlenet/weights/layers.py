"""GoogLeNet's layers with weights: what they are called here and in Caffe, and the shapes of their weights."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from googlenet.presets import Preset
from googlenet.table import INCEPTION


class Layer(NamedTuple):
    """A convolution, with weights (out, in, kernel, kernel), or a linear layer, (out, in): in PyTorch as in Caffe.

    -1 stands for any number: of classes, of the channels of the images.
    """

    name: str  # inception3a.branch2.0.conv
    caffe_name: str  # inception_3a/3x3_reduce
    shape: tuple[int, ...]


def main_layers(preset: Preset, in_channels: int = -1) -> list[Layer]:
    """All that evaluation needs, from the images to the classifier, but batch norms."""
    size = preset.kernel_5x5
    layers = [
        Layer("conv1.conv", "conv1/7x7_s2", (64, in_channels, 7, 7)),
        Layer("conv2.conv", "conv2/3x3_reduce", (64, 64, 1, 1)),
        Layer("conv3.conv", "conv2/3x3", (192, 64, 3, 3)),
    ]
    channels = 192
    for name, row in INCEPTION.items():
        ours, caffe = f"inception{name}", f"inception_{name}"
        if not preset.reductions:
            layers += [
                Layer(f"{ours}.branch1.conv", f"{caffe}/1x1", (row.ch1x1, channels, 1, 1)),
                Layer(f"{ours}.branch2.conv", f"{caffe}/3x3", (row.ch3x3, channels, 3, 3)),
                Layer(f"{ours}.branch3.conv", f"{caffe}/5x5", (row.ch5x5, channels, size, size)),
            ]
            channels += row.ch1x1 + row.ch3x3 + row.ch5x5
            continue
        layers += [
            Layer(f"{ours}.branch1.conv", f"{caffe}/1x1", (row.ch1x1, channels, 1, 1)),
            Layer(f"{ours}.branch2.0.conv", f"{caffe}/3x3_reduce", (row.ch3x3red, channels, 1, 1)),
            Layer(f"{ours}.branch2.1.conv", f"{caffe}/3x3", (row.ch3x3, row.ch3x3red, 3, 3)),
            Layer(f"{ours}.branch3.0.conv", f"{caffe}/5x5_reduce", (row.ch5x5red, channels, 1, 1)),
            Layer(f"{ours}.branch3.1.conv", f"{caffe}/5x5", (row.ch5x5, row.ch5x5red, size, size)),
            Layer(f"{ours}.branch4.1.conv", f"{caffe}/pool_proj", (row.pool_proj, channels, 1, 1)),
        ]
        channels = row.out_channels
    return [*layers, Layer("fc", "loss3/classifier", (-1, channels))]


def head_layers(preset: Preset) -> list[Layer]:
    """Those of the two auxiliary heads, on 4a and 4d."""
    layers = []
    for number, block in ((1, "4a"), (2, "4d")):
        layers += [
            Layer(f"aux{number}.conv.conv", f"loss{number}/conv", (128, INCEPTION[block].out_channels, 1, 1)),
            Layer(f"aux{number}.fc1", f"loss{number}/fc", (1024, 128 * preset.aux_size**2)),
            Layer(f"aux{number}.fc2", f"loss{number}/classifier", (-1, 1024)),
        ]
    return layers


def fitting_shape(found: Sequence[int], expected: tuple[int, ...], what: str) -> tuple[int, ...]:
    """`expected` with its -1 filled in from what a file says, which may have more or fewer axes of length 1.

    ValueError where it is another shape.
    """
    fixed = math.prod(length for length in expected if length != -1)
    shape = tuple(math.prod(found) // fixed if length == -1 else length for length in expected)
    if min(found, default=0) < 1 or [n for n in found if n != 1] != [n for n in shape if n != 1]:
        wanted = ", ".join("any" if length == -1 else str(length) for length in expected)
        raise ValueError(f"has {what} in the shape {tuple(found)}, expected ({wanted})")
    return shape


def checked_array(numbers: NDArray[Any], shape: tuple[int, ...], what: str) -> NDArray[np.float32]:
    """A copy in float32 and in this shape; ValueError where there are too few or too many, or no finite numbers."""
    if numbers.size != math.prod(shape):
        raise ValueError(f"has {numbers.size:,} numbers for {what}, expected {math.prod(shape):,}: {shape}")
    with np.errstate(over="ignore"):  # a double that float32 cannot hold becomes infinite
        array = numbers.astype(np.float32).reshape(shape)
    if not np.isfinite(array).all():
        bad = np.count_nonzero(~np.isfinite(array))
        raise ValueError(f"has {bad:,} numbers that are infinite or none for {what}")
    return array
