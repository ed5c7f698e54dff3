"""How good is a network: its accuracy and loss on a set of images."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import minicnn as mc
import minicnn.functional as F
from googlenet.data import DigitsDataset
from googlenet.model import GoogLeNet
from googlenet.weights import load_model
from minicnn import backend
from minicnn.backend import Array
from minicnn.data import DataLoader


class Evaluation(NamedTuple):
    """top1: share of images (0 to 1) whose class got the highest logit; loss: mean cross-entropy; images: how many."""

    top1: float
    loss: float
    images: int

    def __str__(self) -> str:
        return f"top-1 {self.top1:.2%}, loss {self.loss:.4f}, {self.images:,} test images"


def evaluate(
    model: GoogLeNet, loader: DataLoader, device: str = "cpu", before_batch: Callable[[], None] = lambda: None
) -> Evaluation:
    """Send every image through the network in evaluation mode; the mode it was in is restored.

    before_batch is called before each batch, and may end it by an exception.
    """
    was_training = model.training
    model.eval()
    backend.use(device)
    results, images = [], 0
    try:
        with mc.no_grad():
            for x, targets in backend.uploaded(loader.batches(epoch=0), device):
                before_batch()
                logits = model(mc.Tensor(x))
                loss = F.cross_entropy(logits, targets, reduction="sum")
                results.append((count_right(logits, targets), loss.data))
                images += len(x)
    finally:
        model.train(was_training)
    # Read when all is done: every number that is read makes the CPU wait for a GPU.
    right, total = 0, 0.0
    for count, summed in results:
        right, total = right + int(count), total + float(summed)
    return Evaluation(right / images, total / images, images)


def evaluate_file(
    path: Path, device: str = "cpu", image_size: int = 0, batch_size: int = 32, limit: int = 0
) -> Evaluation:
    """Saved weights on the test digits, in the size that they were trained with unless another is given.

    Raises ValueError, naming the file, for weights that are no good, or for other images than the digits.
    """
    model, info = load_model(path)
    classes, channels = info["num_classes"], info["in_channels"]
    if (classes, channels) != (len(DigitsDataset.classes), 1):
        raise ValueError(f"{path}: for {classes} classes and {channels} channels; the digits have 10 and 1")
    dataset = DigitsDataset(train=False, size=image_size or info["image_size"], limit=limit)
    return evaluate(model.to(device), DataLoader(dataset, batch_size), device)


def count_right(logits: mc.Tensor, targets: Array) -> Array:
    """For how many rows of logits (N, classes) the largest is the target's; a number still on their device.

    targets (N,) classes; or (N, classes) probabilities, of which the largest counts.
    """
    if targets.ndim == 2:
        targets = targets.argmax(axis=1)
    return (logits.data.argmax(axis=1) == targets).sum()
