"""Argument checks that the transforms share. Each names the function and the argument that are wrong."""

from __future__ import annotations

from typing import Any

import numpy as np


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
