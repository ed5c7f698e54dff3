"""A photo with what a network takes it for: its label, and a bar for each of the most probable classes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from googlenet.report.figure import as_text, new_figure, png

if TYPE_CHECKING:
    from PIL.Image import Image as Photo

HEIGHT = 4.5  # inches, of 100 pixels


def prediction_png(photo: Photo, name: str, best: Sequence[tuple[str, float]]) -> bytes:
    """The contents of a PNG file.

    photo: in RGB, upright; name: what to call it; best: (class, probability), the most probable first.
    """
    width = float(np.clip(HEIGHT * photo.width / photo.height, 2.5, 7))
    figure = new_figure(width + 5, HEIGHT + 0.5)
    picture, bars = figure.subplots(1, 2, width_ratios=(width, 4.5))
    label, probability = best[0]
    figure.suptitle(f"{as_text(label, round(6 * (width + 5)))}  {probability:.1%}", fontsize=14)
    picture.imshow(np.asarray(photo))
    picture.set_xlabel(as_text(name, round(9 * width)), fontsize=8, color="dimgray")
    picture.set(xticks=[], yticks=[])
    places = range(len(best))
    bars.barh(places, [p for _, p in best], color=["tab:blue"] + ["lightsteelblue"] * (len(best) - 1))
    bars.set_yticks(places, [as_text(class_name, 28) for class_name, _ in best])
    for place, (_, p) in enumerate(best):
        bars.text(p + 0.01, place, f"{p:.1%}", va="center", fontsize=9)
    bars.set(xlim=(0, 1.15), ylim=(len(best) - 0.4, -0.6), xticks=(0, 0.25, 0.5, 0.75, 1), xlabel="probability")
    bars.xaxis.set_major_formatter(lambda share, _: f"{share:.0%}")
    bars.spines[["top", "right"]].set_visible(False)
    return png(figure)
