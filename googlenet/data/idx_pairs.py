"""Which IDX files belong together: images and their labels, for training and for validation, by their names."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from googlenet.data.idx import starts_as_idx
from googlenet.data.tree import is_folder, is_hidden, is_image, list_folder

_KIND = re.compile(r"[-_. ]?(images|labels)", re.IGNORECASE)
_FORMAT = re.compile(r"[-_.]?(idx\d?|ubyte)", re.IGNORECASE)
_TRAIN = re.compile(r"(?<![a-z])train(ing)?(?![a-z])", re.IGNORECASE)
_VALIDATION = re.compile(r"(?<![a-z])(val(id(ation)?)?|t10k|test(ing)?)(?![a-z])", re.IGNORECASE)


@dataclass(frozen=True)
class Pair:
    images: Path
    labels: Path


@dataclass
class Pairs:
    """The IDX files of one data set; `val` is None where there is one pair alone."""

    name: str  # what is left of the files' names: "emnist-letters"; often nothing
    train: Pair
    val: Pair | None


def find_pairs(path: Path) -> Pairs | None:
    """The pairs in a folder, or those of one images file; None where there are none.

    Of the file for testing that itself is named, only its own pair is taken. Where a folder has none, and one folder
    in it, that one is looked into: archives often have one at the top. Raises ValueError where the folder has
    several data sets, or two pairs of which none is for training; OSError where it cannot be listed.
    """
    folder = path if path.is_dir() else path.parent
    if path != folder and not kind_of(path):
        return None
    entries = list_folder(folder)
    found: dict[str, dict[str, Path]] = defaultdict(dict)  # by the name without these two words, and by the word
    for entry in entries:
        if word := kind_of(folder / entry.name):
            # The unpacked file comes before that with .gz, and stays.
            found[_without(entry.name, _KIND)].setdefault(word, folder / entry.name)
    if path != folder:
        own = _without(path.name, _KIND)
        of_data_set = [own] if _VALIDATION.search(own) else [key for key in found if _data_set(key) == _data_set(own)]
        found = {key: found[key] for key in of_data_set}
    elif not found:
        below = [folder / entry.name for entry in entries if is_folder(entry)]
        return find_pairs(below[0]) if len(below) == 1 else None
    for files in found.values():
        if len(files) == 1:
            (word, file), other = next(iter(files.items())), {"images": "labels", "labels": "images"}
            raise ValueError(f"{file} has no {other[word]} beside it, expected an IDX file {other[word]} of that name")
    return _choose({key: Pair(files["images"], files["labels"]) for key, files in found.items()}, folder)


def _choose(pairs: dict[str, Pair], folder: Path) -> Pairs | None:
    """Which pair is for training, and which for validation."""
    names = sorted({_data_set(key) for key in pairs})
    train = [key for key in pairs if not _VALIDATION.search(key)]
    if len(names) > 1 or len(train) > 1 or (not train and len(pairs) > 1):
        files = ", ".join(pair.images.name for pair in list(pairs.values())[:6])
        raise ValueError(
            f"{folder} has IDX files of several data sets ({files}), expected one pair for training and one for "
            "testing: name the images file that is meant"
        )
    if not pairs:
        return None
    (first,) = train or pairs
    val = next((pairs[key] for key in sorted(pairs, key=_preference) if key != first), None)
    return Pairs(names[0], pairs[first], val)


def kind_of(file: Path) -> str:
    """ "images" or "labels" for an IDX file with that word in its name, "" for all else."""
    match = _KIND.search(file.name)
    if not match or is_image(file.name) or is_hidden(file.name) or not file.is_file():
        return ""
    # A damaged file of a telling name is one, too, so that it is said what is wrong with it.
    return match[1].lower() if _FORMAT.search(file.name) or starts_as_idx(file) else ""


def _without(name: str, word: re.Pattern[str]) -> str:
    return _FORMAT.sub("", word.sub("", name.removesuffix(".gz"), count=1)).lower().strip("-_. ")


def _data_set(key: str) -> str:
    return _VALIDATION.sub("", _TRAIN.sub("", key)).strip("-_. ")


def _preference(key: str) -> bool:
    """val before test, where there are both."""
    return "val" not in key
