"""The names of all images below a folder, read once; no image is opened."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

# What `open_photo` reads, by the ends of the names, in any case.
_KINDS = "jpg jpeg jpe jfif png bmp gif webp tif tiff ppm pgm pbm pnm avif jp2 tga"
IMAGE_SUFFIXES = tuple(f".{kind}" for kind in _KINDS.split())

# What systems and authors leave beside images is passed by without a word.
_LEFT_BY_SYSTEMS = ("__macosx", "@eadir", "thumbs.db", "ehthumbs.db", "desktop.ini")
_WRITTEN_FOR_PEOPLE = ("readme", "license", "licence", "copying")  # names of files begin so

MOST_FOLDERS = 100_000  # links can make endlessly many of a few
DEEPEST = 16  # levels of folders that are looked into


@dataclass
class Tree:
    """A folder: the names of its images, in order, and its folders by name, in order."""

    path: Path
    images: list[str] = field(default_factory=list)
    folders: dict[str, Tree] = field(default_factory=dict)
    others: Counter[str] = field(default_factory=Counter)  # how many files of another kind there are, by suffix

    def walk(self) -> Iterator[Tree]:
        """This folder, and all below it."""
        yield self
        for folder in self.folders.values():
            yield from folder.walk()

    def all_images(self) -> list[Path]:
        """The paths of the images in this folder and all below it."""
        return [tree.path / name for tree in self.walk() for name in tree.images]

    def has_images(self) -> bool:
        return any(tree.images for tree in self.walk())

    def all_others(self) -> Counter[str]:
        return sum((tree.others for tree in self.walk()), Counter())


def is_image(name: str) -> bool:
    """Whether a file is an image, by its name."""
    return os.path.splitext(name)[1].lower() in IMAGE_SUFFIXES


def is_hidden(name: str) -> bool:
    """Whether a file or folder of this name is never meant, such as the ._1.jpg in archives made on a Mac."""
    return name.startswith(".") or name.lower() in _LEFT_BY_SYSTEMS


def list_folder(path: Path) -> list[os.DirEntry[str]]:
    """What is in a folder, in the order of the names, without what is hidden. Raises OSError, with the path."""
    try:
        with os.scandir(path) as listed:
            return sorted((entry for entry in listed if not is_hidden(entry.name)), key=lambda entry: entry.name)
    except OSError as error:
        raise type(error)(f"{path} cannot be listed ({error.strerror}). May you read it?") from error


def read_tree(folder: Path) -> Tree:
    """All image names below `folder`. A link to a folder counts as one, unless it leads back to where it lies in.

    Raises OSError, with the path, where a folder cannot be listed; ValueError where there are more than MOST_FOLDERS.
    """
    count = 0

    def read(path: Path, above: tuple[tuple[int, int], ...]) -> Tree:
        nonlocal count
        count += 1
        if count > MOST_FOLDERS:
            raise ValueError(f"{folder} has more than {MOST_FOLDERS} folders in it, expected those of a data set")
        tree = Tree(path)
        entries, here = list_folder(path), os.stat(path)
        inside = (*above, (here.st_dev, here.st_ino))
        for entry in entries:
            if is_folder(entry):
                there = os.stat(entry.path)
                if (there.st_dev, there.st_ino) in inside:
                    continue
                if len(inside) == DEEPEST:
                    tree.others[f"folders below level {DEEPEST}"] += 1
                else:
                    tree.folders[entry.name] = read(path / entry.name, inside)
            elif not is_image(entry.name):
                if not entry.name.lower().startswith(_WRITTEN_FOR_PEOPLE):
                    tree.others[os.path.splitext(entry.name)[1].lower() or "without suffix"] += 1
            elif _is_file(entry):
                tree.images.append(entry.name)
            else:
                tree.others["broken links"] += 1
        return tree

    return read(folder, ())


def is_folder(entry: os.DirEntry[str]) -> bool:
    """Whether it is a folder, or a link to one."""
    try:
        return entry.is_dir()
    except OSError:  # a link to itself
        return False


def _is_file(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_file()
    except OSError:
        return False
