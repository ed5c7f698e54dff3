"""What `--data WHAT` names: images to train on and to validate with."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from googlenet.data.archive import is_archive, left_out, unpacked
from googlenet.data.class_folders import EXPECTED, check_classes, few, find_images
from googlenet.data.digits import load_digits
from googlenet.data.idx import read_pair
from googlenet.data.idx_pairs import Pairs, find_pairs
from googlenet.data.images import ArrayImages, FileImages, Images
from googlenet.data.mnist import DATA_SETS, MnistFiles, load_mnist
from googlenet.data.split import stratified_split
from googlenet.data.transforms import whole
from googlenet.data.tree import is_image

DIGITS = tuple("0123456789")
NAMED = ("digits", *DATA_SETS)  # WHAT that is no path
SMALL = 64  # pixels: gray images up to this size are seen whole, and not mirrored, as digits are
LOOKED_AT = 50  # files, spread over all of them, from which it is told whether they are such images


@dataclass(frozen=True)
class ImageData:
    """A data set, found and not yet read: `train` and `val` have the same classes."""

    name: str  # digits, flowers: for people
    kind: str  # digits (small gray images, seen whole) or photos: what the defaults follow from
    where: str  # the absolute path, or "" for what comes with this package
    classes: tuple[str, ...]
    train: Images
    val: Images
    notes: tuple[str, ...] = ()  # what the user should be told
    drawn: bool = False  # those for validation were drawn from the others


def open_data(what: str = "digits", root: Path = Path("data"), *, val_share: float = 0.2, seed: int = 0) -> ImageData:
    """The images that WHAT names: digits, mnist or fashion-mnist (below `root`, or downloaded to it), or a path:

    a folder of class folders, or of files named cat.0.jpg dog.0.jpg, also in train/ and val/ (`class_folders.py`); a
    folder with IDX files, or one IDX file of images, its labels beside it (`idx_pairs.py`); an archive of any of these,
    which is unpacked once (`archive.py`), so that `where` is a folder in the cache. What has no part for
    validation is split, class by class (`split.py`): `val_share` of it, as `seed` draws; of 0 nothing is split off.
    Raises ValueError or OSError, in one line that says what was expected.
    """
    data = _find(what, root)
    if len(data.val) or not val_share:
        return data
    train, val = stratified_split(_names(data.train, data.where), data.train.labels, val_share, seed)
    if not len(val):
        raise ValueError(f"{data.where} has one image of each class, expected at least two, to train and to validate")
    notes = [
        f"{100 * val_share:g}% of each class are for validation, drawn with seed {seed}: {len(train)} and {len(val)}"
    ]
    counts = np.bincount(data.train.labels, minlength=len(data.classes))
    if alone := [name for name, count in zip(data.classes, counts, strict=True) if count == 1]:
        notes.append(f"of these classes there is one image, which is trained and not validated: {few(alone)}")
    notes = [*data.notes, *notes]
    return replace(data, train=data.train.subset(train), val=data.train.subset(val), notes=tuple(notes), drawn=True)


def _names(images: Images, where: str) -> list[str]:
    """What tells each image from the others: its path below `where`, or its number in the array."""
    if isinstance(images, FileImages):
        return [path.relative_to(where).as_posix() for path in images.paths]
    return [str(number) for number in range(len(images))]


def _find(what: str, root: Path) -> ImageData:
    """All images of WHAT; where they are to be split, those for validation are none."""
    if what == "digits":
        return embedded_digits()
    if what in DATA_SETS:
        return _mnist(DATA_SETS[what], root)
    path = Path(os.path.abspath(os.path.expanduser(what)))
    if not os.path.exists(path):
        raise FileNotFoundError(f"{what} is not there and none of {', '.join(NAMED)}, {EXPECTED}")
    if not is_archive(path):
        return _at(path)
    folder = unpacked(path)
    try:
        data = _at(folder)
    except ValueError as error:
        raise ValueError(f"{path}, unpacked: {error}") from error
    return replace(data, name=path.name.partition(".")[0], notes=(*left_out(folder), *data.notes))


def _at(path: Path) -> ImageData:
    """The images in a folder, or in one IDX file."""
    if pairs := find_pairs(path):
        return _from_pairs(pairs, path)
    if not path.is_dir():
        kind = "one image" if is_image(path.name) else "a file of another kind"
        raise ValueError(f"{path} is {kind}, {EXPECTED}")
    train, val, notes = find_images(path)
    kind = "digits" if are_small_and_gray(train) else "photos"
    if kind == "digits":
        notes.append(f"all are gray and at most {SMALL} pixels: taken whole and never mirrored, as digits are")
    return ImageData(path.name, kind, str(path), train.classes, train, val, tuple(notes))


def are_small_and_gray(images: Images) -> bool:
    """Whether these are like digits: of a mirrored 2, or of a 2 without its foot, nothing could be learned.

    Gray that is stored as colors, as in a JPEG, is gray, too. Damaged images are passed by: see `check.py`.
    """
    looks = []
    for index in np.unique(np.linspace(0, len(images) - 1, LOOKED_AT).astype(int)):
        try:
            with images.open(int(index)) as image:
                looks.append(max(image.size) <= SMALL and not np.ptp(np.asarray(whole(image, SMALL)), axis=2).any())
        except Exception:  # noqa: S112 (of a broken file, Pillow raises OSError, SyntaxError and many more)
            continue
        if not looks[-1]:
            return False
    return bool(looks)


# ---- images in arrays ----------------------------------------------------------------------------------------------


def embedded_digits() -> ImageData:
    """The 5,000 and 1,000 digits that come with this package."""
    digits = load_digits()
    train = ArrayImages(digits.train_images, digits.train_labels, DIGITS, "the training digits")
    test = ArrayImages(digits.test_images, digits.test_labels, DIGITS, "the test digits")
    return ImageData("digits", "digits", "", DIGITS, train, test)


def _mnist(files: MnistFiles, root: Path) -> ImageData:
    paths, (train_images, train_labels, test_images, test_labels) = load_mnist(
        files, Path(os.path.abspath(os.path.expanduser(root)))
    )
    train = ArrayImages(train_images, train_labels.astype(np.int64), files.classes, str(paths[0]))
    test = ArrayImages(test_images, test_labels.astype(np.int64), files.classes, str(paths[2]))
    return ImageData(files.name, "digits", str(paths[0].parent), files.classes, train, test)


def _from_pairs(pairs: Pairs, path: Path) -> ImageData:
    """IDX files: the classes are the numbers that are among the labels for training."""
    notes: list[str] = []
    pixels, numbers = read_pair(pairs.train.images, pairs.train.labels)
    values = np.unique(numbers)
    classes = tuple(str(value) for value in values)
    if len(classes) < 2:
        raise ValueError(f"{pairs.train.labels} has one class alone, {classes[0]}, expected at least two")
    train = ArrayImages(pixels, np.searchsorted(values, numbers), classes, str(pairs.train.images))
    val: Images = train.subset([])
    if pairs.val:
        val_pixels, val_numbers = read_pair(pairs.val.images, pairs.val.labels)
        if val_pixels.ndim != pixels.ndim:
            raise ValueError(f"of {pairs.train.images} and {pairs.val.images} one is gray and one in color")
        val_classes = [str(value) for value in np.unique(val_numbers)]
        check_classes(classes, val_classes, str(pairs.train.labels), str(pairs.val.labels), notes)
        val = ArrayImages(val_pixels, np.searchsorted(values, val_numbers), classes, str(pairs.val.images))
    kind = "digits" if pixels.ndim == 3 and max(pixels.shape[1:]) <= SMALL else "photos"
    return ImageData(pairs.name or pairs.train.images.parent.name, kind, str(path), classes, train, val, tuple(notes))
