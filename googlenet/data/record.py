"""A data set as data.json has it, so that whoever comes later has the very same images, in the same two parts."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from googlenet.data.images import ArrayImages, FileImages, Images
from googlenet.data.source import ImageData

DATA = "data.json"  # in a run's folder, beside its weights


def record_of(images: ImageData) -> dict[str, Any]:
    """What JSON can hold: files by their names and labels, arrays by their length and a checksum."""
    return {
        "name": images.name,
        "kind": images.kind,
        "where": images.where,
        "classes": list(images.classes),
        "train": _listed(images.train, images.where),
        "val": _listed(images.val, images.where),
    }


def has_files(record: Mapping[str, Any]) -> bool:
    """Whether it lists files; arrays must be read again from where they were read, and compared (`is_same`)."""
    return isinstance(record["train"], list) and isinstance(record["val"], list)


def images_of(record: Mapping[str, Any]) -> ImageData:
    """The files that `record_of` listed. Raises ValueError, KeyError or TypeError for what it has not made."""
    classes, where = tuple(map(str, record["classes"])), str(record["where"])
    train, val = (
        FileImages([Path(where, name) for name, _ in record[part]], [label for _, label in record[part]], classes)
        for part in ("train", "val")
    )
    if not all(0 <= label < len(classes) for part in (train, val) for label in part.labels):
        raise ValueError(f"a label that is none of {len(classes)} classes")
    return ImageData(str(record["name"]), str(record["kind"]), where, classes, train, val)


def is_same(record: Mapping[str, Any], images: ImageData) -> bool:
    """Whether these are the images that were recorded."""
    now = record_of(images)
    return all(record[part] == now[part] for part in ("classes", "train", "val"))


def _listed(images: Images, where: str) -> Any:
    if isinstance(images, ArrayImages):
        return {"images": len(images), "crc32": zlib.crc32(images.labels.tobytes(), _checksum(images.pixels))}
    assert isinstance(images, FileImages)
    names = [path.relative_to(where).as_posix() for path in images.paths]
    return [[name, int(label)] for name, label in zip(names, images.labels, strict=True)]


def _checksum(pixels: np.ndarray) -> int:
    return zlib.crc32(np.ascontiguousarray(pixels).data)
