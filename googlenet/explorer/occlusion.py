"""Occlusion: a patch without content slides over the picture; where it makes the class less probable, there it was.

Source: Zeiler and Fergus, "Visualizing and Understanding Convolutional Networks", arXiv 1311.2901, section 4.2.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

import minicnn.functional as F
from googlenet.model import GoogLeNet
from minicnn.tensor import Tensor, no_grad

SIDE = 1 / 4  # of the patch, as a part of the picture's
MOST, FEWEST = 16, 4  # positions along an axis
PIXELS = 12_000_000  # that go through the network, about: half a minute on two cores
BATCH_SIZE = 16


@dataclass(frozen=True)
class Occlusion:
    """probabilities (n, n) of the class, with the patch in the middle of each of n x n equal parts of the picture.

    without: the probability of the whole picture. patch: its height and width in pixels; it is cut off at the border.
    """

    probabilities: NDArray[np.float32]
    without: float
    patch: tuple[int, int]


def occlusion(
    model: GoogLeNet, x: NDArray[np.float32], label: int, watch: Callable[[Iterable[int]], Iterable[int]] = iter
) -> Occlusion:
    """Of a picture x (1, C, H, W), as the network gets it. watch: gets the numbers of the batches, for a progress bar.

    The patch has the picture's mean color, which says least.
    """
    height, width = x.shape[2:]
    patch = max(1, round(SIDE * height)), max(1, round(SIDE * width))
    count = positions(height, width)
    boxes = [(box(i, count, height, patch[0]), box(j, count, width, patch[1])) for i, j in np.ndindex(count, count)]
    color = x.mean(axis=(2, 3))[0, :, np.newaxis, np.newaxis]
    found = []
    for start in watch(range(0, len(boxes), BATCH_SIZE)):
        part = boxes[start : start + BATCH_SIZE]
        batch = np.repeat(x, len(part), axis=0)
        for image, (rows, columns) in zip(batch, part, strict=True):
            image[:, rows, columns] = color
        found += probabilities(model, batch, label)
    array = np.array(found, np.float32).reshape(count, count)
    return Occlusion(array, probabilities(model, x, label)[0], patch)


def positions(height: int, width: int) -> int:
    """How many positions along an axis there is time for; no more than pixels."""
    affordable = int((PIXELS / (height * width)) ** 0.5)
    return min(max(FEWEST, min(MOST, affordable)), height, width)


def box(number: int, count: int, length: int, patch: int) -> slice:
    """Where position `number` of `count` lies along an axis: around the middle of its part of it."""
    start = round((number + 0.5) * length / count - patch / 2)
    return slice(max(0, start), start + patch)


def probabilities(model: GoogLeNet, x: NDArray[np.float32], label: int) -> list[float]:
    """That of the class for each image, in evaluation mode."""
    with no_grad():
        p = F.softmax(model.eval()(Tensor(x)), axis=1).data
    return [float(value) for value in p[:, label]]
