"""Pictures that a page carries in itself: what was shown to the network, and the filters of its first layer."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

LARGEST = 128  # pixels along a side


def data_uri(pixels: NDArray[np.uint8], photo: bool = False) -> str:
    """An image, (H, W) gray or (H, W, 3) RGB, as an address that is its own content: JPEG for a photo, else PNG."""
    from PIL import Image

    image, file = Image.fromarray(np.ascontiguousarray(pixels)), io.BytesIO()
    if max(image.size) > LARGEST:
        image.thumbnail((LARGEST, LARGEST))
    if photo:
        image.save(file, "JPEG", quality=85)
    else:
        image.save(file, "PNG", optimize=True)
    return f"data:image/{'jpeg' if photo else 'png'};base64,{base64.b64encode(file.getvalue()).decode()}"


def thumbnail(picture: Callable[[int], NDArray[np.uint8]], index: int) -> str | None:
    """The address of picture(index); None where its file is gone or broken by now: a page is not worth a run."""
    try:
        pixels = picture(index)
    except Exception:  # Pillow raises many kinds
        return None
    return data_uri(pixels, photo=pixels.ndim == 3 and min(pixels.shape[:2]) > 40)


def filter_sheet(weight: NDArray[np.floating], order: str) -> NDArray[np.uint8]:
    """The kernels of a convolution (filters, channels, KH, KW) side by side, eight in a row: uint8 (H, W, 3) or (H, W).

    Middle gray is 0; each filter is scaled by its own largest weight. order: that of the channels, L, RGB or BGR. The
    lines between are one pixel wide.
    """
    weight = np.asarray(weight, np.float32)
    if order == "BGR":
        weight = weight[:, ::-1]
    largest = np.abs(weight).max(axis=(1, 2, 3), keepdims=True)
    tiles = np.rint(127.5 + 127.5 * weight / np.maximum(largest, 1e-12)).astype(np.uint8).transpose(0, 2, 3, 1)
    count, height, width, channels = tiles.shape
    rows = -(-count // 8)
    sheet = np.full((rows * (height + 1) - 1, min(count, 8) * (width + 1) - 1, channels), 255, np.uint8)
    for i, tile in enumerate(tiles):
        top, left = i // 8 * (height + 1), i % 8 * (width + 1)
        sheet[top : top + height, left : left + width] = tile
    return sheet[:, :, 0] if channels == 1 else sheet
