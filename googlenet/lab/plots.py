"""The pictures: lines with what the seeds spread over, and dots, one a seed; in colors that all eyes tell apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from googlenet.lab.words import GUESSING

# Okabe and Ito's, "Color Universal Design" (2008); the yellow is left out, which white paper swallows. Lines differ in
# their markers, too.
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
MARKERS = "osD^vPX"


def curves(
    axes: Any, x: Sequence[Any], of_seeds: Mapping[str, Sequence[Sequence[float | None]]], log: bool = False
) -> None:
    """A line for each name: the mean over the seeds (log: the geometric one), and a band from lowest to highest.

    of_seeds: for each name a list of numbers for every seed, as long as x or shorter, where training has ended. What is
    None, or 0 on a log axis, is not drawn.
    """
    for place, (name, lists) in enumerate(of_seeds.items()):
        y = np.full((len(lists), len(x)), np.nan)
        for row, values in zip(y, lists, strict=True):
            row[: len(values)] = [np.nan if value is None or (log and value <= 0) else value for value in values]
        seen = np.flatnonzero(np.isfinite(y).any(axis=0))
        y, places = y[:, seen], [x[i] for i in seen.tolist()]
        middle = np.exp(np.nanmean(np.log(y), axis=0)) if log else np.nanmean(y, axis=0)
        color, marker = COLORS[place % len(COLORS)], MARKERS[place % len(MARKERS)]
        axes.plot(places, middle, color=color, marker=marker, markersize=4, label=name)
        axes.fill_between(places, np.nanmin(y, axis=0), np.nanmax(y, axis=0), color=color, alpha=0.15, linewidth=0)
    if log:
        axes.set_yscale("log")
    axes.grid(alpha=0.3)
    axes.legend()


def losses(axes: Any, of_runs: Mapping[str, Sequence[Mapping[str, Any]]], log: bool = False) -> None:
    """The training loss of each epoch, and that of guessing; of_runs: for each name the runs, one a seed."""
    from matplotlib.ticker import MaxNLocator

    epochs = range(1, 1 + max(len(run["losses"]) for runs in of_runs.values() for run in runs))
    curves(axes, epochs, {name: [run["losses"] for run in runs] for name, runs in of_runs.items()}, log)
    axes.axhline(GUESSING, color="gray", linestyle=":")
    axes.set(title="Learning", xlabel="epoch", ylabel="training loss (dotted: guessing)")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))


def dots(
    axes: Any, of_seeds: Mapping[str, Sequence[float]], label: str = "test accuracy, %", scale: float = 100
) -> None:
    """A column of dots for each name, one a seed, with a line at their mean."""
    for place, values in enumerate(of_seeds.values()):
        color = COLORS[place % len(COLORS)]
        y = scale * np.asarray(values, float)
        axes.plot([place] * len(y), y, MARKERS[place % len(MARKERS)], color=color, alpha=0.7, markersize=6)
        axes.hlines(y.mean(), place - 0.3, place + 0.3, color=color, linewidth=2)
    axes.set_xticks(range(len(of_seeds)), list(of_seeds))
    axes.set_xlim(-0.6, len(of_seeds) - 0.4)
    axes.set(ylabel=label)
    axes.grid(alpha=0.3, axis="y")
