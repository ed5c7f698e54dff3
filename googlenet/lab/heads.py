"""With the auxiliary heads and without: what they do for accuracy, and what they send down."""

from __future__ import annotations

from statistics import fmean
from typing import Any

from googlenet.lab.harness import Data, Experiment, Lab, Table, look, network, train
from googlenet.lab.plots import curves, dots
from googlenet.lab.words import column, compared, geometric_mean, last_losses, plus_minus, ratio, sentence, short, times
from googlenet.presets import presets

WEIGHTS = {"none": 0.0, "0.3": 0.3, "1": 1.0}  # of the heads' losses; none: a network without heads
BLOCK = "3a"  # the lowest Inception block: the heads stand on 4a and 4d, two and five blocks above


def measure(lab: Lab) -> Data:
    """{weight: one run for each seed}, with the gradients by block before and after training."""
    found: Data = {name: [] for name in WEIGHTS}
    for seed, name in lab.with_seeds(list(WEIGHTS)):
        weight = WEIGHTS[name]
        model = network(seed, presets["plain"], heads=weight > 0)
        before = look(model, aux_weight=weight)
        run = train(lab, model, seed, aux_weight=weight)
        found[name].append(run | {"before": before, "after": look(model, aux_weight=weight)})
    return found


def gradients(runs: list[Data], when: str, what: str = "gradient") -> list[float]:
    """The norm at 3a for each seed."""
    return [run[when][BLOCK][what] for run in runs]


def table(data: Data) -> Table:
    heads = ["weight", "test %", "last loss", "3a before", "by heads", "3a after", "by heads"]
    return Table(heads, [
        [
            name, plus_minus(column(runs, "accuracy")), plus_minus(last_losses(runs), 1, 2),
            *(cell for when in ("before", "after") for cell in (
                short(geometric_mean(gradients(runs, when))), f"{fmean(gradients(runs, when, 'heads')):.0%}",
            )),
        ]
        for name, runs in data.items()
    ])  # fmt: skip


def sentences(data: Data) -> tuple[str, str]:
    accuracy = {name: column(runs, "accuracy") for name, runs in data.items()}
    first = "; ".join(
        compared(f"the test accuracy with heads of weight {name}", accuracy[name], "that without", accuracy["none"])
        for name in accuracy
        if name != "none"
    )
    by_weight = []
    for name, runs in data.items():
        if name != "none":
            before, after = (
                ratio(geometric_mean(gradients(runs, when)), geometric_mean(gradients(runs, when, "main")))
                for when in ("before", "after")
            )
            by_weight.append(
                f"with heads of weight {name} is {times(before)} that of the main loss alone before training and "
                f"{times(after)} it after"
            )
    return sentence(first), sentence(f"the gradient that reaches {BLOCK} {'; '.join(by_weight)}")


def draw(data: Data, figure: Any) -> None:
    accuracy, norms = figure.subplots(1, 2, width_ratios=[1, 2])
    dots(accuracy, {name: column(runs, "accuracy") for name, runs in data.items()})
    accuracy.set(title="Accuracy", xlabel="weight of the heads' losses")
    blocks = list(next(iter(data.values()))[0]["before"])
    of_blocks = {
        f"heads: {name}": [[run["before"][block]["gradient"] for block in blocks] for run in runs]
        for name, runs in data.items()
    }
    curves(norms, blocks, of_blocks, log=True)
    norms.set(title="Before training", xlabel="block", ylabel="norm of its weights' gradient")
    norms.tick_params(axis="x", rotation=45)


EXPERIMENT = Experiment(
    "heads",
    "Do the auxiliary heads help, and what do they send down?",
    "The weight of the heads' losses: no heads, 0.3 (the paper's), 1. All else is the same, the initial weights too, "
    "but for what dropout drops by chance. Preset plain, 32x32, 100 steps of 50 of 1,000 digits. 3a: the norm of the "
    "gradient of that block's weights, before and after training, and the share of it that the heads send.",
    measure, table, sentences, draw,
)  # fmt: skip
