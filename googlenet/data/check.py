"""All images are decoded once before the training, so that a damaged one is known now and not in epoch 7."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from googlenet.data.images import FileImages, Images
from googlenet.data.photo import UnreadableImage, averageable, orientation

LARGE = 20_000_000  # pixels: of images beyond, one at a time is decoded, since each takes 60 to 700 MB
AT_ONCE = 1000  # images handed to the threads; the next ones when all of these are done

Stamp = list[int]  # a file's size, and when it was written last, in nanoseconds: equal ones are the same file


@dataclass(frozen=True)
class Unreadable:
    """Image number `index`, called `name`, cannot be read: `reason`, in words."""

    index: int
    name: str
    reason: str


def check_images(
    images: Images,
    workers: int = 2,
    on_progress: Callable[[int, int], None] | None = None,
    known: Mapping[str, Stamp] | None = None,
) -> tuple[list[Unreadable], dict[str, Stamp]]:
    """Decode every image, on so many threads. Returns those that cannot be read, and the stamps of all others.

    known: what an earlier check returned, by name; a file whose stamp is the same is not decoded again. on_progress is
    called in this thread with the number of images done and of all; without it, a bar shows what takes long. Whatever
    it raises, Ctrl-C too, ends the check as soon as the images that are in work are done.

    The answer does not depend on the number of workers. A JPEG is read whole, though at 1/8 of its size: damage is in
    what is read, and this takes a fraction of the time.
    """
    known = known or {}
    one_large = threading.Lock()

    def reason(index: int) -> tuple[str, Stamp | None]:
        stamp = _stamp(images, index)
        if stamp is not None and known.get(images.name(index)) == stamp:
            return "", stamp
        try:
            with images.open(index) as image:
                image.draft(None, (1, 1))
                with one_large if image.width * image.height > LARGE else contextlib.nullcontext():
                    averageable(image).load()
                orientation(image)
        except Exception as error:  # of a broken file, Pillow raises OSError, SyntaxError, struct.error and many more
            return UnreadableImage(images.name(index), error).reason, None
        return "", stamp

    unreadable: list[Unreadable] = []
    stamps: dict[str, Stamp] = {}
    with _shown(on_progress, len(images)) as show, ThreadPoolExecutor(max(1, workers)) as threads:
        # Where this loop ends early, `map` cancels what no thread has begun.
        for first in range(0, len(images), AT_ONCE):
            numbers = range(first, min(first + AT_ONCE, len(images)))
            for index, (why, stamp) in zip(numbers, threads.map(reason, numbers), strict=True):
                if why:
                    unreadable.append(Unreadable(index, images.name(index), why))
                elif stamp is not None:
                    stamps[images.name(index)] = stamp
                show(index + 1, len(images))
    return unreadable, stamps


def _stamp(images: Images, index: int) -> Stamp | None:
    """None where there is no file, or where that cannot be told."""
    if not isinstance(images, FileImages):
        return None
    try:
        status = os.stat(images.paths[index])
    except OSError:
        return None
    return [status.st_size, status.st_mtime_ns]


@contextlib.contextmanager
def _shown(on_progress: Callable[[int, int], None] | None, total: int) -> Iterator[Callable[[int, int], Any]]:
    """What to call for progress: the caller's function, or a bar's."""
    if on_progress is not None:
        yield on_progress
        return
    from tqdm import tqdm

    with tqdm(
        total=total, desc="checking", unit=" images", leave=False, dynamic_ncols=True, disable=None, delay=1
    ) as bar:
        yield lambda done, total: bar.update(done - bar.n)
