"""The options of train.py, as a frozen record that is kept in config.json and in every checkpoint."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from googlenet.presets import presets
from googlenet.training.recipes import find_recipe, recipes
from googlenet.training.warm_start import block_number
from minicnn.backend.arrays import number_of

SCHEDULES = ("cosine", "step", "poly", "constant")
OPTIMIZERS = ("sgd", "adam", "adamw")
AVERAGES = ("none", "polyak", "ema")
MEAN_STD = ("usual", "imagenet", "measure", "none")
SGD_LR = 0.01  # what sgd gets in place of the default learning rate, which is Adam's
LARGEST_IMAGE = 10_000  # pixels along a side: what is more is a slip, and would end in an error about memory


@dataclass(frozen=True)
class Options:
    """What defines a run. The comments are the help texts; the defaults reach 98 % on the digits."""

    epochs: int = 7  # how often to go through the training images
    batch_size: int = 32  # images for each step
    lr: float = 5e-4  # learning rate, after the warm-up
    schedule: str = "cosine"  # cosine: down to 0; step: times 0.96 every 8 epochs (paper); poly: power 0.5 (Caffe)
    warmup: float = 0.5  # epochs in which the learning rate climbs to --lr
    optimizer: str = "adam"  # leaves the first plateau an epoch sooner than sgd (which has momentum 0.9)
    momentum: float = 0.9  # of sgd
    weight_decay: float = 0.0  # pulls every weight towards 0
    recipe: str = "default"  # where the figures come from that nobody asked for: see recipes.py
    bias_rules: bool = False  # Caffe's: biases have twice the learning rate, and no weight decay
    label_smoothing: float = 0.0  # share of the right answer that is given to all classes
    average: str = (
        "none"  # of the weights, evaluated beside them; polyak: the plain mean; ema: the last ones count most
    )
    clip_norm: float = 0.0  # the gradient is shortened to it; 0: never
    accumulate: int = 1  # batches whose gradients make one step
    early_stop: int = 0  # stop when so many epochs have not raised the test accuracy; 0: never
    data: str = "digits"  # what to train on: see googlenet/data/source.py
    data_root: str = "data"  # where mnist and fashion-mnist lie
    val_share: float = 0.2  # of images that have no part of their own to validate with: so much becomes one
    channels: int = 1  # 1: gray, 3: color
    mean_std: str = "usual"  # what is subtracted, and divided by, with init its own: see googlenet/training/run_data.py
    strict: bool = False  # stop where an image cannot be read; else train without it
    image_size: int = 64  # width and height, at least 32
    preset: str = "paper"  # which GoogLeNet: see googlenet/presets.py
    aux_heads: bool = True  # train with the two auxiliary heads
    init: str = ""  # weights to begin with, in place of random ones
    freeze: str = ""  # leave all up to this block as it is
    augment: bool = True  # change training images a little at random, anew in each epoch; the next four belong to it
    jitter: float = 0.0  # of brightness, contrast and saturation: so much of each, up or down
    lighting: float = 0.0  # noise along ImageNet's principal colors, 0.1 in Krizhevsky's paper
    cutout: float = 0.0  # a square of so much of the side is hidden
    mixup: float = 0.0  # every image is mixed with another, more evenly the larger this is (0.2)
    seed: int = 0  # initial weights, order of the images, dropout
    threads: int = 0  # CPU threads; 0: one for each core
    device: str = "cpu"  # cpu, cuda, cuda:1
    limit_train: int = 0  # use only so many training images, for a quick try; 0: all
    limit_test: int = 0  # use only so many test images; 0: all
    tensorboard: bool = False  # write events for TensorBoard too

    def __post_init__(self) -> None:
        """ValueError, naming the option, for what no run could use."""
        kinds = {"int": (int,), "float": (int, float), "str": (str,), "bool": (bool,)}
        words = {"int": "a whole number", "float": "a number", "str": "text", "bool": "true or false"}
        for field in fields(self):
            value, kind = getattr(self, field.name), str(field.type)
            if not isinstance(value, kinds[kind]) or (isinstance(value, bool) and kind != "bool"):
                raise ValueError(f"{flag(field.name)}: got {value!r}, expected {words[kind]}")
        at_least = {
            "epochs": 1, "batch_size": 1, "lr": 0, "warmup": 0, "momentum": 0, "weight_decay": 0, "image_size": 32,
            "seed": 0, "threads": 0, "limit_train": 0, "limit_test": 0, "val_share": 0.01, "label_smoothing": 0,
            "clip_norm": 0, "accumulate": 1, "early_stop": 0, "jitter": 0, "lighting": 0, "cutout": 0, "mixup": 0,
        }  # fmt: skip
        for name, minimum in at_least.items():
            if not minimum <= getattr(self, name) < math.inf:  # nan is refused too
                raise ValueError(f"{flag(name)}: got {getattr(self, name)}, expected at least {minimum}")
        one_of: dict[str, tuple[Any, ...]] = {
            "schedule": SCHEDULES, "optimizer": OPTIMIZERS, "preset": tuple(presets), "channels": (1, 3),
            "mean_std": MEAN_STD, "average": AVERAGES, "recipe": tuple(recipes),
        }  # fmt: skip
        for name, choices in one_of.items():
            if getattr(self, name) not in choices:
                listed = ", ".join(map(str, choices))
                raise ValueError(f"{flag(name)}: got {getattr(self, name)!r}, expected one of {listed}")
        if self.label_smoothing >= 1:
            raise ValueError(f"--label-smoothing: got {self.label_smoothing}, expected less than 1")
        if self.val_share > 0.9:
            raise ValueError(f"--val-share: got {self.val_share:g}, expected at most 0.9")
        for name in ("jitter", "cutout"):
            if getattr(self, name) > 1:
                raise ValueError(f"{flag(name)}: got {getattr(self, name):g}, expected at most 1")
        if not self.augment and (useless := [n for n in ("jitter", "lighting", "cutout", "mixup") if getattr(self, n)]):
            raise ValueError(f"{flag(useless[0])}: does nothing beside --no-augment")
        if self.freeze:
            block_number(self.freeze)
        if self.image_size > LARGEST_IMAGE:
            raise ValueError(f"--image-size: got {self.image_size}, expected at most {LARGEST_IMAGE}")
        if self.image_size < (smallest := presets[self.preset].smallest_image):
            raise ValueError(f"--image-size: got {self.image_size}, preset {self.preset} needs at least {smallest}")
        try:
            number_of(self.device)
        except ValueError as error:
            raise ValueError(f"--{error}") from error
        if self.warmup > self.epochs:
            raise ValueError(f"--warmup: got {self.warmup:g} epochs, the whole run has --epochs {self.epochs}")


def flag(name: str) -> str:
    """How an option is written on the command line."""
    return f"--{name.replace('_', '-')}"


def usual_lr(optimizer: str) -> float:
    """The learning rate where the command line names none."""
    return SGD_LR if optimizer == "sgd" else Options.lr


def with_recipe(wanted: Mapping[str, Any]) -> dict[str, Any]:
    """What a new run has been asked for and, where nothing was said, what its recipe says.

    Another optimizer than the recipe's gets its own usual learning rate: the recipe's is no good for it.
    """
    own = find_recipe(wanted.get("recipe", Options.recipe)).options()
    if (optimizer := wanted.get("optimizer", own["optimizer"])) != own["optimizer"]:
        own["lr"] = usual_lr(optimizer)
    return {**own, **wanted}


def known_options(record: Any) -> Options:
    """The options in a config.json or a checkpoint. ValueError where it is none, or another version has written it."""
    names = {field.name for field in fields(Options)}
    if not isinstance(record, Mapping):
        raise ValueError(f"the options are {record!r:.80}, expected a record")
    if odd := sorted(names ^ set(record)):
        what = ", ".join(f"{name!r} {'is missing' if name in names else 'is unknown here'}" for name in odd[:5])
        raise ValueError(f"its options are those of another version of train.py ({what}): go on with that version")
    return Options(**record)
