"""Image size, batch, epochs and network that suit a data set, where the command line does not say."""

from __future__ import annotations

import statistics
from typing import Any

import numpy as np

from googlenet.data.source import ImageData
from googlenet.presets import presets
from googlenet.training.options import Options

SIZES = (32, 48, 64, 96, 128)
SEEN = 35_000  # images in a whole run, each as often as it comes: as with the 5,000 digits in 7 epochs
EPOCHS = (5, 100)  # at least and at most
PIXELS = 900e6  # in a whole run: about half an hour on two cores (benchmarks/README.md has what a step takes)
FEW = 5000  # images: from so many digits, those that come with this package, the paper's network learns, too
STEPS = 10  # an epoch, at least, so far as batches of 8 give them

LOOPS_TRAIN, LOOPS_TEST = 480, 200  # images, where a learner's loops compute


def sizes_for(images: ImageData, chosen: dict[str, Any]) -> dict[str, Any]:
    """Options for what is not chosen: the largest images that a run of half an hour allows, none blown up much."""
    if images.name == "digits":
        return {}
    count = chosen.get("limit_train") or len(images.train)
    epochs = chosen.get("epochs") or int(np.clip(round(SEEN / count), *EPOCHS))
    batch = chosen.get("batch_size") or int(np.clip(2 ** int(np.log2(max(count // STEPS, 1))), 8, Options.batch_size))
    affordable = [size for size in SIZES if size**2 * count * epochs <= PIXELS and size <= usual_side(images)]
    found: dict[str, Any] = {
        "image_size": max(affordable, default=SIZES[0]), "batch_size": batch, "epochs": epochs,
        "channels": usual_channels(images),
    }  # fmt: skip
    if images.kind == "photos":
        if chosen.get("augment", True):
            found["jitter"] = 0.2
    if images.kind == "photos" or len(images.train) < FEW:
        found["preset"] = "batchnorm"  # learns from a few hundred images at once; the paper's guesses for ten epochs
    preset = presets[chosen.get("preset", found.get("preset", Options.preset))]
    found["image_size"] = max(found["image_size"], preset.smallest_image)
    if preset.batch_norm and count % batch == 1:
        found["batch_size"] += 1  # else one image would be left over, which cannot be normalized
    return {name: value for name, value in found.items() if name not in chosen}


def sizes_for_loops(images: ImageData, chosen: dict[str, Any]) -> dict[str, Any]:
    """Options for what is not chosen, where operations are written as loops: a few minutes, however slow these are.

    With them the library itself gets about 8 of 10 digits right (exercises/override.py).
    """
    found: dict[str, Any] = {
        "preset": "batchnorm", "image_size": 32, "batch_size": 16, "epochs": 3, "lr": 0.002,
        "channels": usual_channels(images),
        "limit_train": min(LOOPS_TRAIN, len(images.train)), "limit_test": min(LOOPS_TEST, len(images.val)),
    }  # fmt: skip
    return {name: value for name, value in found.items() if name not in chosen}


def looked_at(images: ImageData) -> list[Any]:
    """Some training images, spread over all of them, opened for their size and mode."""
    opened = []
    for index in np.unique(np.linspace(0, len(images.train) - 1, 50).astype(int)):
        with images.train.open(int(index)) as image:
            opened.append((min(image.size), image.mode))
    return opened


def usual_side(images: ImageData) -> float:
    """The shorter side of the middle one of these images; digits may be twice as large as they are."""
    side = statistics.median(side for side, _ in looked_at(images))
    return 2.5 * side if images.kind == "digits" else side


def usual_channels(images: ImageData) -> int:
    """1 where all are gray, else 3."""
    if images.kind == "digits":  # perhaps stored as colors
        return 1
    return 1 if all(mode in ("L", "1", "I;16", "LA", "I") for _, mode in looked_at(images)) else 3
