"""Numbers in words: means with their spread, ratios, and whether a difference is more than the noise of the seeds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean, stdev

from googlenet.report.compare import welch

GUESSING = math.log(10)  # the cross-entropy of who takes all ten digits for equally likely


def plus_minus(values: Sequence[float], scale: float = 100, digits: int = 1) -> str:
    """The mean and the standard deviation over the seeds, "91.2 ± 0.8"; of one seed the number alone.

    "none" where a loss was no number in the end.
    """
    if not all(map(math.isfinite, values)):
        return "none"
    mean = f"{scale * fmean(values):.{digits}f}"
    return f"{mean} ± {scale * stdev(values):.{digits}f}" if len(values) > 1 else mean


def geometric_mean(values: Sequence[float]) -> float:
    """For what spreads over orders of magnitude: all above 0, else it is 0."""
    return math.exp(fmean(map(math.log, values))) if min(values) > 0 else 0.0


def ratio(value: float, other: float) -> float:
    """value / other, infinite where the other is 0: of gradients that have died out."""
    return value / other if other else math.inf


def short(value: float) -> str:
    """Two digits that mean something: 0.12, 1.2, 12, 123, 1.2e-05; "none" for what is no number."""
    if not math.isfinite(value):
        return "none" if math.isnan(value) else "infinitely many"
    if value == 0 or 0.01 <= abs(value) < 10:
        return f"{value:.2g}" if abs(value) < 1 else f"{value:.1f}"
    return f"{value:.0f}" if 10 <= abs(value) < 10_000 else f"{value:.1e}"


def times(ratio: float) -> str:
    """A ratio for a sentence: "3.2 times", and below a half "1/40 of"."""
    return f"1/{short(1 / ratio)} of" if 0 < ratio < 0.5 else f"{short(ratio)} times"


def compared(name: str, values: Sequence[float], other: str, others: Sequence[float]) -> str:
    """Two accuracies, between 0 and 1, of several seeds each: which is higher, and is that more than noise?

    The 95 % interval is that of Welch's t-test, which two or three seeds make wide.
    """
    points = 100 * (fmean(values) - fmean(others))
    if abs(points) < 0.05:
        return f"{name} is equal to {other}"
    apart = f"{abs(points):.1f} points {'above' if points > 0 else 'below'} {other}"
    if min(len(values), len(others)) < 2:
        return f"{name} is {apart}, and one seed cannot tell whether that is noise"
    _, low, high = welch(others, values)
    seeds = f"{len(values)} seeds"
    if low <= 0 <= high:
        return f"{name} is {apart}, which is within the noise of {seeds}"
    return f"{name} is {apart}, beyond the noise of {seeds} (95 % interval {100 * low:.1f} to {100 * high:.1f})"


def column(runs: Sequence[dict], name: str) -> list[float]:
    """One number of each run."""
    return [run[name] for run in runs]


def by_seed(of_variants: Sequence[Sequence[float]]) -> list[list[float]]:
    """Of each variant a number for every seed -> of each seed a number for every variant."""
    return [list(numbers) for numbers in zip(*of_variants, strict=True)]


def last_losses(runs: Sequence[dict]) -> list[float]:
    """The mean training loss of each run's last epoch; nan where it was no number any more."""
    return [math.nan if run["losses"][-1] is None else run["losses"][-1] for run in runs]


def sentence(text: str) -> str:
    """With a capital and a full stop."""
    return f"{text[0].upper()}{text[1:]}."
