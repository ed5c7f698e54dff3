"""What `--data WHAT` names: images to train on and to validate with."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from googlenet.data.class_folders import EXPECTED, check_classes, find_images
from googlenet.data.digits import load_digits
from googlenet.data.idx import read_idx, read_pair
from googlenet.data.idx_pairs import Pairs, find_pairs
from googlenet.data.images import ArrayImages, FileImages, Images
from googlenet.data.mnist import DATA_SETS, MnistFiles, load_mnist
from googlenet.data.split import stratified_split
from googlenet.data.tree import is_image

DIGITS = tuple("0123456789")
NAMES = ("digits", *DATA_SETS)
EMBEDDED = {"the training digits": "train_images", "the test digits": "test_images"}
SMALL = 64  # pixels: gray images in IDX files up to this size are seen whole, as digits are


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


def open_data(what: str = "digits", root: Path = Path("data"), *, val_share: float = 0.2, seed: int = 0) -> ImageData:
    """The images that WHAT names: digits, mnist or fashion-mnist (below `root`, or downloaded to it), or a path:

    a folder of class folders, or of files named cat.0.jpg dog.0.jpg, also in train/ and val/ (`class_folders.py`); a
    folder with IDX files, or one IDX file of images, its labels beside it (`idx_pairs.py`). What has no part for
    validation is split, class by class (`split.py`): `val_share` of it, as `seed` draws.
    Raises ValueError or OSError, in one line that says what was expected.
    """
    data = _find(what, Path(root))
    if len(data.val):
        return data
    train, val = stratified_split(names_of(data.train, _folder(data.where)), data.train.labels, val_share, seed)
    if not len(val):
        raise ValueError(f"{data.where} has one image of each class, expected at least two, to train and to validate")
    notes = [f"{val_share:.0%} of each class are for validation, drawn with seed {seed}: {len(train)} and {len(val)}"]
    counts = np.bincount(data.train.labels, minlength=len(data.classes))
    if alone := [name for name, count in zip(data.classes, counts, strict=True) if count == 1]:
        notes.append(f"of these classes there is one image, which is trained and not validated: {', '.join(alone)}")
    return replace(data, train=data.train.subset(train), val=data.train.subset(val), notes=(*data.notes, *notes))


def _find(what: str, root: Path) -> ImageData:
    """All images of WHAT; where they are to be split, those for validation are none."""
    path = Path(os.path.abspath(Path(what).expanduser()))
    name = what.lower().replace("_", "-")
    if name in NAMES and (name == what or not os.path.exists(path)):
        return embedded_digits() if name == "digits" else _mnist(DATA_SETS[name], root)
    if not os.path.exists(path):
        raise FileNotFoundError(f"{what} is not there and none of {', '.join(NAMES)}, {EXPECTED}")
    pairs = find_pairs(path)
    if pairs:
        return _from_pairs(pairs, path)
    if not path.is_dir():
        kind = "one image" if is_image(path.name) else "a file of another kind, or without the labels beside it"
        raise ValueError(f"{what} is {kind}, {EXPECTED}")
    train, val, notes = find_images(path)
    return ImageData(path.name, "photos", str(path), train.classes, train, val, tuple(notes))


# ---- images in arrays ----------------------------------------------------------------------------------------------


def embedded_digits() -> ImageData:
    """The 5,000 and 1,000 digits that come with this package."""
    digits = load_digits()
    of_train, of_test = EMBEDDED
    train = ArrayImages(digits.train_images, digits.train_labels, DIGITS, of_train)
    test = ArrayImages(digits.test_images, digits.test_labels, DIGITS, of_test)
    return ImageData("digits", "digits", "", DIGITS, train, test)


def _mnist(files: MnistFiles, root: Path) -> ImageData:
    paths, (train_images, train_labels, test_images, test_labels) = load_mnist(files, Path(os.path.abspath(root)))
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
    return ImageData(pairs.name or _folder(str(path)).name, kind, str(path), classes, train, val, tuple(notes))


# ---- the same images again -----------------------------------------------------------------------------------------


def record_of(data: ImageData) -> dict[str, Any]:
    """What `images_from` makes the same data set from, as JSON has it: names of files, or numbers in an array."""
    record: dict[str, Any] = {"name": data.name, "kind": data.kind, "where": data.where, "classes": list(data.classes)}
    for part, images in (("train", data.train), ("val", data.val)):
        record[part] = {**_place_of(images, _folder(data.where)), "labels": images.labels.tolist()}
    return record


def images_from(record: Mapping[str, Any], where: str | None = None) -> ImageData:
    """The data set that `record_of` has recorded: the very same images, in the same order, whatever came in between.

    where: the path where it lies now, if not where it was. Raises FileNotFoundError where images are gone, ValueError
    where an array has others now or the record is none.
    """
    try:
        where = str(record["where"]) if where is None else os.path.abspath(where)
        classes = tuple(map(str, record["classes"]))
        parts = [record["train"], record["val"]]
        for part in parts:
            labels = np.array(part["labels"], np.int64)
            if labels.shape != (len(part["names"] if "names" in part else part["numbers"]),):
                raise ValueError("labels and images are not the same number")
            if len(labels) and not 0 <= labels.min() <= labels.max() < len(classes):
                raise ValueError("there are labels of no class")
        name, kind = str(record["name"]), str(record["kind"])
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"this is no record of a data set ({type(error).__name__}: {error})") from None
    train, val = (_images_at(part, where, classes) for part in parts)
    return ImageData(name, kind, where, classes, train, val)


def _folder(where: str) -> Path:
    """The folder that the recorded names start from."""
    path = Path(where)
    return path.parent if path.is_file() else path


def _place_of(images: Images, folder: Path) -> dict[str, Any]:
    if isinstance(images, FileImages):
        return {"names": names_of(images, folder)}
    if not isinstance(images, ArrayImages):
        raise TypeError(f"record_of: images are {type(images).__name__}, expected FileImages or ArrayImages")
    embedded = images.origin in EMBEDDED
    origin = images.origin if embedded else Path(images.origin).relative_to(folder).as_posix()
    return {"file": origin, "numbers": images.numbers.tolist()}


def _images_at(part: Mapping[str, Any], where: str, classes: Sequence[str]) -> Images:
    folder = _folder(where)
    if "names" in part:
        paths = [folder / name for name in part["names"]]
        if gone := [path for path in paths if not path.is_file()]:
            raise FileNotFoundError(
                f"{len(gone)} of {len(paths)} images are gone, the first is {gone[0]}. Put them back, or train anew"
            )
        return FileImages(paths, part["labels"], classes)
    origin, numbers = str(part["file"]), np.array(part["numbers"], np.int64)
    if origin in EMBEDDED:
        pixels = getattr(load_digits(), EMBEDDED[origin])
    else:
        origin = str(folder / origin)
        pixels = read_idx(origin)
    if len(numbers) and (pixels.ndim < 3 or not 0 <= numbers.min() <= numbers.max() < len(pixels)):
        raise ValueError(f"{origin} has shape {pixels.shape}, but image {numbers.max()} of it is asked for")
    return ArrayImages(pixels[numbers], part["labels"], classes, origin, numbers)


def names_of(images: Images, folder: Path) -> list[str]:
    """What tells each image from the others: its path below `folder`, or its number in the array."""
    if isinstance(images, FileImages):
        return [path.relative_to(folder).as_posix() for path in images.paths]
    return [str(number) for number in getattr(images, "numbers", range(len(images)))]
