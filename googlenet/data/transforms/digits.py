"""Grayscale images such as digits: resized once and for all, and moved a little at random."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from googlenet.data.transforms import checks
from minicnn.arguments import number, whole_number


def resize(images: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """Resize square or other grayscale images to size x size pixels, bilinearly.

    images (N, H, W) uint8 -> (N, size, size) uint8, a new array. Shrinking averages over all pixels that fall into one
    (Pillow widens the filter), so that thin strokes do not get lost.
    Raises TypeError where images is no uint8 array or size no integer, ValueError where a shape or size is wrong.
    """
    checks.uint8("resize", "images", images)
    if images.ndim != 3 or 0 in images.shape[1:]:
        raise ValueError(f"resize: images has shape {images.shape}, expected (N, H, W)")
    size = whole_number("resize", "size", size, minimum=1)
    from PIL import Image

    resized = np.empty((len(images), size, size), np.uint8)
    for i, image in enumerate(images):
        resized[i] = np.asarray(Image.fromarray(image).resize((size, size), Image.Resampling.BILINEAR))
    return resized


def random_affine(
    image: NDArray[np.uint8], rng: np.random.Generator, degrees: float = 10.0, shift: float = 0.1, zoom: float = 0.1
) -> NDArray[np.uint8]:
    """Turn, scale and shift one image at random, a little: the same digit, as another hand might have placed it.

        p -> center + shift + scale * rotation(angle) (p - center)          (clockwise, since y points down)

    with angle in [-degrees, degrees], scale in [1 - zoom, 1 + zoom] and a shift in x and y of [-shift, shift] times the
    width and the height, each drawn uniformly from `rng`: always four numbers, so that the same generator state gives
    the same image. Resampling is bilinear; what comes in from outside is 0 (black).

    image (H, W) or (H, W, 3) uint8 -> the same shape, uint8, a new array.
    Raises TypeError where image is no uint8 array or rng no numpy Generator, ValueError where a shape is wrong, or a
    range: degrees in [0, 360), shift in [0, 1), zoom in [0, 1).
    """
    checks.pixels("random_affine", image)
    checks.generator("random_affine", rng)
    degrees = number("random_affine", "degrees", degrees, below=360)
    shift = number("random_affine", "shift", shift, below=1)
    zoom = number("random_affine", "zoom", zoom, below=1)
    from PIL import Image

    angle = math.radians(rng.uniform(-degrees, degrees))
    scale = rng.uniform(1 - zoom, 1 + zoom)
    height, width = image.shape[:2]
    shift_x, shift_y = width * rng.uniform(-shift, shift), height * rng.uniform(-shift, shift)

    # Pillow wants the way back, from output to input: p -> center + rotation(-angle) / scale (p - center - shift)
    cos, sin = math.cos(angle) / scale, math.sin(angle) / scale
    center_x, center_y = width / 2, height / 2
    moved_x, moved_y = center_x + shift_x, center_y + shift_y
    back = (
        cos, sin, center_x - cos * moved_x - sin * moved_y,
        -sin, cos, center_y + sin * moved_x - cos * moved_y,
    )  # fmt: skip
    moved = Image.fromarray(image).transform((width, height), Image.Transform.AFFINE, back, Image.Resampling.BILINEAR)
    return np.array(moved)
