"""All maps of a place as one picture: a tile a channel, in colors from which the numbers can be read back.

A root scale shows faint values of a map too: at a quarter of the largest one, a color is half of the way there.
"""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from PIL.Image import Image as Photo

# Evenly spaced colors. Signed: blue below 0, red above, told apart by the color-blind as well (ColorBrewer's RdBu).
SIGNED = ("#053061", "#2166ac", "#92c5de", "#f7f7f7", "#f4a582", "#b2182b", "#67001f")
UNSIGNED = ("#000000", "#ffffff")
HEAT = ("#ffd000", "#ff2000")  # laid over a picture, transparent where it is 0
LEVELS = 255  # colors of a picture: odd, so that 0 has one of its own between the negative and the positive ones
FEW_LEVELS = 15  # half a byte a pixel, before it is packed


def strongest_first(y: NDArray[np.floating]) -> list[int]:
    """The channels of y (C, H, W), or the numbers of y (C,), the largest absolute value first; of equals the first."""
    strength = np.abs(y.reshape(len(y), -1)).max(axis=1)
    return [int(channel) for channel in np.argsort(-strength, kind="stable")]


def is_signed(y: NDArray[np.floating]) -> bool:
    """Whether a picture of it needs colors for both signs."""
    return bool(y.min() < 0)


def shares(values: NDArray[np.floating], largest: float) -> NDArray[np.floating]:
    """Each value as a part of the largest one, -1 to 1; 0 where that is 0."""
    return values / largest if largest > 0 else np.zeros_like(values)


def quantized(parts: NDArray[np.floating], levels: int, signed: bool) -> NDArray[np.uint8]:
    """Each part, -1 to 1 or, unless signed, 0 to 1, as the number of its color, 0 to levels - 1: of the same shape."""
    middle = (levels - 1) / 2
    return np.rint(middle * (1 + parts) if signed else (levels - 1) * parts).astype(np.uint8)


def atlas(
    y: NDArray[np.floating], order: Sequence[int], signed: bool, levels: int = LEVELS, half: bool = False
) -> dict[str, Any]:
    """The channels of `order` as tiles, as the page has it: y (C, H, W), or (C,), whose tiles are single pixels.

    The way back from the number p of a color: t = 2 p / (levels - 1) - 1 where signed, else p / (levels - 1); the value
    is sign(t) * t^2 * highest. half: each tile has a pixel for four of the map, their mean.
    """
    maps = y.reshape(len(y), *(y.shape[1:] or (1, 1)))
    largest = float(np.abs(y).max())  # of all channels, so that pictures of the same place can be compared
    chosen = maps[list(order)]
    parts = shares(halved(chosen) if half else chosen, largest)
    pixels = quantized(np.sign(parts) * np.sqrt(np.abs(parts)), levels, signed)
    count, height, width = pixels.shape
    columns = math.ceil(math.sqrt(count * height / width))  # about a square
    rows = -(-count // columns)
    sheet = np.full((rows * columns, height, width), (levels - 1) // 2 if signed else 0, np.uint8)
    sheet[:count] = pixels
    sheet = sheet.reshape(rows, columns, height, width).transpose(0, 2, 1, 3).reshape(rows * height, columns * width)
    return {
        "src": png(sheet, SIGNED if signed else UNSIGNED, levels),
        "tile": [height, width],
        "columns": columns,
        "count": count,
        "lowest": -largest if signed else 0.0,
        "highest": largest,
        "levels": levels,
        "signed": signed,
    }


def halved(maps: NDArray[np.floating]) -> NDArray[np.floating]:
    """(C, H, W) -> (C, ceil(H / 2), ceil(W / 2)): the mean of each 2x2 pixels; a last odd row or column is repeated."""
    _, height, width = maps.shape
    even = np.pad(maps, [(0, 0), (0, height % 2), (0, width % 2)], mode="edge")
    return even.reshape(len(maps), -(-height // 2), 2, -(-width // 2), 2).mean(axis=(2, 4))


def overlay(values: NDArray[np.floating], signed: bool) -> dict[str, Any]:
    """(h, w) to be laid over the picture, stretched to its size: the nearer to 0, the more transparent, evenly."""
    largest = float(np.abs(values).max())
    numbers = quantized(shares(values, largest), LEVELS, signed)
    strength = np.abs(np.linspace(-1, 1, LEVELS) if signed else np.linspace(0, 1, LEVELS))
    return {
        "src": png(numbers, SIGNED if signed else HEAT, LEVELS, np.rint(255 * strength).astype(np.uint8)),
        "size": list(values.shape),
        "lowest": -largest if signed else 0.0,
        "highest": largest,
    }


def png(numbers: NDArray[np.uint8], stops: Sequence[str], levels: int, alphas: NDArray[np.uint8] | None = None) -> str:
    """A picture of numbers (H, W) as an address that is its own content, the colors evenly between `stops`.

    alphas: how opaque each color is, 0 to 255. A PNG with a palette: its pixels are the numbers, and of at most 16
    colors two share a byte.
    """
    from PIL import Image

    image = Image.fromarray(np.ascontiguousarray(numbers))
    image.putpalette(palette(stops, levels).tobytes())
    more = {} if alphas is None else {"transparency": alphas.tobytes()}
    return address(image, **more)


def address(image: Photo, **options: Any) -> str:
    """A picture as an address that is its own content, every pixel as it is: a PNG. options: those of Pillow's PNG."""
    file = io.BytesIO()
    image.save(file, "PNG", **options)
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"


def palette(stops: Sequence[str], levels: int) -> NDArray[np.uint8]:
    """So many colors, evenly spaced along the stops: (levels, 3)."""
    known = np.array([[int(stop[i : i + 2], 16) for i in (1, 3, 5)] for stop in stops])
    at = np.linspace(0, len(stops) - 1, levels)
    channels = [np.interp(at, range(len(stops)), known[:, channel]) for channel in range(3)]
    return np.rint(np.stack(channels, axis=1)).astype(np.uint8)
