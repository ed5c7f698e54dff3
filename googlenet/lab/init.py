"""Why the deep network without batch norm dies with PyTorch's initial weights, and lives with Kaiming's."""

from __future__ import annotations

import math
from typing import Any

from googlenet.lab.harness import Data, Experiment, Lab, Table, look, network, train
from googlenet.lab.plots import curves, losses
from googlenet.lab.words import (
    GUESSING,
    column,
    compared,
    geometric_mean,
    last_losses,
    plus_minus,
    ratio,
    sentence,
    short,
)
from googlenet.presets import presets
from minicnn import nn
from minicnn.nn import init

KAIMING, PYTORCH, NORMALIZED = "Kaiming", "PyTorch", "PyTorch + bn"
FIRST, LAST = "conv1", "5b"


def pytorch_weights(model: nn.Module) -> None:
    """What nn.Conv2d and nn.Linear begin with in PyTorch: variance 1 / (3 fan-in), for the biases too.

    `GoogLeNet` fills its layers with others once they are made: see `initialize` in googlenet/model.py.
    """
    for module in model.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            init.kaiming_uniform_(module.weight, a=math.sqrt(5))
            if module.bias is not None:
                bound = 1 / math.sqrt(init.fans(module.weight)[0])
                init.uniform_(module.bias, -bound, bound)


def as_they_are(model: nn.Module) -> None:
    """The preset's initial weights: Kaiming's."""


VARIANTS = {
    KAIMING: ("plain", as_they_are),
    PYTORCH: ("plain", pytorch_weights),
    NORMALIZED: ("batchnorm", pytorch_weights),
}


def measure(lab: Lab) -> Data:
    """{variant: one run for each seed}, with signals and gradients by block before training."""
    found: Data = {name: [] for name in VARIANTS}
    for seed, name in lab.with_seeds(list(VARIANTS)):
        preset, initialize = VARIANTS[name]
        model = network(seed, presets[preset], heads=False, initialize=initialize)
        before = look(model)
        found[name].append(train(lab, model, seed) | {"before": before})
    return found


def at(runs: list[Data], block: str, what: str) -> float:
    """The geometric mean over the seeds."""
    return geometric_mean([run["before"][block][what] for run in runs])


def table(data: Data) -> Table:
    heads = ["weights", "test %", "last loss", "signal: conv1", "5b", "gradient: conv1"]
    return Table(heads, [
        [
            name, plus_minus(column(runs, "accuracy")), plus_minus(last_losses(runs), 1, 2),
            short(at(runs, FIRST, "signal")), short(at(runs, LAST, "signal")),
            short(at(runs, FIRST, "gradient")),
        ]
        for name, runs in data.items()
    ])  # fmt: skip


def sentences(data: Data) -> tuple[str, str]:
    kept = {name: ratio(at(runs, LAST, "signal"), at(runs, FIRST, "signal")) for name, runs in data.items()}
    less = ratio(at(data[KAIMING], FIRST, "gradient"), at(data[PYTORCH], FIRST, "gradient"))
    first = (
        f"what images differ in is multiplied by {short(kept[KAIMING])} from {FIRST} to {LAST} with Kaiming's weights, "
        f"by {short(kept[PYTORCH])} with PyTorch's, by {short(kept[NORMALIZED])} with PyTorch's and batch norm; at "
        f"{FIRST} Kaiming's weights get a gradient {short(less)} times as large as PyTorch's"
    )
    stuck = [
        f"{name} ({count} of {len(runs)} seeds)"
        for name, runs in data.items()
        if (count := sum(not loss < GUESSING - 0.1 for loss in last_losses(runs)))  # also where it is no number
    ]
    second = compared(
        "the accuracy with Kaiming's weights", column(data[KAIMING], "accuracy"),
        "that with PyTorch's", column(data[PYTORCH], "accuracy"),
    )  # fmt: skip
    who = " and ".join(stuck)
    still = f"the last loss is no better than guessing's, ln 10 = 2.30, with {who}" if stuck else "all learn something"
    return sentence(first), sentence(f"{second}; {still}")


def draw(data: Data, figure: Any) -> None:
    blocks = list(data[KAIMING][0]["before"])
    titles = {
        "signal": ("Signal", "standard deviation from image to image"),
        "gradient": ("Gradient", "norm of the gradient of the weights"),
    }
    *axes, learning = figure.subplots(1, 3)
    for place, (what, (title, unit)) in zip(axes, titles.items(), strict=True):
        # What comes out of fc differs from image to image by what dropout drops in front of it: that is no signal.
        shown = blocks[: blocks.index(LAST) + 1] if what == "signal" else blocks
        of_blocks = {
            name: [[run["before"][block][what] for block in shown] for run in runs] for name, runs in data.items()
        }
        curves(place, shown, of_blocks, log=True)
        place.set(title=title, xlabel="block, before training", ylabel=unit)
        place.tick_params(axis="x", rotation=90)
    losses(learning, data)


EXPERIMENT = Experiment(
    "init",
    "Why does the deep network without batch norm die with PyTorch's initial weights?",
    "The initial weights: Kaiming's (variance 2 / fan-in, biases 0, the classifier's weights small), PyTorch's default "
    "(1 / (3 fan-in), biases too), and that with batch norm behind every convolution. No heads; preset plain "
    "(batchnorm), 32x32, 100 steps of 50 of 1,000 digits.",
    measure, table, sentences, draw, (14, 4.6),
)  # fmt: skip
