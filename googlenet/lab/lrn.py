"""With local response normalization and without."""

from __future__ import annotations

from dataclasses import replace
from statistics import fmean
from typing import Any

from googlenet.lab.harness import Data, Experiment, Lab, Table, network, train
from googlenet.lab.plots import dots, losses
from googlenet.lab.words import column, compared, last_losses, plus_minus, sentence, short
from googlenet.presets import presets

WITH, WITHOUT = "with LRN", "without"


def measure(lab: Lab) -> Data:
    """{variant: one run for each seed}."""
    found: Data = {WITH: [], WITHOUT: []}
    for seed, name in lab.with_seeds(list(found)):
        preset = replace(presets["paper"], local_response_norm=name == WITH)
        found[name].append(train(lab, network(seed, preset), seed))
    return found


def table(data: Data) -> Table:
    base = fmean(column(data[WITHOUT], "cpu"))
    return Table(["network", "test %", "last loss", "training time"], [
        [
            name, plus_minus(column(runs, "accuracy")), plus_minus(last_losses(runs), 1, 2),
            f"{fmean(column(runs, 'cpu')) / base:.2f}",
        ]
        for name, runs in data.items()
    ])  # fmt: skip


def sentences(data: Data) -> tuple[str, str]:
    ratio = fmean(column(data[WITH], "cpu")) / fmean(column(data[WITHOUT], "cpu"))
    return (
        sentence(compared(
            "the test accuracy with LRN", column(data[WITH], "accuracy"),
            "that without", column(data[WITHOUT], "accuracy"),
        )),
        f"Training takes {ratio:.2f} times the CPU time with LRN; the last training loss is "
        f"{short(fmean(last_losses(data[WITH])))} with it and {short(fmean(last_losses(data[WITHOUT])))} without.",
    )  # fmt: skip


def draw(data: Data, figure: Any) -> None:
    accuracy, curve = figure.subplots(1, 2, width_ratios=[1, 2])
    dots(accuracy, {name: column(runs, "accuracy") for name, runs in data.items()})
    accuracy.set(title="Accuracy")
    losses(curve, data)


EXPERIMENT = Experiment(
    "lrn",
    "Does local response normalization do anything?",
    "LRN in the stem or not; the initial weights are the same. Preset paper, 32x32, 100 steps of 50 of 1,000 digits.",
    measure, table, sentences, draw,
)  # fmt: skip
