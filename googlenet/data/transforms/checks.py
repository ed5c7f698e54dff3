"""Argument checks that the transforms share. Each names the function and the argument that are wrong."""

from __future__ import annotations

from typing import Any

import numpy as np

from minicnn.arguments import number


def photo(function: str, image: Any) -> None:
    from PIL import Image

    if not isinstance(image, Image.Image):
        raise TypeError(f"{function}: image is a {type(image).__name__}, expected a PIL.Image.Image")


def generator(function: str, rng: Any) -> None:
    if not isinstance(rng, np.random.Generator):
        raise TypeError(f"{function}: rng is a {type(rng).__name__}, expected a numpy.random.Generator")


def uint8(function: str, argument: str, images: Any) -> None:
    if not isinstance(images, np.ndarray) or images.dtype != np.uint8:
        kind = f"{images.dtype} array" if isinstance(images, np.ndarray) else type(images).__name__
        raise TypeError(f"{function}: {argument} is a {kind}, expected a numpy array of uint8 (0 to 255)")


def pixels(function: str, image: Any) -> None:
    uint8(function, "image", image)
    if image.shape[2:] not in ((), (3,)) or image.ndim < 2 or 0 in image.shape:
        raise ValueError(f"{function}: image has shape {image.shape}, expected (H, W) or (H, W, 3)")


def strength(function: str, name: str, value: Any, most: float = 1.0) -> float:
    """The option as a Python float, once it has been checked to be from 0 to `most`."""
    value = number(function, name, value)
    if value > most:
        raise ValueError(f"{function}: {name} is {value!r}, expected a number from 0 to {most:g}")
    return value
