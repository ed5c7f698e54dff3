"""What `--data WHAT` names: images to train on and to validate with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from googlenet.data.digits import load_digits
from googlenet.data.images import ArrayImages, FileImages, Images

DIGITS = tuple("0123456789")
NAMED = ("digits", "mnist", "fashion-mnist")  # WHAT that is no path
SUFFIXES = {".jpg", ".jpeg", ".png"}


@dataclass(frozen=True)
class ImageData:
    """A data set, found and not yet read: `train` and `val` have the same classes."""

    name: str  # digits, flowers: for people
    kind: str  # digits (small gray images, seen whole) or photos: what the defaults follow from
    where: str  # the path, or "" for what comes with this package
    classes: tuple[str, ...]
    train: Images
    val: Images
    notes: tuple[str, ...] = ()  # what the user should be told


def open_data(what: str = "digits", root: Path = Path("data"), *, val_share: float = 0.2, seed: int = 0) -> ImageData:
    """The images that WHAT names. Raises ValueError or OSError, in one line that says what was expected."""
    if what == "digits":
        return embedded_digits()
    return class_folders(Path(what))


def embedded_digits() -> ImageData:
    """The 5,000 and 1,000 digits that come with this package."""
    digits = load_digits()
    train = ArrayImages(digits.train_images, digits.train_labels, DIGITS, "the training digits")
    test = ArrayImages(digits.test_images, digits.test_labels, DIGITS, "the test digits")
    return ImageData("digits", "digits", "", DIGITS, train, test)


def class_folders(folder: Path) -> ImageData:
    """folder/train/CLASS/*.jpg and folder/val/CLASS/*.jpg."""
    if not (folder / "train").is_dir() or not (folder / "val").is_dir():
        raise ValueError(f"--data: {folder} has no folders train and val in it")
    classes = tuple(sorted(path.name for path in (folder / "train").iterdir() if path.is_dir()))

    def images(part: str) -> FileImages:
        paths, labels = [], []
        for label, name in enumerate(classes):
            found = sorted(p for p in (folder / part / name).iterdir() if p.suffix.lower() in SUFFIXES)
            paths += found
            labels += [label] * len(found)
        return FileImages(paths, np.array(labels), classes)

    return ImageData(folder.name, "photos", str(folder.resolve()), classes, images("train"), images("val"))
