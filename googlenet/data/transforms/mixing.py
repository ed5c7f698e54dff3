"""A part of an image hidden, and two images in one: what makes a network look at more than one trait."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from googlenet.data.transforms import checks
from minicnn.arguments import number

Sample = tuple[NDArray[np.float32], NDArray[np.float32]]  # x, and the probability of each class


def cutout(
    image: NDArray[np.uint8], rng: np.random.Generator, share: float = 0.5, fill: int | Sequence[int] = 128
) -> NDArray[np.uint8]:
    """One square of the image is hidden (DeVries and Taylor, "Improved Regularization ... with Cutout", 1708.04552).

    Its side is `share` of the shorter side of the image, its center any pixel, each equally likely: a part of the
    square may lie outside, which the paper found to matter. It is filled with `fill`, a number or one for each color;
    the paper fills with the mean of the data. Always draws two numbers.

    image (H, W) or (H, W, 3) uint8 -> the same shape, uint8, a new array.
    Raises TypeError where image is no uint8 array, rng no numpy Generator or share no number, ValueError for another
    shape, or a share outside of [0, 1].
    """
    checks.pixels("cutout", image)
    checks.generator("cutout", rng)
    share = checks.strength("cutout", "share", share)
    height, width = image.shape[:2]
    side = round(share * min(height, width))
    y, x = rng.random(2)
    top, left = int(y * height) - side // 2, int(x * width) - side // 2
    hidden = image.copy()
    hidden[max(0, top) : max(0, top + side), max(0, left) : max(0, left + side)] = fill
    return hidden


def mixup(sample: Sample, other: Sample, rng: np.random.Generator, alpha: float = 0.2) -> Sample:
    """A weighted mean of two samples, of the images and of their labels (Zhang et al., "mixup", arXiv 1710.09412).

        x = share x_1 + (1 - share) x_2,    y = share y_1 + (1 - share) y_2,    share ~ Beta(alpha, alpha)

    A small alpha leaves most pairs nearly unmixed; with 1 all shares are equally likely. The paper: 0.2 on ImageNet.

    A sample is (x, y): x float32, normalized, of the same shape in both; y (classes,) the probability of each class
    (`one_hot`). Raises TypeError where rng is no numpy Generator or alpha no number, ValueError for an alpha that is
    not above 0, and where the shapes differ.
    """
    checks.generator("mixup", rng)
    alpha = number("mixup", "alpha", alpha, minimum=1e-6)
    for name, a, b in zip(("x", "y"), sample, other, strict=True):
        if a.shape != b.shape:
            raise ValueError(f"mixup: {name} has shape {a.shape} in the one sample, {b.shape} in the other")
    share = np.float32(rng.beta(alpha, alpha))
    x, y = (share * a + (1 - share) * b for a, b in zip(sample, other, strict=True))
    return x, y


def one_hot(label: Any, classes: int) -> NDArray[np.float32]:
    """The probability of each class (classes,) where the label is certain: 1 for it, 0 for all others."""
    row = np.zeros(classes, np.float32)
    row[label] = 1
    return row
