"""A photo from a file: opened, or refused with a reason; its pixels as colors; which side of it is up.

Pillow reads the files. What it leaves to its users is here: which kinds of files to take, how large they may be, and
that red is red in every kind of them.
"""

from __future__ import annotations

import re
import stat
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from PIL.Image import Image as Photo

# What files are taken for, by their contents. Not all that Pillow can open: of EPS, for one, it runs a program.
FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "PPM", "AVIF", "JPEG2000", "TGA")

# The header of an image of 100 KB may ask for all memory there is. Half a GB of colors is the limit, and Pillow's, too.
MAX_PIXELS = 2**29 // 3

# EXIF 2.32, tag 0x0112: which corner of the scene the first pixel shows, 1 (upright) to 8.
ORIENTATION_TAG = 0x0112

WITH_ALPHA = ("LA", "La", "PA", "RGBA", "RGBa")  # not LAB, whose A is a color
HEIC = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")  # ISO/IEC 23008-12, the brands


class UnreadableImage(OSError):
    """A file that is no image, or a damaged one. `reason` says why, in words; the message names the path, too."""

    def __init__(self, path: str | Path, error: Exception | str) -> None:
        self.reason = error if isinstance(error, str) else _reason(error)
        super().__init__(f"{path} cannot be read: {self.reason}. Replace the file, or remove it")


def open_photo(path: str | Path) -> Photo:
    """A photo whose header was read, and its pixels not yet: `with open_photo(path) as photo`.

    So a large JPEG need not be decoded whole (transforms.py). Of an animation the first picture is taken.
    Raises UnreadableImage, an OSError, for what is no image, is empty, or has more than MAX_PIXELS pixels. Damage
    further behind shows when the pixels are read; Pillow raises errors of many kinds then.
    """
    from PIL import Image, UnidentifiedImageError

    _silence_pillow()
    try:
        if not stat.S_ISREG(Path(path).stat().st_mode):  # to open a pipe would wait for its writer
            raise UnreadableImage(path, "it is no regular file")
        Image.init()
        photo = Image.open(path, formats=[name for name in FORMATS if name in Image.OPEN])
    except UnidentifiedImageError as error:
        with open(path, "rb") as file:
            raise UnreadableImage(path, _what_it_is(file.read(512))) from error
    except UnreadableImage:
        raise
    except Exception as error:
        raise UnreadableImage(path, error) from error
    width, height = photo.size
    if not 0 < width * height <= MAX_PIXELS:
        photo.close()
        raise UnreadableImage(path, f"it has {width} x {height} pixels, expected 1 to {MAX_PIXELS:,}")
    return photo


def averageable(image: Photo) -> Photo:
    """The image as RGB or L (gray), 8 bits each, whose pixels may be averaged: every other kind is converted.

    Colors of a palette, hues and the like have no average. Where an image is transparent, white shines through. Gray of
    16 bits loses the lower 8. Gray as floating point numbers is taken for 0 to 1, or 0 to 255 where some are above 1.
    Raises ValueError where gray is in none of these ranges, and what Pillow raises for a damaged file.
    """
    from PIL import Image

    if image.mode == "F" or image.mode.startswith("I"):
        return Image.fromarray(_to_8_bits(np.asarray(image), image.info.get("transparency")))
    if image.mode in WITH_ALPHA or "transparency" in image.info:
        if image.mode == "La":  # for which Pillow has no other way
            image = image.convert("LA")
        white = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(white, image.convert("RGBA")).convert("RGB")
    return image if image.mode in ("RGB", "L") else image.convert("RGB")


def orientation(image: Photo) -> int:
    """EXIF's orientation of an image, 1 (upright) to 8; 1 where there is none, or nonsense."""
    try:
        value = image.getexif().get(ORIENTATION_TAG, 1)
    except Exception:  # of damaged EXIF data Pillow raises errors of many kinds; the pixels may be good
        return 1
    return value if value in range(1, 9) else 1


def _to_8_bits(gray: np.ndarray, transparent: object) -> np.ndarray:
    """Gray as 16 or 32 bits or floating point numbers, (H, W) -> (H, W) uint8. `transparent`: the value that is."""
    lowest, highest = gray.min(), gray.max()
    if not (lowest >= 0 and highest <= (255 if gray.dtype.kind == "f" else 0xFFFF)):  # not: NaN is in no range
        kind = "0 to 1 or 0 to 255" if gray.dtype.kind == "f" else "0 to 65535"
        raise ValueError(f"its gray goes from {lowest:g} to {highest:g}, expected {kind}: save it with 8 bits")
    if gray.dtype.kind == "f":
        return np.rint(gray * 255 if highest <= 1 else gray).astype(np.uint8)
    eight = (gray >> 8).astype(np.uint8)
    if isinstance(transparent, int):
        eight[gray == transparent] = 255
    return eight


def _silence_pillow() -> None:
    """From now on Pillow warns of nothing in this process: a file is read, or there is an error that says why not."""
    silent = ("ignore", None, Warning, re.compile(r"PIL\."), 0)
    if silent not in warnings.filters:
        warnings.filterwarnings("ignore", module=r"PIL\.")


def _reason(error: Exception) -> str:
    """Why an image cannot be read, as one line: the words of Pillow or of the system, with a few of our own."""
    from PIL import Image

    if isinstance(error, UnreadableImage):
        return error.reason
    if isinstance(error, MemoryError):
        return "there is not enough memory for its pixels"
    if isinstance(error, Image.DecompressionBombError):
        return f"it has more than {MAX_PIXELS:,} pixels"
    text = " ".join(str(getattr(error, "strerror", None) or error).split())
    if isinstance(error, (OSError, ValueError)) and text:
        return text
    return f"it is damaged ({type(error).__name__}: {text})"  # SyntaxError, struct.error, IndexError and many more


def _what_it_is(start: bytes) -> str:
    """Why a file that begins so is not taken for an image."""
    text = start.lstrip().lower()
    if not start:
        return "it is empty"
    if not any(start):
        return "it begins with zeros alone, as what was never written to the disk"
    if start[4:8] == b"ftyp" and start[8:12] in HEIC:
        return (
            "it is a HEIC photo, which Pillow does not read: convert it to JPEG (for new ones, an iPhone has Settings, "
            "Camera, Formats, Most Compatible)"
        )
    if text.startswith((b"<!doctype html", b"<html")):
        return "it is a web page in place of an image"
    if b"<svg" in text:
        return "it is a drawing (SVG): save it as PNG"
    if start.startswith(b"version https://git-lfs"):
        return "it is a pointer of Git LFS: `git lfs pull` gets the image"
    if start.startswith((b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"RIFF", b"BM", b"II*\0", b"MM\0*")):
        return "its header is damaged or cut off"
    return f"it is no image, or of a kind that is not read here ({', '.join(FORMATS)})"
