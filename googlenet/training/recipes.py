"""The recipes that there are: how GoogLeNets are trained, by whom, and where each figure comes from.

The paper (arXiv 1409.4842) gives half of a recipe, in section 6. It tells neither the learning rate that 4 % are taken
from, nor the batch, the number of epochs, a weight decay, or the steps that Polyak's average is taken over.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any


@dataclass(frozen=True)
class Recipe:
    """What `--recipe NAME` sets where the command line says nothing else; None: left as it is without a recipe.

    The fields are options of train.py. What is 0, False or "none" is no part of the recipe.
    """

    name: str
    optimizer: str
    lr: float
    momentum: float | None  # of sgd
    weight_decay: float
    bias_rules: bool  # biases have twice the rate, and no weight decay
    schedule: str
    warmup: float  # epochs
    label_smoothing: float
    average: str  # of the weights, evaluated beside the weights themselves
    clip_norm: float
    batch_size: int | None
    epochs: int | None

    def options(self) -> dict[str, Any]:
        """What it sets, by the names of the options."""
        return {name: value for name, value in asdict(self).items() if name != "name" and value is not None}


recipes = {
    recipe.name: recipe
    for recipe in [
        #      name       optimizer lr     mom.  decay  biases schedule    warm smooth average  clip batch epochs
        Recipe("default", "adam",   5e-4,  None, 0.0,   False, "cosine",   0.5, 0.0,  "none",   0.0, None, None),
        Recipe("paper",   "sgd",    0.01,  0.9,  0.0,   False, "step",     0.0, 0.0,  "polyak", 0.0, None, None),
        Recipe("caffe",   "sgd",    0.01,  0.9,  2e-4,  True,  "poly",     0.0, 0.0,  "none",   0.0, 32,   None),
        Recipe("mnist",   "sgd",    0.001, 0.7,  0.0,   False, "constant", 0.0, 0.0,  "none",   0.0, 300,  50),
        Recipe("modern",  "adamw",  1e-3,  None, 0.05,  False, "cosine",   0.5, 0.1,  "ema",    1.0, None, None),
    ]
}  # fmt: skip

# Whose each recipe is, and the reason of every figure that is a part of it.
ORIGINS = {
    "default": "what train.py does without --recipe: chosen on the digits",
    "paper": "Szegedy et al., Going Deeper with Convolutions, 2014, section 6",
    "caffe": "BVLC/caffe, models/bvlc_googlenet: quick_solver, train_val.prototxt",
    "mnist": "a course on GoogLeNet for MNIST at 224x224 (shared/seeds, 002)",
    "modern": "what has come into use since, as far as it helps on the digits",
}
REASONS = {
    "default": {
        "optimizer": "leaves the first plateau an epoch sooner than sgd",
        "lr": "98 % on the digits; the network has no batch norm to bear more",
        "schedule": "Loshchilov and Hutter 2017: no milestones to choose",
        "warmup": "Adam's first steps are large: its means are of few gradients",
    },
    "paper": {
        "optimizer": "'asynchronous stochastic gradient descent'; here nothing is",
        "lr": "not told; Caffe's, whose authors had help from the paper's",
        "momentum": "'with 0.9 momentum'",
        "schedule": "'decreasing the learning rate by 4% every 8 epochs'",
        "average": "'used to create the final model'; not told: over which steps",
    },
    "caffe": {
        "optimizer": "quick_solver: SGD, Caffe's default",
        "lr": "quick_solver: base_lr 0.01",
        "momentum": "quick_solver: momentum 0.9",
        "weight_decay": "quick_solver: weight_decay 0.0002",
        "bias_rules": "train_val: lr_mult 2 and decay_mult 0 of every bias",
        "schedule": "quick_solver: lr_policy poly, power 0.5, here over the run",
        "batch_size": "train_val: batch_size 32 (2.4 M steps were 60 epochs)",
    },
    "mnist": {
        "optimizer": "optim.SGD",
        "lr": "lr=0.001; constant, as there is no schedule",
        "momentum": "momentum=0.7",
        "schedule": "there is none",
        "batch_size": "batch_size = 300, 200 steps an epoch of MNIST",
        "epochs": "50",
    },
    "modern": {
        "optimizer": "Loshchilov and Hutter 2019: decay apart from Adam's means",
        "lr": "twice the default's, which the warm-up and the clipping allow",
        "weight_decay": "AdamW's of the transformers (ViT, ConvNeXt: 0.05)",
        "schedule": "Loshchilov and Hutter 2017",
        "warmup": "Goyal et al. 2017: 5 of 90 epochs; here runs are shorter",
        "label_smoothing": "Szegedy et al. 2015 (Inception v3), section 7",
        "average": "exponential, as in Inception v3: the last steps count most",
        "clip_norm": "Pascanu et al. 2013: one odd batch does not undo many",
    },
}


def find_recipe(name: str) -> Recipe:
    """The recipe of that name; ValueError where there is none."""
    if name not in recipes:
        raise ValueError(f"--recipe: got {name!r}, expected one of {', '.join(recipes)}")
    return recipes[name]


def side_by_side() -> str:
    """All recipes as a table at 80 columns, and below it the reason and source of each figure."""
    names = [field.name for field in fields(Recipe) if field.name != "name"]
    lines = [f"{'':<17}" + "".join(f"{name:>10}" for name in recipes)]
    for name in names:
        lines.append(f"{_flag(name):<17}" + "".join(f"{_cell(recipe, name):>10}" for recipe in recipes.values()))
    lines += ["", ".: as without a recipe (a batch and a number of epochs fit the data, not the", "recipe)"]
    for recipe in recipes.values():
        lines += ["", f"{recipe.name}: {ORIGINS[recipe.name]}"]
        for name, reason in REASONS[recipe.name].items():
            lines.append(f"  {_flag(name)[2:]:<16}{reason}")
    return "\n".join(lines)


def records() -> list[dict[str, Any]]:
    """The same, for a program."""
    return [
        {**asdict(recipe), "origin": ORIGINS[recipe.name], "reasons": REASONS[recipe.name]}
        for recipe in recipes.values()
    ]


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _cell(recipe: Recipe, name: str) -> str:
    value = getattr(recipe, name)
    if value is None:
        return "."
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str) else f"{value:g}"
