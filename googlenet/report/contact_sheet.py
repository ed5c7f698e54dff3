"""A contact sheet: a few images of every class, from the training and from the validation images, on one PNG."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from googlenet.data.images import Images
from googlenet.data.source import ImageData
from googlenet.data.transforms import center_crop, whole
from googlenet.report.text import printable
from minicnn.checkpoint import write_atomically

if TYPE_CHECKING:
    from PIL.Image import Image as Picture
    from PIL.ImageFont import FreeTypeFont

TILE, GAP, CAPTION, MARGIN = 88, 4, 22, 14  # pixels
MOST_CLASSES = 120  # what is more would make a sheet that nobody looks at: the first ones then
PAPER, INK, GRAY, VAL_COLOR, BROKEN = "white", "black", "#666666", "#d97706", "#eeeeee"


def draw_contact_sheet(path: Path, data: ImageData) -> None:
    """Write the `contact_sheet` as a PNG. Raises OSError where it cannot be written."""
    png = io.BytesIO()
    contact_sheet(data).save(png, "PNG")
    write_atomically(path, [png.getvalue()])


def contact_sheet(data: ImageData) -> Picture:
    """For each class its number, name and counts, some of its training images and, framed, of its validation images.

    They are spread evenly over the class, without chance: the same data make the same sheet.
    """
    from PIL import Image, ImageDraw

    classes = list(enumerate(data.classes))[:MOST_CLASSES]
    few = len(classes) <= 24
    of_train, of_val = (6, 2) if few else (3, 1)  # images of each class
    across = (1 if len(classes) <= 6 else 2) if few else 4
    down = -(-len(classes) // across)
    block = (of_train + of_val) * (TILE + GAP) + 2 * GAP, CAPTION + TILE + 3 * GAP
    top = MARGIN + 2 * CAPTION + GAP
    sheet = Image.new("RGB", (MARGIN + across * (block[0] + MARGIN), top + down * block[1] + MARGIN), PAPER)
    draw, large, small = ImageDraw.Draw(sheet), _font(17), _font(13)
    draw.text((MARGIN, MARGIN), _cut(_title(data), large, sheet.width - 2 * MARGIN), INK, large)
    legend = f"of each class up to {of_train} for training, and {of_val} for validation in an orange frame"
    if len(classes) < len(data.classes):
        legend += f"; the first {len(classes)} classes"
    draw.text((MARGIN, MARGIN + CAPTION + 2), legend, GRAY, small)
    for label, name in classes:
        column, row = divmod(label, down)  # downwards, as a list is read
        x, y = MARGIN + column * (block[0] + MARGIN), top + row * block[1]
        counts = ", ".join(
            f"{np.count_nonzero(images.labels == label):,} {part}"
            for part, images in (("train", data.train), ("val", data.val))
        )
        room = block[0] - 2 * GAP - small.getlength(f"  {counts}")
        caption = _cut(f"{label}  {name}", small, room)
        draw.text((x, y), caption, INK, small)
        draw.text((x + small.getlength(f"{caption}  "), y), counts, GRAY, small)
        y += CAPTION
        for number, index in enumerate(evenly(data.train, label, of_train)):
            sheet.paste(tile(data.train, index, data.kind), (x + number * (TILE + GAP), y))
        for number, index in enumerate(evenly(data.val, label, of_val)):
            left = x + (of_train + number) * (TILE + GAP) + 2 * GAP
            draw.rectangle((left - 3, y - 3, left + TILE + 2, y + TILE + 2), VAL_COLOR)
            sheet.paste(tile(data.val, index, data.kind), (left, y))
    return sheet


def evenly(images: Images, label: int, count: int) -> list[int]:
    """The numbers of up to `count` images of a class, from its first to its last."""
    there = np.flatnonzero(images.labels == label)
    count = min(count, len(there))
    return [int(there[i]) for i in np.linspace(0, len(there) - 1, count).round().astype(int)]


def tile(images: Images, index: int, kind: str) -> Picture:
    """What evaluation sees of one image, TILE pixels square: digits whole, of photos the middle. A cross: not read."""
    from PIL import Image, ImageDraw

    try:
        with images.open(index) as image:
            return whole(image, TILE) if kind == "digits" else center_crop(image, TILE)
    except MemoryError:
        raise
    except Exception:  # of a broken file, Pillow raises OSError, SyntaxError, struct.error and many more
        broken = Image.new("RGB", (TILE, TILE), BROKEN)
        draw = ImageDraw.Draw(broken)
        draw.line((0, 0, TILE, TILE), GRAY, 2)
        draw.line((0, TILE, TILE, 0), GRAY, 2)
        return broken


def _title(data: ImageData) -> str:
    counts = f"{len(data.train):,} training and {len(data.val):,} validation images"
    return f"{data.name}: {len(data.classes):,} classes, {counts}"


def _font(size: int) -> FreeTypeFont:
    """DejaVu Sans, which comes with matplotlib: Latin, Greek, Cyrillic, Arabic; what it lacks is an empty box."""
    import matplotlib
    from PIL import ImageFont

    return ImageFont.truetype(str(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"), size)


def _cut(text: str, font: FreeTypeFont, room: float) -> str:
    """As much of the text as fits into so many pixels, with ".." where something is left out."""
    text = printable(text)
    if font.getlength(text) <= room:
        return text
    while text and font.getlength(f"{text}..") > room:
        text = text[:-1]
    return f"{text}.."
