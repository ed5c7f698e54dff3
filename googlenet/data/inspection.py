"""What a data set holds, before anything is trained on it: sizes, channels, duplicates, leaks, what cannot be read."""

from __future__ import annotations

import hashlib
import os
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from googlenet.data.check import LARGE
from googlenet.data.duplicates import SIDE, SMALLEST, equal_pairs, near_pairs, perceptual_hash
from googlenet.data.images import FileImages, Images
from googlenet.data.photo import UnreadableImage, orientation
from googlenet.data.source import ImageData
from googlenet.data.transforms import whole

if TYPE_CHECKING:
    from PIL.Image import Image as Photo

VERY_SMALL = 32  # pixels of the shorter side: the network takes no smaller images, so that these are blown up
MOST_HASHES = 100_000  # comparing them all takes 20 seconds; of more images only equal ones are found
MOST_NEAR = 10  # pairs for each image: what has more are pictures that the hash cannot tell apart

# How an image's pixels are stored, in words. https://pillow.readthedocs.io/en/stable/handbook/concepts.html#modes
STORED = {
    "1": "black and white", "L": "gray", "LA": "gray with transparency", "La": "gray with transparency",
    "P": "palette", "PA": "palette with transparency", "RGB": "RGB", "RGBA": "RGB with transparency",
    "RGBa": "RGB with transparency", "CMYK": "CMYK", "YCbCr": "YCbCr", "LAB": "LAB", "HSV": "HSV",
    "F": "floating-point gray",
}  # fmt: skip
COLORLESS = "gray saved as RGB"

_ONE_LARGE = threading.Lock()  # held while a large image is decoded: two at a time could take all memory


@dataclass(frozen=True)
class Look:
    """What one decoding tells of an image. Where it could not be read, `problem` says why, and nothing else counts."""

    width: int = 0  # upright, in pixels
    height: int = 0
    stored: str = ""  # a value of STORED
    turned: bool = False  # its EXIF data says that it lies on its side, on its head, or is mirrored
    animated: bool = False  # of which the first picture is used
    file: bytes | None = None  # a digest of the bytes of its file
    pixels: bytes | None = None  # a digest of its decoded pixels
    hash: int | None = None  # None: too small for it, or nothing to see
    problem: str = ""


@dataclass(frozen=True)
class Place:
    """Where an image is in the data set."""

    part: str  # train or val
    label: str  # the name of its class
    name: str


@dataclass(frozen=True)
class Pair:
    """Two images of the same picture."""

    one: Place
    other: Place
    how: str  # "same file", "same pixels", "similar"
    bits: int = 0  # of the 64 of the perceptual hash, in which they differ

    @property
    def leaks(self) -> bool:
        """One is trained on, the other is what the network is judged by."""
        return self.one.part != self.other.part

    @property
    def contradicts(self) -> bool:
        return self.one.label != self.other.label


@dataclass(frozen=True)
class Spread:
    smallest: float
    median: float
    largest: float


@dataclass(frozen=True)
class Inspection:
    """The findings. Everything but the counts of the classes is about the images that can be read."""

    name: str
    kind: str
    where: str
    notes: tuple[str, ...]
    classes: tuple[str, ...]
    train: tuple[int, ...]  # images of each class, the unreadable ones too
    val: tuple[int, ...]
    widths: Spread | None  # in pixels; None where no image can be read
    heights: Spread | None
    aspects: Spread | None  # width / height
    very_small: tuple[Place, ...]  # the shorter side below VERY_SMALL
    stored: dict[str, int]  # how many images have which channels, the most frequent first
    turned: int
    animated: int
    pairs: tuple[Pair, ...]  # the equal ones first, then the similar ones, the most similar first
    not_compared: str  # why no similar images were looked for among some, or all; "" where all were
    unreadable: tuple[tuple[Place, str], ...]  # with the reason

    @property
    def balance(self) -> float:
        """How many times as many training images the largest class has as the smallest; inf where one has none."""
        return max(self.train) / min(self.train) if min(self.train) else float("inf")


def inspect(
    data: ImageData, threads: int | None = None, watch: Callable[[Iterator[Look]], Iterable[Look]] = iter
) -> Inspection:
    """Decode every image once, on threads, and tell what was found.

    threads: None for one for each core. watch: what the looks pass through, such as tqdm.
    """
    parts = [("train", data.train), ("val", data.val)]
    everything = [(images, index) for _, images in parts for index in range(len(images))]
    places = [
        Place(part, data.classes[label], images.name(index))
        for part, images in parts
        for index, label in enumerate(images.labels)
    ]
    with ThreadPoolExecutor(threads or os.cpu_count()) as pool:  # Pillow lets other threads run while it decodes
        looks = list(watch(pool.map(lambda one: look_at(*one), everything)))

    good = [i for i, look in enumerate(looks) if not look.problem]
    pairs, not_compared = _pairs([looks[i] for i in good], [places[i] for i in good])
    sizes = np.array([(looks[i].width, looks[i].height) for i in good]).reshape(-1, 2)
    counts = [np.bincount(images.labels, minlength=len(data.classes)).tolist() for _, images in parts]
    return Inspection(
        name=data.name,
        kind=data.kind,
        where=data.where,
        notes=tuple(data.notes),
        classes=tuple(data.classes),
        train=tuple(counts[0]),
        val=tuple(counts[1]),
        widths=_spread(sizes[:, 0]),
        heights=_spread(sizes[:, 1]),
        aspects=_spread(sizes[:, 0] / sizes[:, 1]),
        very_small=tuple(places[i] for i in good if min(looks[i].width, looks[i].height) < VERY_SMALL),
        stored=dict(Counter(looks[i].stored for i in good).most_common()),
        turned=sum(looks[i].turned for i in good),
        animated=sum(looks[i].animated for i in good),
        pairs=pairs,
        not_compared=not_compared,
        unreadable=tuple((places[i], look.problem) for i, look in enumerate(looks) if look.problem),
    )


def look_at(images: Images, index: int) -> Look:
    """Decode one image, and note all that is asked about it, so that no other pass is needed."""
    try:
        with images.open(index) as image, _ONE_LARGE if image.width * image.height > LARGE else nullcontext():
            image.load()
            corner = orientation(image)
            small = whole(image, SIDE)
            gray = np.asarray(small.convert("L"))
            width, height = image.size if corner < 5 else image.size[::-1]  # 5 to 8 lie on their sides
            return Look(
                width,
                height,
                _stored(image, small),
                turned=corner != 1,
                file=_file_digest(images, index),
                pixels=_pixel_digest(image),
                hash=perceptual_hash(gray) if min(width, height) >= SMALLEST else None,
                animated=getattr(image, "is_animated", False) and image.format != "MPO",  # last: it may seek
            )
    except MemoryError:
        raise
    except Exception as error:  # of a broken file, Pillow raises OSError, SyntaxError, struct.error and many more
        return Look(problem=UnreadableImage(images.name(index), error).reason)


def _stored(image: Photo, small: Photo) -> str:
    """How the pixels are stored, in words."""
    if image.mode == "RGB" and not np.ptp(np.asarray(small, np.int16), axis=2).any():
        return COLORLESS
    if image.mode == "P" and "transparency" in image.info:
        return STORED["PA"]
    return STORED.get(image.mode, "16-bit gray" if image.mode.startswith("I") else image.mode)


def _file_digest(images: Images, index: int) -> bytes | None:
    if not isinstance(images, FileImages):
        return None
    return hashlib.blake2b(images.paths[index].read_bytes(), digest_size=16).digest()


def _pixel_digest(image: Photo) -> bytes:
    """Of the pixels as they are stored, not yet turned; those of a palette by their colors."""
    if image.mode in ("P", "PA"):
        image = image.convert("RGBA")
    digest = hashlib.blake2b(f"{image.mode} {image.size}".encode(), digest_size=16)
    digest.update(image.tobytes())
    return digest.digest()


def _pairs(looks: list[Look], places: list[Place]) -> tuple[tuple[Pair, ...], str]:
    """Equal and similar images, and why some were not compared."""
    same_file = equal_pairs([look.file for look in looks])
    known = set(same_file)
    same_pixels = [pair for pair in equal_pairs([look.pixels for look in looks]) if pair not in known]
    pairs = [Pair(places[i], places[j], "same file") for i, j in same_file]
    pairs += [Pair(places[i], places[j], "same pixels") for i, j in same_pixels]

    again = {j for _, j in same_file + same_pixels}  # they are like whatever the first of them is like
    first = [i for i, look in enumerate(looks) if look.hash is not None and i not in again]
    if len(first) > MOST_HASHES:
        return tuple(pairs), f"no similar images were looked for among more than {MOST_HASHES:,}"
    found = near_pairs([looks[i].hash or 0 for i in first], most=MOST_NEAR * len(first))
    if found is None:
        return tuple(pairs), "too many images are similar for the perceptual hash to tell them apart"
    pairs += [Pair(places[first[i]], places[first[j]], "similar", bits) for i, j, bits in found]
    tiny = sum(min(look.width, look.height) < SMALLEST for look in looks)
    few = f"of images below {SMALLEST} pixels, here {tiny:,}, only equal ones were looked for"
    return tuple(pairs), few if tiny else ""


def _spread(values: Any) -> Spread | None:
    return Spread(float(values.min()), float(np.median(values)), float(values.max())) if len(values) else None
