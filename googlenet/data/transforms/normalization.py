"""From pixels, 0 to 255, to numbers with about mean 0 and variance 1: the last step before the network."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from googlenet.data.transforms import checks
from minicnn.arguments import number

# Mean and standard deviation of all pixels of MNIST's 60,000 training images, as fractions of 255: 0.13066 and 0.30811
# when computed from the official file; rounded as in PyTorch's MNIST example (pytorch/examples, mnist/main.py).
MNIST_MEAN = 0.1307
MNIST_STD = 0.3081

# Of the red, green and blue pixels of ImageNet's training images: the numbers that everybody uses, for any photos.
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


def normalize(images: NDArray[np.uint8], mean: float = MNIST_MEAN, std: float = MNIST_STD) -> NDArray[np.float32]:
    """(images / 255 - mean) / std: about mean 0 and variance 1, where mean and std are those of the data set.

    images of any shape, uint8 -> float32 of the same shape; mean and std are fractions of 255.
    Raises TypeError where images is no uint8 array, ValueError for a mean below 0, a std below 1e-6, or one not finite.
    """
    checks.uint8("normalize", "images", images)
    mean = number("normalize", "mean", mean)
    std = number("normalize", "std", std, minimum=1e-6)
    normalized: NDArray[np.float32] = np.divide(images, 255, dtype=np.float32)
    normalized -= mean
    normalized /= std
    return normalized


def normalize_rgb(
    image: NDArray[np.uint8], mean: Sequence[float] = IMAGENET_MEAN, std: Sequence[float] = IMAGENET_STD
) -> NDArray[np.float32]:
    """(image / 255 - mean) / std, each color with its own mean and std, as fractions of 255.

    image (H, W, 3) uint8 -> (3, H, W) float32, a view of memory in the order (H, W, 3), the channels last.
    Raises TypeError where image is no uint8 array, ValueError where its shape is wrong, where mean or std are not
    three, and for a mean below 0, a std below 1e-6, or one that is not finite.
    """
    checks.uint8("normalize_rgb", "image", image)
    if image.ndim != 3 or image.shape[2] != 3 or 0 in image.shape:
        raise ValueError(f"normalize_rgb: image has shape {image.shape}, expected (H, W, 3)")
    means = _of_three_colors("mean", mean, minimum=0)
    stds = _of_three_colors("std", std, minimum=1e-6)
    height, width, _ = image.shape
    # As image * scale + shift, on rows of numbers (r, g, b, r, g, b, ...): NumPy's inner loop runs along the last axis,
    # and is slow if that has length 3.
    scale, shift = np.tile(1 / (255 * stds), width), np.tile(-means / stds, width)
    normalized: NDArray[np.float32] = image.reshape(height, width * 3).astype(np.float32)
    normalized *= scale.astype(np.float32)
    normalized += shift.astype(np.float32)
    return normalized.reshape(height, width, 3).transpose(2, 0, 1)


def _of_three_colors(name: str, values: Sequence[float], minimum: float) -> NDArray[np.float64]:
    if not isinstance(values, Sequence | np.ndarray) or len(values) != 3:
        raise ValueError(f"normalize_rgb: {name} is {values!r}, expected three numbers: for red, green and blue")
    return np.array([number("normalize_rgb", f"{name}[{i}]", value, minimum) for i, value in enumerate(values)])
