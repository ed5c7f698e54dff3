"""Images with labels as they lie in files or arrays, not yet prepared for a network."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from googlenet.data.photo import open_photo

if TYPE_CHECKING:
    from PIL.Image import Image as Photo


class Images:
    """`len(images)` images; labels (N,) int64, so that classes[labels[i]] is the class of image i."""

    classes: tuple[str, ...]
    labels: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.labels)

    def open(self, index: int) -> Photo:
        """Image number `index` as a Pillow image, perhaps not decoded yet. Raises OSError for a broken file."""
        raise NotImplementedError(f"{type(self).__name__} has no open")

    def name(self, index: int) -> str:
        """What to call image number `index` in a message: where it lies."""
        raise NotImplementedError(f"{type(self).__name__} has no name")

    def subset(self, indices: Sequence[int] | NDArray[np.int64]) -> Images:
        """Some of them, in that order."""
        raise NotImplementedError(f"{type(self).__name__} has no subset")

    def limited(self, limit: int) -> Images:
        """So many of them, for a quick try: the first. 0: all."""
        return self.subset(np.arange(min(limit, len(self)))) if limit else self


class FileImages(Images):
    """One file for each image."""

    def __init__(
        self, paths: Sequence[Path], labels: Sequence[int] | NDArray[np.int64], classes: Sequence[str]
    ) -> None:
        self.paths, self.classes = list(paths), tuple(classes)
        self.labels = np.asarray(labels, np.int64)

    def open(self, index: int) -> Photo:
        return open_photo(self.paths[index])

    def name(self, index: int) -> str:
        return str(self.paths[index])

    def subset(self, indices: Sequence[int] | NDArray[np.int64]) -> FileImages:
        return FileImages([self.paths[i] for i in indices], self.labels[np.asarray(indices, np.int64)], self.classes)

    def limited(self, limit: int) -> FileImages:
        """So many of them, evenly spread: files lie in the order of their classes."""
        count = min(limit, len(self)) if limit else len(self)
        return self.subset(np.arange(count) * len(self) // max(count, 1))


class ArrayImages(Images):
    """All images in one array: uint8 (N, H, W), gray, or (N, H, W, 3), RGB. origin: the file that it comes from."""

    def __init__(
        self,
        pixels: NDArray[np.uint8],
        labels: Sequence[int] | NDArray[np.int64],
        classes: Sequence[str],
        origin: str,
        numbers: NDArray[np.int64] | None = None,
    ) -> None:
        self.pixels, self.classes, self.origin = pixels, tuple(classes), origin
        self.labels = np.asarray(labels, np.int64)
        self.numbers = np.arange(len(pixels)) if numbers is None else numbers  # of each image in its file

    def open(self, index: int) -> Photo:
        from PIL import Image

        return Image.fromarray(self.pixels[index])

    def name(self, index: int) -> str:
        return f"{self.origin}[{self.numbers[index]}]"

    def subset(self, indices: Sequence[int] | NDArray[np.int64]) -> ArrayImages:
        chosen = np.asarray(indices, np.int64)
        return ArrayImages(self.pixels[chosen], self.labels[chosen], self.classes, self.origin, self.numbers[chosen])
