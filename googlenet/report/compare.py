"""Several runs beside each other: what was set differently, what came out, and whether a difference means anything."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, combinations
from pathlib import Path
from statistics import fmean, variance
from typing import Any

from minicnn.lock import try_lock

CONFIG, METRICS, LOCK = "config.json", "metrics.csv", "lock"
LARGEST_FILE = 64 << 20  # bytes: of a file that a run has written, far more than it can have
ACCURACY, AVERAGED = "test_accuracy", "average_accuracy"  # of the network's own weights, and of their average
LOSSES = ("loss_main", "loss_aux1", "loss_aux2")
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
MISSING = "-"  # the value of an option that a run does not have

# Two-sided 95 % quantiles of Student's t distribution for 1, 2, ... degrees of freedom; then those of 30 and more.
T_95 = (
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131, 2.120,
    2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
)  # fmt: skip

Epoch = dict[str, float]  # a row of metrics.csv: what is empty there is not in it


@dataclass(frozen=True)
class Run:
    """What a run's folder tells."""

    folder: str
    options: dict[str, Any]
    epochs: tuple[Epoch, ...]  # each has at least "epoch", and they are in its order
    going_on: bool = False  # a process has its lock
    problems: tuple[str, ...] = ()  # what of it could not be read

    @property
    def state(self) -> str:
        planned = self.options.get("epochs")
        done = int(self.epochs[-1]["epoch"]) if self.epochs else 0
        if self.going_on:
            return "going on"
        if not self.epochs:
            return "no epoch yet"
        if not isinstance(planned, int):
            return "unknown"
        patience = self.options.get("early_stop")  # epochs that may raise nothing; 0: as many as are planned
        stopped_early = isinstance(patience, int) and patience > 0 and self.best and done - self.best[1] >= patience
        return "finished" if done >= planned or stopped_early else "stopped"

    @property
    def progress(self) -> str:
        """Epochs done of those that are planned."""
        return f"{int(self.epochs[-1]['epoch']) if self.epochs else 0}/{self.options.get('epochs', '?')}"

    def curve(self, column: str) -> list[tuple[float, float]]:
        """(epoch, value) where the run has a finite value."""
        there = ((row["epoch"], row.get(column, math.nan)) for row in self.epochs)
        return [(epoch, value) for epoch, value in there if math.isfinite(value)]

    def over_time(self, column: str) -> list[tuple[float, float]]:
        """(minutes since the start, value), likewise; none where the time of an epoch is not known."""
        if len(self.curve("seconds")) < len(self.epochs):
            return []
        minutes = accumulate(row["seconds"] / 60 for row in self.epochs)
        there = [(minute, row.get(column, math.nan)) for minute, row in zip(minutes, self.epochs, strict=True)]
        return [(minute, value) for minute, value in there if math.isfinite(value)]

    def last(self, column: str) -> float | None:
        curve = self.curve(column)
        return curve[-1][1] if curve else None

    @property
    def best(self) -> tuple[float, int] | None:
        """The best accuracy, of the network's own weights or their average, and the first epoch that had it."""
        curve = self.curve(ACCURACY) + self.curve(AVERAGED)
        epoch, value = max(curve, key=lambda point: (point[1], -point[0])) if curve else (0.0, math.nan)
        return (value, int(epoch)) if curve else None

    @property
    def seconds(self) -> float | None:
        """Of all epochs."""
        curve = self.curve("seconds")
        return sum(value for _, value in curve) if curve else None

    @property
    def images_per_second(self) -> float | None:
        """The mean of the epochs."""
        curve = self.curve("images_per_second")
        return fmean(value for _, value in curve) if curve else None


@dataclass(frozen=True)
class Group:
    """Runs that differ in nothing but their seed. mean and std: of the best accuracies, in percent."""

    runs: tuple[int, ...]  # their places in Comparison.runs
    mean: float
    std: float | None  # of one run nothing is known


@dataclass(frozen=True)
class Difference:
    """Of the means of two groups, other - one, in percent, with its 95 % interval (Welch's t-test)."""

    one: tuple[int, ...]
    other: tuple[int, ...]
    mean: float
    low: float
    high: float

    @property
    def may_be_chance(self) -> bool:
        return self.low <= 0 <= self.high


@dataclass(frozen=True)
class Comparison:
    runs: tuple[Run, ...]
    differing: dict[str, tuple[Any, ...]]  # options that not all have the same, with the value of each run or MISSING
    not_in_all: tuple[str, ...]  # options that some runs do not have: another version has made them
    groups: tuple[Group, ...]
    differences: tuple[Difference, ...]


# ---- reading ------------------------------------------------------------------------------------------------------


def read_run(folder: Path) -> Run:
    """The run in a folder, as far as it can be read. ValueError or OSError, in one line, where there is none."""
    if not folder.is_dir():
        raise ValueError(f"{folder} {'is a file, expected the folder of a run' if folder.exists() else 'is not there'}")
    if not (folder / CONFIG).exists() and not (folder / METRICS).exists():
        raise ValueError(f"{folder} holds no run: neither {CONFIG} nor {METRICS} is there")
    problems = []
    options: dict[str, Any] = {}
    try:
        found = json.loads(_text(folder / CONFIG))["options"]
        options = dict(found) if isinstance(found, dict) else {}
        if not options:
            problems.append(f"{CONFIG} has no options")
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        problems.append(_why(folder / CONFIG, error))
    rows: tuple[Epoch, ...] = ()
    if (folder / METRICS).exists():
        try:
            rows, damaged = read_metrics(_text(folder / METRICS))
            problems += damaged
        except (OSError, ValueError, csv.Error) as error:
            problems.append(_why(folder / METRICS, error))
    return Run(str(folder), options, rows, _has_owner(folder), tuple(problems))


def read_metrics(text: str) -> tuple[tuple[Epoch, ...], list[str]]:
    """The epochs in a metrics.csv, and what is wrong with it. A line that is damaged is left out."""
    lines = csv.DictReader(text.splitlines())
    if "epoch" not in (lines.fieldnames or ()):
        return (), [f"{METRICS} has no column epoch"]
    epochs: dict[float, Epoch] = {}
    problems = []
    for line in lines:
        try:
            if None in line or None in line.values():
                raise ValueError  # more or fewer cells than columns
            row = {str(name): float(cell) for name, cell in line.items() if cell != ""}
            if not row["epoch"] >= 1 or not row["epoch"].is_integer():
                raise ValueError
            epochs[row["epoch"]] = row
        except (ValueError, KeyError):
            problems.append(f"line {lines.line_num} of {METRICS} is damaged, and left out")
    return tuple(epochs[number] for number in sorted(epochs)), problems


def _text(path: Path) -> str:
    if path.stat().st_size > LARGEST_FILE:
        raise ValueError("too large")
    return path.read_text(encoding="utf-8")


def _why(path: Path, error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return f"{path.name} is not there"
    return f"{path.name} cannot be read" if isinstance(error, OSError) else f"{path.name} is damaged"


def _has_owner(folder: Path) -> bool:
    """Whether a process is training there: it has locked the file `lock` (googlenet/training/folder.py)."""
    try:
        with open(folder / LOCK, "rb") as file:
            return try_lock(file) is False
    except OSError:
        return False


# ---- comparing ----------------------------------------------------------------------------------------------------


def compare(runs: Sequence[Run]) -> Comparison:
    """Lay runs over each other. ValueError where there are none, or more than letters to call them by."""
    if not 0 < len(runs) <= len(LETTERS):
        raise ValueError(f"compare: got {len(runs)} runs, expected 1 to {len(LETTERS)}")
    names = dict.fromkeys(name for run in runs for name in run.options)
    values = {name: tuple(run.options.get(name, MISSING) for run in runs) for name in names}
    differing = {name: found for name, found in values.items() if len({repr(v) for v in found if v != MISSING}) > 1}
    not_in_all = tuple(name for name in names if any(run.options and name not in run.options for run in runs))
    groups = same_but_for_the_seed(runs)
    pairs = combinations([group for group in groups if group.std is not None], 2)
    return Comparison(tuple(runs), differing, not_in_all, groups, tuple(difference(runs, *pair) for pair in pairs))


def same_but_for_the_seed(runs: Sequence[Run]) -> tuple[Group, ...]:
    """Finished runs in groups. What does not change what is trained (threads, device) may differ, too.

    A run that goes on, or was stopped, has an accuracy that is still to rise: it is in none. Nor is one whose options
    are not known, or the second of one seed: it tells nothing new.
    """
    members: dict[str, list[int]] = {}
    seen: set[tuple[str, Any]] = set()
    for place, run in enumerate(runs):
        if run.state == "finished" and run.options and run.best:
            same = {name: value for name, value in run.options.items() if name not in ("seed", "threads", "device")}
            key = json.dumps(same, sort_keys=True)
            if (key, run.options.get("seed")) not in seen:
                members.setdefault(key, []).append(place)
            seen.add((key, run.options.get("seed")))
    return tuple(
        Group(tuple(places), fmean(best), math.sqrt(variance(best)) if len(best) > 1 else None)
        for places in members.values()
        for best in [best_accuracies(runs, places)]
    )


def best_accuracies(runs: Sequence[Run], places: Sequence[int]) -> list[float]:
    """In percent."""
    return [100 * best[0] for place in places if (best := runs[place].best)]


def difference(runs: Sequence[Run], one: Group, other: Group) -> Difference:
    """Of the means of two groups of two runs or more, with its 95 % interval."""
    interval = welch(best_accuracies(runs, one.runs), best_accuracies(runs, other.runs))
    return Difference(one.runs, other.runs, *interval)


def welch(one: Sequence[float], other: Sequence[float]) -> tuple[float, float, float]:
    """Of two or more numbers each: the difference of their means, other - one, with its 95 % interval.

    B. L. Welch, "The generalization of Student's problem when several different population variances are involved"
    (Biometrika 34, 1947): the standard error is sqrt(v1 / n1 + v2 / n2), with degrees of freedom from the same terms.
    """
    samples = (one, other)
    terms = [variance(sample) / len(sample) for sample in samples]
    mean = fmean(other) - fmean(one)
    if not sum(terms):  # the numbers of each are all the same
        return mean, mean, mean
    freedom = sum(terms) ** 2 / sum(t**2 / (len(sample) - 1) for t, sample in zip(terms, samples, strict=True))
    half = T_95[min(int(freedom), len(T_95)) - 1] * math.sqrt(sum(terms))
    return mean, mean - half, mean + half
