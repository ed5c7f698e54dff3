"""Which classes the images in a folder have, and which of them are for validation, by the names of folders and files.

flowers/train/daisy/1.jpg, flowers/val/daisy/2.jpg      a folder for each class, in train/ and val/
flowers/daisy/1.jpg, flowers/tulips/1.jpg               a folder for each class: to be split
pets/cat.0.jpg, pets/dog.0.jpg                          the class in the name; also in train/ and val/
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from googlenet.data.images import FileImages
from googlenet.data.tree import Tree, read_tree

EXPECTED = (
    "expected a folder of images for each class (also in train/ and val/), files named cat.0.jpg dog.0.jpg, "
    "IDX files (*images*, *labels*), or an archive of these"
)
TRAIN = ["train", "training"]
VALIDATION = "val test valid validation testing dev eval".split()  # the first that is there, and has classes

# cat.0, dog_12, american_bulldog-007, "cat (3)": what stands before the number. Else what stands before the first dot.
_BEFORE_A_NUMBER = re.compile(r"(.+?)[ ._-]+\(?\d")
# Cameras and phones number their pictures, too, whatever is on them.
_CAMERAS = set("img dsc dscn dscf pxl mvimg vid image photo picture screenshot".split()) | {"whatsapp image"}


def find_images(folder: Path) -> tuple[FileImages, FileImages, list[str]]:
    """Images for training and for validation, and what the user should be told.

    Where all images are to be split, those for validation are none. Classes are in the order of their names, and so
    are the images of each. Raises ValueError or OSError, in one line, where there are not at least two classes.
    """
    notes: list[str] = []
    whole = read_tree(folder)
    if not whole.has_images():
        raise ValueError(f"{folder} has no images in it{_in_brackets(whole.all_others())}, {EXPECTED}")
    tree = _step_in(whole, notes)
    train, val = _parts(tree, notes)
    by_class = _classes(train)
    if len(by_class) < 2:
        wrong = _what_is_wrong(train, by_class) + _in_brackets(whole.all_others())
        raise ValueError(f"{train.path} {wrong}, {EXPECTED}")
    notes += _left_out(train, by_class)
    val_by_class = {}
    if val:
        val_by_class = _classes(val)
        check_classes(by_class, val_by_class, str(train.path), str(val.path), notes)
        notes += _left_out(val, val_by_class)
    if others := whole.all_others():
        notes.append(f"no images by their names, passed by: {_listed(others)}")
    return _file_images(by_class, by_class), _file_images(val_by_class, by_class), notes


def check_classes(train: Iterable[str], val: Iterable[str], train_in: str, val_in: str, notes: list[str]) -> None:
    """ValueError for a class that is in validation alone; a note for one that is in training alone."""
    if unknown := sorted(set(val) - set(train)):
        raise ValueError(
            f"{val_in} has what {train_in} does not have: {few(unknown)}. Both need the same classes: rename or "
            "remove what is in one alone"
        )
    if missing := sorted(set(train) - set(val)):
        notes.append(f"no images of {few(missing)} in {val_in}: trained, but not validated")


def class_in_name(name: str) -> str:
    """The class that a file's name tells: "cat" of cat.0.jpg, cat_12.png and "cat (3).jpg"; "" where it tells none."""
    stem = name.rpartition(".")[0]
    numbered = _BEFORE_A_NUMBER.match(stem)
    before, dot, _ = stem.partition(".")
    found = numbered[1] if numbered else before if dot else ""
    found = unicodedata.normalize("NFC", found.strip(" ._-"))
    a_date = found.isdecimal() and len(found) >= len("240131")
    return "" if found.lower() in _CAMERAS or a_date else found


# ---- where the classes are -----------------------------------------------------------------------------------------


def _step_in(tree: Tree, notes: list[str]) -> Tree:
    """The folder below, as long as that is the only one with images: archives often have one at the top."""
    while not tree.images:
        filled = [folder for folder in tree.folders.values() if folder.has_images()]
        if len(filled) != 1 or not (filled[0].folders or len(_classes(filled[0])) > 1):
            break
        tree = filled[0]
        notes.append(f"the classes are taken from {tree.path}")
    return tree


def _parts(tree: Tree, notes: list[str]) -> tuple[Tree, Tree | None]:
    """The folders train/ and val/ (of that or another name), or the whole folder and None."""
    folders = [folder for folder in tree.folders.values() if folder.has_images()]
    train = next(iter(_called(TRAIN, folders)), None)
    # "train" may also be a class, beside cars and planes, and a "train station" is one.
    # Then there are no classes in it, and no val/ beside train/.
    candidates = [folder for folder in _called(VALIDATION, folders) if folder is not train]
    if train is None or not (len(_classes(train)) > 1 or (train.path.name.lower() in TRAIN and candidates)):
        return tree, None
    val = next((folder for folder in candidates if _classes(folder)), None)
    for folder in folders:
        if folder not in (train, val):
            why = ": its images lie in no class folders" if folder in candidates and not _classes(folder) else ""
            notes.append(f"{folder.path} is not used{why}")
    return train, val


def _called(words: Sequence[str], folders: Sequence[Tree]) -> list[Tree]:
    """The folders that have one of these words for a name, then those that have one in it: training_set, seg_train."""
    names = {id(folder): folder.path.name.lower() for folder in folders}
    alone = [folder for word in words for folder in folders if names[id(folder)] == word]
    among = [f for word in words for f in folders if word in re.split("[^a-z]+", names[id(f)]) and f not in alone]
    return alone + among


def _classes(tree: Tree) -> dict[str, list[Path]]:
    """Images by class: that of the folders where there are any with images, else that in the files' names.

    "é" may be one character in a name or two (NFC, NFD): both are the same class.
    """
    found: dict[str, list[Path]] = defaultdict(list)
    for name, folder in tree.folders.items():
        if images := folder.all_images():
            found[unicodedata.normalize("NFC", name)] += images
    if not found:
        for name in tree.images:
            if label := class_in_name(name):
                found[label].append(tree.path / name)
    return dict(sorted(found.items()))


def _file_images(by_class: Mapping[str, Sequence[Path]], classes: Iterable[str]) -> FileImages:
    numbers = {name: number for number, name in enumerate(classes)}
    paths = [path for images in by_class.values() for path in images]
    return FileImages(paths, [numbers[name] for name, images in by_class.items() for _ in images], tuple(numbers))


# ---- what is said --------------------------------------------------------------------------------------------------


def _left_out(tree: Tree, by_class: Mapping[str, Sequence[Path]]) -> list[str]:
    """Notes about images that are in no class, and class folders without images."""
    notes = []
    if empty := [name for name, folder in tree.folders.items() if not folder.has_images()]:
        notes.append(f"{tree.path}: folders without images: {few(empty)}")
    count, used = len(tree.all_images()), sum(map(len, by_class.values()))
    if used < count:
        why = "lie beside the class folders" if tree.folders else "have names that tell no class"
        notes.append(f"{tree.path}: {count - used} of {count} images are not used: they {why}")
    return notes


def _what_is_wrong(tree: Tree, by_class: Mapping[str, Sequence[Path]]) -> str:
    if by_class:
        return f"has one class alone, {next(iter(by_class))!r}"
    example = tree.images[0]
    return f"has images in no class folders, whose names do not tell the class either ({example})"


def few(names: Sequence[str]) -> str:
    """The first names, and how many more there are."""
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return ", ".join(map(repr, names[:5])) + more


def _listed(others: Mapping[str, int]) -> str:
    """The most frequent kinds of other files."""
    shown = sorted(others.items(), key=lambda kind: (-kind[1], kind[0]))[:5]
    return ", ".join(f"{kind} ({count})" for kind, count in shown)


def _in_brackets(others: Counter[str]) -> str:
    hint = "; convert HEIC photos to JPEG" if others[".heic"] or others[".heif"] else ""
    return f" (other files: {_listed(others)}{hint})" if others else ""
