"""Which classes are recognized, and what the others are taken for: a table, classes.csv, confusion.png."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from googlenet.report.figure import as_text, new_figure, png
from googlenet.report.text import fitted, shortened
from minicnn.checkpoint import write_atomically

NUMBERED, NAMED = 20, 120  # so many classes at most have numbers in their cells, and names at the edges
LINES = 50  # of a table on the screen


class ClassResult(NamedTuple):
    """One class among all. Shares are 0 to 1, or None where there is nothing to take a share of."""

    name: str
    number: int  # its index among the outputs of the network
    images: int  # how many there are
    right: int  # how many of them were recognized
    recall: float | None  # right / images
    precision: float | None  # right / all that were taken for this class
    taken_for: str | None  # the other class that they were taken for most often


def class_results(confusion: NDArray[np.int64], classes: Sequence[str]) -> list[ClassResult]:
    """From how many images of class i were taken for class j, confusion[i, j], (classes, classes)."""
    results = []
    for i, name in enumerate(classes):
        images, right, taken = int(confusion[i].sum()), int(confusion[i, i]), int(confusion[:, i].sum())
        others = np.where(np.arange(len(classes)) == i, 0, confusion[i])
        most = int(others.argmax())
        recall, precision = right / images if images else None, right / taken if taken else None
        results.append(ClassResult(name, i, images, right, recall, precision, classes[most] if others[most] else None))
    return results


def class_table(results: Sequence[ClassResult]) -> list[str]:
    """A table in 80 columns, without the classes of which there are no images.

    Of many classes those are shown that are recognized least.
    """
    shown = [result for result in results if result.recall is not None]
    more = len(shown) - LINES
    if more > 0:
        shown = sorted(shown, key=lambda result: result.recall or 0)[:LINES]
    lines = [f"{'class':<28}{'images':>8}{'right':>8}{'recall':>9}{'precision':>11}  taken for"]
    for r in shown:
        shares = f"{_percent(r.recall):>9}{_percent(r.precision):>11}"
        line = f"{fitted(r.name, 28)}{r.images:>8,}{r.right:>8,}{shares}  {shortened(r.taken_for or '', 14)}"
        lines.append(line.rstrip())
    return [*lines, f"and {more:,} classes that are recognized better"] if more > 0 else lines


def write_classes(path: Path, results: Sequence[ClassResult]) -> None:
    """All classes as a CSV file."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(ClassResult._fields)
    writer.writerows(results)
    write_atomically(path, [text.getvalue().encode()])


def draw_confusion(path: Path, confusion: NDArray[np.int64], classes: Sequence[str]) -> None:
    """confusion[i, j], how many images of class i were taken for class j, as a PNG: the rows in shares of the class."""
    write_atomically(path, [confusion_png(confusion, classes)])


def confusion_png(confusion: NDArray[np.int64], classes: Sequence[str]) -> bytes:
    """See `draw_confusion`."""
    count, images = len(classes), int(confusion.sum())
    shares = confusion / np.maximum(confusion.sum(axis=1, keepdims=True), 1)
    side = float(np.clip(0.55 * count, 3.5, 14))  # inches
    figure = new_figure(side + 2.2, side + 1.8)
    axes = figure.subplots()
    shown = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1, interpolation="nearest")
    axes.set(xlabel="taken for", ylabel="is")
    axes.set_title(f"{int(confusion.trace()):,} of {images:,} images right ({confusion.trace() / max(images, 1):.2%})")
    figure.colorbar(shown, ax=axes, format=lambda share, _: f"{share:.0%}", label="share of the class", shrink=0.7)
    if count <= NAMED:
        names, size = [as_text(name, 24) for name in classes], float(np.clip(72 * side / count * 0.7, 4, 10))
        fits = max(map(len, names)) * size * 0.7 < 72 * side / count  # a letter is about so wide, in points
        axes.set_xticks(range(count), names, fontsize=size, rotation=0 if fits else 90)
        axes.set_yticks(range(count), names, fontsize=size)
    if count <= NUMBERED:
        for i, j in np.argwhere(confusion):
            color = "white" if shares[i, j] > 0.5 else "black"
            axes.text(j, i, f"{confusion[i, j]:,}", ha="center", va="center", color=color, fontsize=8)
    return png(figure)


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.1%}"
