"""How good is a network: its accuracy and loss on a set of images."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

import minicnn as mc
import minicnn.functional as F
from googlenet.data.crops import ImageCrops
from googlenet.data.imagenet import IMAGENET_CLASSES, imagenet_class
from googlenet.data.images import Images
from googlenet.model import GoogLeNet
from googlenet.weights import load_model
from googlenet.weights.trained_on import data_of_weights, open_like
from minicnn import backend
from minicnn.backend import Array
from minicnn.data import DataLoader

PARTS = ("val", "train", "all")  # of a data set
CROPS_AT_ONCE = 32  # crops of images that go through the network together


class Evaluation(NamedTuple):
    """top1: share of images (0 to 1) whose class is the most probable one; loss: mean cross-entropy; images: how many.

    top5: share of images whose class is among the five most probable; None where there are no more than five classes.
    """

    top1: float
    loss: float
    images: int
    top5: float | None = None

    def __str__(self) -> str:
        return f"top-1 {self.top1:.2%}, loss {self.loss:.4f}, {self.images:,} test images"


class Predictions(NamedTuple):
    """What a network says of N images, in the order in which they came.

    labels: (N,) int64, what they are; probabilities: (N, classes) float32, what the network takes them for; losses:
    (N,) float32, the cross-entropy of each, exact where the probability of its class rounds to 0.
    """

    labels: NDArray[np.int64]
    probabilities: NDArray[np.float32]
    losses: NDArray[np.float32]

    def most_probable(self, count: int) -> NDArray[np.intp]:
        """The `count` most probable classes of each image, (N, count), the best first; of equals the first."""
        return np.argsort(-self.probabilities, axis=1, kind="stable")[:, :count]

    def confusion(self) -> NDArray[np.int64]:
        """How many images of class i were taken for class j, at [i, j]: (classes, classes)."""
        classes = self.probabilities.shape[1]
        pairs = self.labels * classes + self.most_probable(1)[:, 0]
        return np.bincount(pairs, minlength=classes**2).reshape(classes, classes)

    def evaluation(self) -> Evaluation:
        """The shares and the mean over all images."""
        classes = self.probabilities.shape[1]
        hits = self.most_probable(5) == self.labels[:, np.newaxis]
        top5 = float(hits.any(axis=1).mean()) if classes > 5 else None
        return Evaluation(float(hits[:, 0].mean()), float(self.losses.mean(dtype=float)), len(hits), top5)


def evaluate(
    model: GoogLeNet, loader: DataLoader, device: str = "cpu", before_batch: Callable[[], None] = lambda: None
) -> Evaluation:
    """Accuracy and loss on the loader's images: see `predictions`."""
    return predictions(model, loader, device, before_batch).evaluation()


def predictions(
    model: GoogLeNet, loader: DataLoader, device: str = "cpu", before_batch: Callable[[], None] = lambda: None
) -> Predictions:
    """Send every image through the network in evaluation mode; the mode it was in is restored.

    Batches are x (N, C, H, W) or, with several crops of each image, (N, crops, C, H, W), and targets (N,). The
    probabilities of an image are the mean over its crops ("Going deeper with convolutions", section 7).
    before_batch is called before each batch, and may end it by an exception.
    """
    was_training = model.training
    model.eval()
    backend.use(device)
    batches = []
    try:
        with mc.no_grad():
            for x, targets in backend.uploaded(loader.batches(epoch=0), device):
                before_batch()
                log_p = log_probabilities(model, x)
                loss = F.cross_entropy(mc.Tensor(log_p), targets, reduction="none")  # softmax leaves log p as it is
                batches.append((targets, backend.module_of(log_p).exp(log_p), loss.data))
    finally:
        model.train(was_training)
    # Read when all is done: every number that is read makes the CPU wait for a GPU.
    labels, probabilities, losses = (
        np.concatenate([backend.to_device(array, "cpu") for array in arrays]) for arrays in zip(*batches, strict=True)
    )
    return Predictions(labels, probabilities, losses)


def log_probabilities(model: GoogLeNet, x: Array) -> Array:
    """The logarithm of each class's probability, (N, classes), for x as `predictions` takes it; on the device of x."""
    if x.ndim < 5:
        return F.log_softmax(model(mc.Tensor(x)), axis=1).data
    n, crops = x.shape[:2]
    every = x.reshape(n * crops, *x.shape[2:])
    # Of an image there may be 144 crops: not all of them are in memory at once, with all that becomes of them.
    parts = [every[start : start + CROPS_AT_ONCE] for start in range(0, len(every), CROPS_AT_ONCE)]
    log_p = F.concat([F.log_softmax(model(mc.Tensor(part)), axis=1) for part in parts], axis=0).data
    log_p = log_p.reshape(n, crops, log_p.shape[1])
    # The logarithm of the mean; the largest is taken out, so that not all of what is averaged can round to 0.
    xp, largest = backend.module_of(log_p), log_p.max(axis=1, keepdims=True)
    return largest[:, 0] + xp.log(xp.exp(log_p - largest).mean(axis=1))


def evaluate_file(
    path: Path, device: str = "cpu", image_size: int = 0, batch_size: int = 32, limit: int = 0
) -> Evaluation:
    """Saved weights on the images that they were validated with: see `evaluate_weights`."""
    return evaluate_weights(path, device, image_size, batch_size, limit).evaluation


class WeightsEvaluation(NamedTuple):
    """What came out, and what of. unreadable: the reason for each image that could not be read, by its name."""

    evaluation: Evaluation
    predictions: Predictions
    classes: tuple[str, ...]
    images: str  # in words
    notes: tuple[str, ...]  # what the user should be told
    unreadable: dict[str, str]


def evaluate_weights(
    path: Path,
    device: str = "cpu",
    image_size: int = 0,
    batch_size: int = 32,
    limit: int = 0,
    *,
    data: str | None = None,
    root: Path = Path("data"),
    part: str = "val",
    crops: int = 1,
) -> WeightsEvaluation:
    """Saved weights on images, prepared as the weights' file says, in its size unless another is given.

    data, root: what `--data` names; None: what they were trained with. part: val, the images for validation (all, where
    none were split off), train, or all. Classes are matched by name. crops: 1, 10 or 144 of each image. limit: so many
    images of a part; 0: all.
    Raises ValueError, naming the file, for weights that are no good, or classes that they do not know; what `open_data`
    raises; and ValueError where no image can be read.
    """
    model, info = load_model(path)
    model.to(device)
    found = data_of_weights(path, info) if data is None else open_like(info, data, root)
    if info["preprocessing"] is None:
        raise ValueError(f"{path}: for {info['in_channels']} channels, expected 1 (gray) or 3 (color)")
    preprocessing = replace(info["preprocessing"], image_size=image_size or info["preprocessing"].image_size)
    part = "all" if part == "val" and not len(found.val) else part
    parts = [images for name, images in (("train", found.train), ("val", found.val)) if part in (name, "all")]
    each, unreadable = [], {}
    for images in filter(len, parts):
        dataset = ImageCrops(with_classes(images, info["classes"], found.name, path), preprocessing, crops, limit)
        result = predictions_with_bar(model, dataset, device, batch_size)
        readable = np.array([index not in dataset.unreadable for index in range(len(dataset))])
        each.append([array[readable] for array in result])
        unreadable.update({dataset.images.name(index): why for index, why in sorted(dataset.unreadable.items())})
    joined = Predictions(*(np.concatenate(arrays) for arrays in zip(*each, strict=True)))
    if not len(joined.labels):
        name, why = next(iter(unreadable.items()))
        raise ValueError(f"{found.name}: none of {len(unreadable):,} images can be read; {name}: {why}")
    words = {"val": "the images for validation", "train": "the images for training", "all": "all images"}[part]
    where = f" ({found.where})" if found.where else ""
    return WeightsEvaluation(
        joined.evaluation(), joined, info["classes"], f"{words} of {found.name}{where}", found.notes, unreadable
    )


def predictions_with_bar(model: GoogLeNet, dataset: ImageCrops, device: str, batch_size: int) -> Predictions:
    """`predictions`, with a bar where that takes long in a terminal; batch_size: crops that are in memory at once."""
    from tqdm import tqdm

    loader = DataLoader(dataset, max(1, batch_size // dataset.count), num_workers=1)
    with tqdm(total=len(loader), unit=" batches", leave=False, dynamic_ncols=True, disable=None, delay=1) as bar:
        return predictions(model, loader, device, bar.update)


def with_classes(images: Images, classes: Sequence[str], name: str, path: Path) -> Images:
    """The images with the labels that a network has for their classes; ValueError where it does not know one.

    Where the classes are ImageNet's, folders may also have their WordNet ids for names (`imagenet_class`).
    """
    numbers = {name: number for number, name in enumerate(classes)}
    if tuple(classes) == IMAGENET_CLASSES:
        numbers.update({name: numbers[meant] for name in images.classes if (meant := imagenet_class(name))})
    if unknown := [name for name in images.classes if name not in numbers]:
        listed = ", ".join(classes[:10]) + (", ..." if len(classes) > 10 else "")
        raise ValueError(f"{path} does not know the class {unknown[0]!r} of {name}; it knows {listed}")
    renamed = copy.copy(images)
    renamed.classes, renamed.labels = tuple(classes), np.array([numbers[n] for n in images.classes])[images.labels]
    return renamed


def count_right(logits: mc.Tensor, targets: Array) -> Array:
    """For how many rows of logits (N, classes) the largest is the target's; a number still on their device.

    targets (N,) classes; or (N, classes) probabilities, of which the largest counts.
    """
    if targets.ndim == 2:
        targets = targets.argmax(axis=1)
    return (logits.data.argmax(axis=1) == targets).sum()
