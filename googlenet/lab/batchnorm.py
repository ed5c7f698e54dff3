"""With batch norm and without: how fast it learns, and which learning rates it bears."""

from __future__ import annotations

from statistics import fmean
from typing import Any

from googlenet.lab.harness import Data, Experiment, Lab, Table, network, train
from googlenet.lab.plots import curves, losses
from googlenet.lab.words import GUESSING, by_seed, column, compared, last_losses, plus_minus, sentence, short
from googlenet.presets import presets

RATES = (5e-4, 2.5e-3, 1.25e-2)  # Adam's; the first is train.py's
PRESETS = {"without": "plain", "with batch norm": "batchnorm"}
LEARNED = GUESSING / 2  # where every seed's last training loss is below this, the rate counts as borne


def measure(lab: Lab) -> Data:
    """{variant: {rate: one run for each seed}}; rates are text, as the keys of JSON are."""
    found: Data = {name: {str(rate): [] for rate in RATES} for name in PRESETS}
    cases = [(name, rate) for rate in RATES for name in PRESETS]
    for seed, (name, rate) in lab.with_seeds(cases):
        model = network(seed, presets[PRESETS[name]])
        found[name][str(rate)].append(train(lab, model, seed, epochs=3, lr=rate))
    return found


def table(data: Data) -> Table:
    heads = ["network", "learning rate", "test %", "first loss", "last loss"]
    return Table(heads, [
        [
            name, rate, plus_minus(column(runs, "accuracy")),
            *(plus_minus(losses, 1, 2) for losses in (first_losses(runs), last_losses(runs))),
        ]
        for name, rates in data.items()
        for rate, runs in rates.items()
    ])  # fmt: skip


def first_losses(runs: list[Data]) -> list[float]:
    """Of the first epoch."""
    return last_losses([{"losses": run["losses"][:1]} for run in runs])


def borne(rates: Data) -> list[float]:
    """The rates at which every seed has learned."""
    return [float(rate) for rate, runs in rates.items() if all(loss < LEARNED for loss in last_losses(runs))]


def best(rates: Data) -> str:
    """The rate with the highest mean accuracy."""
    return max(rates, key=lambda rate: fmean(column(rates[rate], "accuracy")))


def sentences(data: Data) -> tuple[str, str]:
    without, with_it = PRESETS

    def compared_at(rate: str, other: str) -> str:
        return compared(
            f"the test accuracy with batch norm at the rate {rate}", column(data[with_it][rate], "accuracy"),
            f"that without at {other}", column(data[without][other], "accuracy"),
        )  # fmt: skip

    usual = str(RATES[0])
    at_best = compared_at(best(data[with_it]), best(data[without]))
    first = f"{compared_at(usual, usual)}; each at its best, chosen by the same test digits: {at_best}"
    said = []
    for name in (with_it, without):
        found = borne(data[name])
        with_or_without = "with it" if name == with_it else "without"
        said.append(f"{with_or_without} {' and '.join(f'{rate:g}' for rate in found) or 'none'}")
    return (
        sentence(first),
        f"The learning rates at which all seeds come below a training loss of {short(LEARNED)} (half of guessing's): "
        f"{'; '.join(said)}.",
    )


def draw(data: Data, figure: Any) -> None:
    accuracy, learning = figure.subplots(1, 2)
    rates = [float(rate) for rate in next(iter(data.values()))]
    percent = {
        name: by_seed([[100 * value for value in column(runs, "accuracy")] for runs in of_rates.values()])
        for name, of_rates in data.items()
    }
    curves(accuracy, rates, percent)
    accuracy.set(title="Accuracy", xscale="log", xlabel="learning rate (Adam)", ylabel="test accuracy, %")
    every = {f"{name}, {rate}": runs for name, of_rates in data.items() for rate, runs in of_rates.items()}
    losses(learning, every, log=True)
    learning.set_ylim(top=10)  # what blows up leaves the picture, else all others are one line
    learning.legend(loc="center left", bbox_to_anchor=(1, 0.5))


EXPERIMENT = Experiment(
    "batchnorm",
    "What does batch norm do for learning, and which learning rates does it bear?",
    "Batch norm behind every convolution or none (presets batchnorm and plain), and the learning rate of Adam. 32x32, "
    "60 steps of 50 of 1,000 digits.",
    measure, table, sentences, draw, (12, 4.2),
)  # fmt: skip
