"""A picture of a batch as the network will see it: augmented, cropped, in its own size, with its labels."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from googlenet.data.preprocessing import Preprocessing
from googlenet.report.figure import png, without_a_window_system
from minicnn.checkpoint import write_atomically
from minicnn.data import DataLoader

MOST = 64  # images in the picture
LONGEST = 16  # letters of a class's name


def show_batch(loader: DataLoader, path: Path, classes: Sequence[str], preprocessing: Preprocessing) -> int:
    """Draw the first batch of the loader's first epoch into a PNG file; the number of images in it.

    At most MOST of them. Nothing is changed by it: a training that follows begins with the same batch. Raises OSError
    where the file cannot be written, and what the loader raises for images that cannot be read.
    """
    x, labels = next(loader.batches(epoch=0))
    write_atomically(path, [draw_batch(x[:MOST], labels[:MOST], classes, preprocessing)])
    return min(len(x), MOST)


def draw_batch(
    x: NDArray[np.float32],
    labels: NDArray[np.int64] | NDArray[np.float32],
    classes: Sequence[str],
    preprocessing: Preprocessing,
) -> bytes:
    """x (N, channels, H, W), normalized, in a grid, each image below the name of its class, as a PNG.

    labels (N,) the classes, or (N, classes) their probabilities: then all that an image has, with their shares.
    Each pixel of an image covers the same whole number of the picture's, so that nothing is smoothed over.
    """
    with without_a_window_system():
        from matplotlib.figure import Figure

    count, _, height, width = x.shape
    columns = min(count, 8)
    rows = -(-count // columns)
    zoom = max(1, round(128 / width))  # small images are drawn larger, about 128 pixels wide
    image_width, image_height, title, gap = zoom * width, zoom * height, 34, 12  # in pixels of the picture
    cell_width, cell_height = max(image_width, 110) + gap, image_height + title + gap
    total_width, total_height = columns * cell_width + gap, rows * cell_height + gap
    figure = Figure(figsize=(total_width / 100, total_height / 100), dpi=100)
    for number, (image, label) in enumerate(zip(x, labels, strict=True)):
        row, column = divmod(number, columns)
        left = gap + column * cell_width + (cell_width - gap - image_width) // 2
        bottom = total_height - (row + 1) * cell_height
        pixels = preprocessing.to_pixels(image).repeat(zoom, axis=0).repeat(zoom, axis=1)
        figure.figimage(pixels, left, bottom, origin="upper")
        figure.text(
            (left + image_width / 2) / total_width, (bottom + image_height + 4) / total_height, name_of(label, classes),
            ha="center", va="bottom", fontsize=8, linespacing=1.0, parse_math=False,
        )  # fmt: skip
    return png(figure)


def name_of(label: NDArray[np.int64] | NDArray[np.float32], classes: Sequence[str]) -> str:
    """The class of a label (a number); of probabilities, "tulips 70 %" in a line for each, the likelier first."""
    if np.ndim(label) == 0:
        return shortened(classes[int(label)])
    likeliest = [int(k) for k in np.argsort(-label, kind="stable")[:2]]
    return "\n".join(f"{shortened(classes[k])} {label[k]:.0%}" for k in likeliest if round(100 * float(label[k])) > 0)


def shortened(name: str) -> str:
    """A class's name on one line, with an ellipsis where it is cut off."""
    name = " ".join(name.split())
    return name if len(name) <= LONGEST else name[: LONGEST - 1] + "…"
