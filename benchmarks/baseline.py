"""What can be reached without a network: `python -m benchmarks.baseline DATA`.

Two views of an image, its colors and a thumbnail of it, and two classifiers of either: the nearest neighbors, and a
linear softmax classifier. They learn from the images for training, and are tested on those for validation: what
GoogLeNet adds to this is what it has learned of shapes. docs/results.md has the figures.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

import minicnn as mc
import minicnn.functional as F
from googlenet.commandline import INTERRUPTED, Parser, failed, not_empty, prepare_streams
from googlenet.data.check import check_images
from googlenet.data.images import Images
from googlenet.data.source import open_data
from googlenet.data.transforms import whole
from minicnn import nn, optim

Array = np.ndarray
SIDE = 16  # pixels: of a thumbnail
LOOKED_AT = 64  # pixels: width and height of the image whose colors are counted
LEVELS = 8  # of each of red, green and blue: 512 bins
NEIGHBORS = 5
EPOCHS, SEEN, BATCH, RATE = 30, 600_000, 64, 0.01  # of the linear classifier; no more epochs than see so many images
AT_ONCE = 250  # images that are compared with all others at a time


# ---- what is looked at ----------------------------------------------------------------------------------------------


def color_histogram(pixels: Array) -> Array:
    """uint8 (H, W, 3) -> (512,): the root of each color's share of the pixels.

    The distance of two such vectors is Hellinger's distance of the histograms: rare colors count, too.
    """
    red, green, blue = np.moveaxis(pixels.astype(int) * LEVELS // 256, -1, 0)
    counts = np.bincount(((red * LEVELS + green) * LEVELS + blue).ravel(), minlength=LEVELS**3)
    return np.sqrt(counts / counts.sum()).astype(np.float32)


def thumbnail(pixels: Array) -> Array:
    """uint8 (64, 64, 3) -> (768,): the means of 16x16 squares, between 0 and 1."""
    square = LOOKED_AT // SIDE
    means = pixels.reshape(SIDE, square, SIDE, square, 3).mean(axis=(1, 3))
    return (means / 255).astype(np.float32).ravel()


VIEWS: dict[str, Callable[[Array], Array]] = {"colors": color_histogram, "16x16 pixels": thumbnail}


def features(images: Images) -> dict[str, Array]:
    """Every view of every image: (N, features)."""

    def views(index: int) -> list[Array]:
        with images.open(index) as image:
            pixels = np.asarray(whole(image, LOOKED_AT))
        return [view(pixels) for view in VIEWS.values()]

    with ThreadPoolExecutor(os.cpu_count()) as threads:
        found = list(threads.map(views, range(len(images))))
    return {name: np.stack(column) for name, column in zip(VIEWS, zip(*found, strict=True), strict=True)}


# ---- classifiers ----------------------------------------------------------------------------------------------------


def nearest_neighbors(x: Array, labels: Array, test: Array, classes: int, seed: int) -> Array:
    """For each test image the class that most of the nearest training images have; of equals the first."""
    squares, found = (x**2).sum(axis=1), []
    count = min(NEIGHBORS, len(x))
    for start in range(0, len(test), AT_ONCE):
        distances = squares - 2 * test[start : start + AT_ONCE] @ x.T  # less |test|^2, the same for all x
        nearest = labels[np.argpartition(distances, count - 1, axis=1)[:, :count]]
        votes = (nearest[:, :, np.newaxis] == np.arange(classes)).sum(axis=1)
        found.append(votes.argmax(axis=1))
    return np.concatenate(found)


def linear_softmax(x: Array, labels: Array, test: Array, classes: int, seed: int) -> Array:
    """The classes that one linear layer gives the test images, trained on all others by Adam with a falling rate."""
    mc.manual_seed(seed)
    rng = np.random.default_rng(seed)
    mean, scale = x.mean(axis=0), x.std() + 1e-6
    x, test = (x - mean) / scale, (test - mean) / scale
    layer = nn.Linear(x.shape[1], classes)
    optimizer = optim.Adam(layer.parameters(), lr=RATE)
    epochs = max(1, min(EPOCHS, SEEN // len(x)))
    schedule = optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs)
    for _ in range(epochs):
        order = rng.permutation(len(x))
        for start in range(0, len(x), BATCH):
            batch = order[start : start + BATCH]
            optimizer.zero_grad()
            F.cross_entropy(layer(mc.Tensor(x[batch])), labels[batch]).backward()
            optimizer.step()
        schedule.step()
    with mc.no_grad():
        return layer(mc.Tensor(test)).data.argmax(axis=1)


CLASSIFIERS = {f"{NEIGHBORS} nearest neighbors": nearest_neighbors, "linear softmax": linear_softmax}


# ---- the table ------------------------------------------------------------------------------------------------------


def baselines(train: Images, val: Images, seed: int = 0) -> dict[tuple[str, str], float]:
    """The share of the images for validation that each classifier has right, by its name and that of the view.

    ("most frequent class", "") looks at no image.
    """
    classes = len(train.classes)
    most = np.bincount(train.labels, minlength=classes).argmax()
    found = {("most frequent class", ""): float((val.labels == most).mean())}
    seen, asked = features(train), features(val)
    for view in VIEWS:
        used = seen[view].any(axis=0)  # a color that no image has tells nothing: digits have 8 of 512
        x, test = seen[view][:, used], asked[view][:, used]
        for name, classify in CLASSIFIERS.items():
            answers = classify(x, train.labels, test, classes, seed)
            found[name, view] = float((answers == val.labels).mean())
    return found


def readable(images: Images) -> Images:
    """Without those that cannot be decoded."""
    unreadable, _ = check_images(images, on_progress=lambda done, total: None)
    return images.subset(np.setdiff1d(np.arange(len(images)), [one.index for one in unreadable]))


def measure(args: argparse.Namespace) -> None:
    """Find the images, and print the table."""
    data = open_data(args.data, Path(args.data_root), seed=args.seed)
    start = time.perf_counter()
    train, val = readable(data.train), readable(data.val)
    found = baselines(train, val, args.seed)
    print(f"{data.name}: {len(data.classes)} classes, {len(train):,} images to learn from, {len(val):,} to test")
    print(f"\n{'classifier':<24}{'of':<16}{'accuracy':>10}")
    for (name, view), accuracy in found.items():
        print(f"{name:<24}{view:<16}{accuracy:>10.2%}")
    print(f"\nseed {args.seed}, {time.perf_counter() - start:.0f} seconds")


def parser() -> argparse.ArgumentParser:
    """The command line."""
    p = Parser(
        prog="python -m benchmarks.baseline",
        description="How many images are told apart by their colors, or as thumbnails, without a network.",
        epilog="examples:\n"
        "  python -m benchmarks.baseline flowers/\n"
        "  python -m benchmarks.baseline mnist --data-root data",
    )
    p.add_argument("data", type=not_empty, metavar="DATA", help="what train.py --data takes: a folder, mnist, ...")
    p.add_argument("--data-root", type=not_empty, default="data", metavar="DIR", help="where mnist lies (data)")
    p.add_argument("--seed", type=int, default=0, metavar="N", help="of the split and the linear classifier (0)")
    return p


def main(arguments: list[str] | None = None) -> int:
    """Returns the exit status."""
    prepare_streams()
    args = parser().parse_args(arguments)
    try:
        measure(args)
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:
        return failed("benchmarks.baseline", error)
    return 0


if __name__ == "__main__":
    sys.exit(main())
