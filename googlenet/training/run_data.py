"""The images of a run: found, checked, and written down in data.json, so that a resumed run has the very same."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

import minicnn as mc
from googlenet.commandline import one_line
from googlenet.data.archive import is_archive, unpacked
from googlenet.data.augmentation import Augmentation
from googlenet.data.check import Stamp, check_images
from googlenet.data.images import FileImages, Images
from googlenet.data.preprocessing import Preprocessing
from googlenet.data.record import DATA, has_files, images_of, is_same, record_of
from googlenet.data.source import ImageData, open_data
from googlenet.data.transforms import IMAGENET_MEAN, IMAGENET_STD, MNIST_MEAN, MNIST_STD
from googlenet.report.text import printable
from googlenet.training.options import Options
from googlenet.training.warm_start import preprocessing_of_weights
from minicnn.checkpoint import write_atomically

MEASURED = 2000  # images whose pixels mean and standard deviation are measured from
SHOWN = 5  # unreadable images that are named on the screen


@dataclass(frozen=True)
class RunData:
    """A data set whose images can all be read, and what is done to them."""

    images: ImageData
    preprocessing: Preprocessing
    unreadable: dict[str, str] = field(default_factory=dict)  # name -> reason
    known: dict[str, Stamp] = field(default_factory=dict)  # name -> size and time of a file that was decoded whole
    notes: tuple[str, ...] = ()  # what the user should be told

    def origin(self, options: Options) -> dict[str, Any]:
        """What the weights' file says of the data, and data.json with the images."""
        return {
            "name": self.images.name, "kind": self.images.kind, "what": options.data, "root": options.data_root,
            "where": self.images.where, "seed": options.seed, "val_share": options.val_share,
        }  # fmt: skip

    @cached_property
    def digest(self) -> str:
        """Of the images, their labels and preprocessing: a checkpoint has it, and goes on with no others."""
        record = record_of(self.images)
        parts = [self.preprocessing.to_record(), *(record[part] for part in ("classes", "train", "val"))]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def data_of(options: Options) -> ImageData:
    """The images that the options name."""
    return open_data(options.data, Path(options.data_root), val_share=options.val_share, seed=options.seed)


def prepare(options: Options, images: ImageData, unreadable: Mapping[str, str], known: Mapping[str, Stamp]) -> RunData:
    """The data of a new run, from what `readable` has returned."""
    weights = preprocessing_of_weights(Path(options.init)) if options.init else None
    preprocessing = preprocessing_of(options, images, weights)
    notes = list(images.notes)
    if weights is not None and weights.channels == preprocessing.channels:
        notes.append(_what_becomes_of(weights, preprocessing))
    return RunData(images, preprocessing, dict(unreadable), dict(known), tuple(notes))


def readable(options: Options, images: ImageData) -> tuple[ImageData, dict[str, str], dict[str, Stamp]]:
    """Decode every image once: the data set without those that cannot be read, their reasons, the stamps of the rest.

    Raises ValueError with --strict, and where nothing would be left of a class.
    """
    unreadable: dict[str, str] = {}
    known: dict[str, Stamp] = {}
    parts = []
    for part in (images.train, images.val):
        bad, stamps = check_images(part, options.threads or mc.get_num_threads()) if is_files(part) else ([], {})
        unreadable.update({image.name: image.reason for image in bad})
        known.update(stamps)
        parts.append(part.subset(np.setdiff1d(np.arange(len(part)), [image.index for image in bad])) if bad else part)
    notes = _what_is_left_out(unreadable, options.strict)
    train, val = parts
    if unreadable:
        last = printable(": ".join(list(unreadable.items())[-1]))
        if empty := [name for label, name in enumerate(images.classes) if label not in train.labels]:
            raise ValueError(f"no image of class {empty[0]!r} can be read to train with; {last}")
        if not len(val):
            raise ValueError(f"no image can be read to validate with; {last}")
    return replace(images, train=train, val=val, notes=(*images.notes, *notes)), unreadable, known


def is_files(images: Images) -> bool:
    """Whether each image is a file of its own, which may be damaged."""
    return isinstance(images, FileImages)


def _what_is_left_out(unreadable: Mapping[str, str], strict: bool) -> list[str]:
    """Lines for the user. ValueError where there should be nothing to tell."""
    if not unreadable:
        return []
    shown = [printable(f"  {name}: {reason}") for name, reason in list(unreadable.items())[:SHOWN]]
    if strict:
        raise ValueError(f"--strict: {shown[0].strip()} (images that cannot be read: {len(unreadable):,})")
    more = [f"  and {len(unreadable) - SHOWN:,} more: see {DATA}"] if len(unreadable) > SHOWN else []
    return [f"images that cannot be read, and are left out: {len(unreadable):,}", *shown, *more]


# ---- what is subtracted, and divided by ----------------------------------------------------------------------------


def preprocessing_of(options: Options, images: ImageData, weights: Preprocessing | None = None) -> Preprocessing:
    """How the options want these images prepared.

    weights: what those to begin with were trained with. Where it has as many channels, the first convolution expects
    them in its order, and normalized with its mean and std: the run keeps to that, unless --mean-std says otherwise.
    """
    size, channels = options.image_size, options.channels
    order, crop = ("L" if channels == 1 else "RGB"), ("whole" if images.kind == "digits" else "center")
    way = options.mean_std
    if weights is not None and weights.channels == channels:
        order = weights.order
        if way == "usual":
            return Preprocessing(size, channels, weights.mean, weights.std, order, crop)
    if way == "usual" and images.name in ("digits", "mnist") and channels == 1:
        return Preprocessing(size, 1, (MNIST_MEAN,), (MNIST_STD,), order, crop)
    if way == "imagenet" or (way == "usual" and images.kind == "photos" and channels == 3):
        if channels == 1:
            return Preprocessing(size, 1, *gray_of_imagenet(), order, crop)
        if order == "BGR":
            return Preprocessing(size, 3, IMAGENET_MEAN[::-1], IMAGENET_STD[::-1], order, crop)
        return Preprocessing(size, 3, IMAGENET_MEAN, IMAGENET_STD, order, crop)
    plain = Preprocessing(size, channels, (0.0,) * channels, (1.0,) * channels, order, crop)
    if way == "none":
        return plain
    mean, std = measured(images.train, plain)
    return replace(plain, mean=mean, std=std)


def _what_becomes_of(weights: Preprocessing, chosen: Preprocessing) -> str:
    """A line that says whether the images come as the weights expect them."""
    theirs, ours = (
        f"mean {' '.join(f'{m:.4g}' for m in p.mean)}, std {' '.join(f'{s:.4g}' for s in p.std)}"
        for p in (weights, chosen)
    )
    if theirs == ours:
        return f"images as these weights expect them: {chosen.order}, {ours}"
    return f"images in the order of these weights, {chosen.order}, with {ours} in place of their {theirs}"


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


def augmentation_of(options: Options, images: ImageData) -> Augmentation | None:
    """What the options ask for, beside what suits these images."""
    if not options.augment:
        return None
    asked = {name: getattr(options, name) for name in ("jitter", "lighting", "cutout", "mixup")}
    return replace(Augmentation.of(images.kind), **asked)


# ---- data.json -----------------------------------------------------------------------------------------------------


def write_data(folder: Path, data: RunData, options: Options) -> None:
    """data.json: which images there are to train and to validate with."""
    record = {
        **data.origin(options),
        "preprocessing": data.preprocessing.to_record(),
        **record_of(data.images),
        "unreadable": data.unreadable,
        "known": data.known,
    }
    text = f"{json.dumps(record, indent=0, ensure_ascii=False)}\n"
    # A name that is not UTF-8, as of an old disk, has lone surrogates in Python: as \udce9, JSON can hold it.
    write_atomically(folder / DATA, [text.encode(errors="backslashreplace")])


def data_of_run(folder: Path, options: Options, digest: str | None = None) -> RunData:
    """The data of a run that goes on: from data.json or, where that is gone, found anew, and written down.

    digest: what the checkpoint says of them. Raises ValueError, in one line, where they are others now.
    """
    path = folder / DATA
    known = path.exists()  # else it was killed before it wrote this, or somebody has removed it
    data = read_data(folder, options) if known else prepare(options, *readable(options, data_of(options)))
    if digest not in (None, data.digest):
        others = f"{path} has" if known else f"{path} is gone, and {options.data} has"
        raise ValueError(f"--resume: {others} other images than this run was trained with: put its own back")
    if not known:
        write_data(folder, data, options)
    return data


def read_data(folder: Path, options: Options) -> RunData:
    """The data of a run as data.json has them. ValueError, in one line, where they are not there now."""
    path = folder / DATA
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        preprocessing = Preprocessing.from_record(record["preprocessing"])
        unreadable, known = dict(record["unreadable"]), dict(record["known"])
        images = images_of(record) if has_files(record) else data_of(options)
        same = is_same(record, images)
    except OSError as error:
        raise OSError(f"{path}: {one_line(error)}") from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(
            f"{path} is damaged ({error}). Remove it: --resume finds the images anew, and goes on if they are the same"
        ) from error
    if not same:
        raise ValueError(f"--resume: {options.data} has other images now than when the run began")
    if not has_files(record):
        return RunData(images, preprocessing, unreadable, known)
    images, notes = _unpacked_again(images, options)
    notes += _changes(images, {} if notes else known, options)
    return RunData(images, preprocessing, unreadable, known, tuple(notes))


def _unpacked_again(images: ImageData, options: Options) -> tuple[ImageData, list[str]]:
    """The images of an archive where the cache was cleared, in part or whole, or is elsewhere now; and a line of it."""
    parts = [part for part in (images.train, images.val) if isinstance(part, FileImages)]
    if not is_archive(options.data) or all(path.is_file() for part in parts for path in part.paths):
        return images, []
    here = unpacked(options.data)
    train, val = (
        FileImages([here / path.relative_to(images.where) for path in part.paths], part.labels, part.classes)
        for part in parts
    )
    return replace(images, where=str(here), train=train, val=val), [f"{options.data} was unpacked again"]


def _changes(images: ImageData, known: Mapping[str, Stamp], options: Options) -> list[str]:
    """A line where files are not what they were. ValueError where one is gone, or cannot be read any more."""
    if not Path(images.where).is_dir():
        raise ValueError(f"--resume: {options.data}, where the run's images were, is gone. Put it back, or make a link "
                         "of that name to where it is now")  # fmt: skip
    bad, now = [], {}
    for part in (images.train, images.val):
        unreadable, stamps = check_images(part, options.threads or mc.get_num_threads(), known=known)
        bad += unreadable
        now.update(stamps)
    if bad:
        raise ValueError(f"--resume: {len(bad):,} of the run's images are gone or damaged, such as {bad[0].name}: "
                         f"{bad[0].reason}. Put them back")  # fmt: skip
    changed = sum(known.get(name, stamp) != stamp for name, stamp in now.items())
    return [f"{changed:,} images are not the files that they were when the run began"] if changed else []
