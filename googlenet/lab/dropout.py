"""What dropout does to the gap between the images trained on and others."""

from __future__ import annotations

from dataclasses import replace
from statistics import fmean
from typing import Any

from googlenet.lab.harness import Data, Experiment, Lab, Table, network, train
from googlenet.lab.plots import curves, losses
from googlenet.lab.words import by_seed, column, compared, last_losses, plus_minus, sentence
from googlenet.presets import presets

SHARES = (0.0, 0.4, 0.7)  # of the numbers that are dropped, p
IMAGES = 200  # few, so that there is something to learn by heart


def measure(lab: Lab) -> Data:
    """{p: one run for each seed}; p is text, as the keys of JSON are."""
    found: Data = {str(p): [] for p in SHARES}
    for seed, p in lab.with_seeds(SHARES):
        preset = replace(presets["plain"], dropout=p, aux_dropout=p)
        found[str(p)].append(train(lab, network(seed, preset), seed, images=IMAGES, epochs=20))
    return found


def gaps(runs: list[Data]) -> list[float]:
    """Between the accuracy on the images trained on and on others, of each seed."""
    return [run["train_accuracy"] - run["accuracy"] for run in runs]


def table(data: Data) -> Table:
    return Table(["p", "training %", "test %", "gap, points", "last loss"], [
        [
            p, plus_minus(column(runs, "train_accuracy")), plus_minus(column(runs, "accuracy")),
            plus_minus(gaps(runs)), plus_minus(last_losses(runs), 1, 2),
        ]
        for p, runs in data.items()
    ])  # fmt: skip


def sentences(data: Data) -> tuple[str, str]:
    none, *others = data
    best = max(others, key=lambda p: fmean(column(data[p], "accuracy")))
    highest = others[-1]
    gap = compared(
        f"the gap between training and test with p = {highest}", gaps(data[highest]),
        "that without dropout", gaps(data[none]),
    )  # fmt: skip
    accuracy = compared(
        f"the best test accuracy with dropout, at p = {best},", column(data[best], "accuracy"),
        "that without", column(data[none], "accuracy"),
    )  # fmt: skip
    return sentence(gap), sentence(
        f"{accuracy}; this p was chosen, as the best of {len(others)}, by the same test digits"
    )


def draw(data: Data, figure: Any) -> None:
    accuracy, learning = figure.subplots(1, 2)
    shares = [float(p) for p in data]
    parts = {"trained on": "train_accuracy", "test": "accuracy"}
    percent = {
        name: by_seed([[100 * value for value in column(runs, part)] for runs in data.values()])
        for name, part in parts.items()
    }
    curves(accuracy, shares, percent)
    accuracy.set(title="The gap", xlabel="p, share of the numbers dropped", ylabel="accuracy, %", xticks=shares)
    losses(learning, {f"p = {p}": runs for p, runs in data.items()}, log=True)


EXPERIMENT = Experiment(
    "dropout",
    "What does dropout do to the gap between the images trained on and others?",
    f"p in front of all three classifiers. Preset plain, 32x32, 80 steps of 50 of only {IMAGES} digits; accuracies "
    "are measured without dropout, losses with it.",
    measure, table, sentences, draw,
)  # fmt: skip
