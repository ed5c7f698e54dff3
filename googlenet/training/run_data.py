"""The images of a run: found, checked, and written down in data.json, so that a resumed run has the very same."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from googlenet.data.images import ArrayImages, FileImages, Images
from googlenet.data.preprocessing import Preprocessing
from googlenet.data.source import ImageData, open_data
from googlenet.data.transforms import IMAGENET_MEAN, IMAGENET_STD, MNIST_MEAN, MNIST_STD
from googlenet.training.options import Options
from minicnn.checkpoint import write_atomically

DATA = "data.json"
MEASURED = 2000  # images whose pixels mean and standard deviation are measured from


@dataclass(frozen=True)
class RunData:
    """A data set whose images can all be read, and what is done to them."""

    images: ImageData
    preprocessing: Preprocessing
    unreadable: dict[str, str] = field(default_factory=dict)  # name -> reason
    known: dict[str, Any] = field(default_factory=dict)  # name -> size and time of a file that was read whole

    def record(self, options: Options) -> dict[str, Any]:
        """What the weights' file says of the data, and data.json with the images."""
        return {
            "name": self.images.name, "kind": self.images.kind, "what": options.data, "root": options.data_root,
            "where": self.images.where, "seed": options.seed, "val_share": options.val_share,
        }  # fmt: skip


def prepare(options: Options, images: ImageData, unreadable: Mapping[str, str], known: Mapping[str, Any]) -> RunData:
    """The data of a new run."""
    return RunData(images, preprocessing_of(options, images), dict(unreadable), dict(known))


def data_of(options: Options) -> ImageData:
    """The images that the options name."""
    return open_data(options.data, Path(options.data_root), val_share=options.val_share, seed=options.seed)


# ---- what is subtracted, and divided by ----------------------------------------------------------------------------


def preprocessing_of(options: Options, images: ImageData) -> Preprocessing:
    """How the options want these images prepared."""
    size, channels = options.image_size, options.channels
    order, crop = ("L" if channels == 1 else "RGB"), ("whole" if images.kind == "digits" else "center")
    way = options.mean_std
    if way == "usual" and images.name in ("digits", "mnist") and channels == 1:
        return Preprocessing(size, 1, (MNIST_MEAN,), (MNIST_STD,), order, crop)
    if way == "imagenet" or (way == "usual" and images.kind == "photos" and channels == 3):
        if channels == 1:
            return Preprocessing(size, 1, *gray_of_imagenet(), order, crop)
        return Preprocessing(size, 3, IMAGENET_MEAN, IMAGENET_STD, order, crop)
    plain = Preprocessing(size, channels, (0.0,) * channels, (1.0,) * channels, order, crop)
    if way == "none":
        return plain
    mean, std = measured(images.train, plain)
    return replace(plain, mean=mean, std=std)


def gray_of_imagenet() -> tuple[tuple[float], tuple[float]]:
    """ImageNet's mean and standard deviation for gray images: those of the colors, weighted as brightness is."""
    weights = (0.299, 0.587, 0.114)  # ITU-R BT.601, which Pillow converts with
    mean = sum(w * m for w, m in zip(weights, IMAGENET_MEAN, strict=True))
    return (round(mean, 4),), (round(sum(w * s for w, s in zip(weights, IMAGENET_STD, strict=True)), 4),)


def measured(images: Images, plain: Preprocessing) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and standard deviation of each channel, of training images as they are cut for evaluation."""
    sums = np.zeros((3, plain.channels))  # of 1, x and x^2
    for index in np.linspace(0, len(images) - 1, min(MEASURED, len(images))).astype(int):
        with images.open(int(index)) as image:
            x = plain(image).astype(np.float64).reshape(plain.channels, -1)
        sums += [np.full(plain.channels, x.shape[1]), x.sum(axis=1), (x * x).sum(axis=1)]
    count, total, squares = sums
    mean = total / count
    std = np.sqrt(np.maximum(squares / count - mean**2, 1e-6))
    return tuple(round(float(m), 4) for m in mean), tuple(max(round(float(s), 4), 0.001) for s in std)


# ---- data.json -----------------------------------------------------------------------------------------------------


def write_data(folder: Path, data: RunData, options: Options) -> None:
    """data.json: which images there are to train and to validate with."""
    record = {
        **data.record(options),
        "classes": list(data.images.classes),
        "preprocessing": data.preprocessing.to_record(),
        "unreadable": data.unreadable,
        "train": listed(data.images.train, data.images.where),
        "val": listed(data.images.val, data.images.where),
        "known": data.known,
    }
    write_atomically(folder / DATA, [f"{json.dumps(record, indent=0, ensure_ascii=False)}\n".encode()])


def listed(images: Images, where: str) -> Any:
    """Files by their names in the folder, with labels; an array by its length and a checksum."""
    if isinstance(images, FileImages):
        names = [path.relative_to(where).as_posix() for path in images.paths]
        return [[name, int(label)] for name, label in zip(names, images.labels, strict=True)]
    assert isinstance(images, ArrayImages)
    return {"images": len(images), "crc32": checksum(images)}


def checksum(images: ArrayImages) -> int:
    """Of pixels and labels."""
    return zlib.crc32(images.labels.tobytes(), zlib.crc32(np.ascontiguousarray(images.pixels).data))


def read_data(folder: Path, options: Options) -> RunData:
    """The data of a run that goes on, as data.json has them. ValueError, in one line, where they are not there now."""
    path = folder / DATA
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        classes, where = tuple(record["classes"]), record["where"]
        preprocessing = Preprocessing.from_record(record["preprocessing"])
        parts = [record["train"], record["val"]]
        unreadable, known = dict(record["unreadable"]), dict(record["known"])
        if isinstance(parts[0], list):
            train, val = (
                FileImages([Path(where, name) for name, _ in part], [label for _, label in part], classes)
                for part in parts
            )
            images = ImageData(record["name"], record["kind"], where, classes, train, val)
    except OSError as error:
        raise OSError(f"cannot read {path}: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ValueError(f"{path} is damaged ({error}): the images of this run are not known any more") from error
    if isinstance(parts[0], list):
        gone = [image for part in (train, val) for image in part.paths if not image.is_file()]
        if gone:
            raise ValueError(f"--resume: {len(gone)} of the run's images are gone: {gone[0]}. Put them back")
    else:
        images = data_of(options)
        for part, now in zip(parts, (images.train, images.val), strict=True):
            if not isinstance(now, ArrayImages) or part != listed(now, ""):
                raise ValueError(
                    f"--resume: {options.data} has other images now than when the run began: {now.name(0)}"
                )
    return RunData(images, preprocessing, unreadable, known)
