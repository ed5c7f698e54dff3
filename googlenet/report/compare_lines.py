"""A comparison of runs, for a terminal of 80 columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from googlenet.report.columns import fit, wrap
from googlenet.report.compare import ACCURACY, LETTERS, LOSSES, Comparison, Difference, Group, Run

WIDTH, CHART_HEIGHT = 80, 12  # columns and lines


def lines(found: Comparison) -> list[str]:
    """Which runs, where they differ, what came out, its curve, and what can be said of several seeds."""
    said = [f"{LETTERS[i]}  {fit(run.folder, 62)}  {run.state}" for i, run in enumerate(found.runs)]
    said += ["", *options(found), "", *results(found.runs)]
    if any(len(run.curve(ACCURACY)) for run in found.runs):
        said += ["", *chart(found.runs)]
    return said + [line for text in verdicts(found) for line in ("", *wrap(text))]


def options(found: Comparison) -> list[str]:
    """Each option that not all runs have the same, with its values and the letters of the runs that have them."""
    said = ["options in which they differ" if found.differing else same_options(found)]
    for name, values in found.differing.items():
        who: dict[str, str] = {}
        for letter, value in zip(LETTERS, map(shown, values), strict=False):
            who[value] = who.get(value, "") + letter
        text = ", ".join(f"{value} ({letters})" for value, letters in who.items())
        said += wrap(text, indent=21, start=f"  {fit(name, 18)} ")
    if found.not_in_all:
        said += wrap(", ".join(found.not_in_all), indent=4, start="  not in all: ")
    return said


def same_options(found: Comparison) -> str:
    return "all have the same options" if len(found.runs) > 1 else "one run: give more to compare it with"


def results(runs: Sequence[Run]) -> list[str]:
    """One line for each run: epochs, accuracies, losses, time."""
    said = [
        "    epochs      best   epoch    last    main    aux1    aux2     time  images/s",
        "             test accuracy, %          loss of the last epoch",
    ]
    for letter, run in zip(LETTERS, runs, strict=False):
        best = run.best
        accuracies = f"{_percent(best and best[0])}{best[1] if best else '-':>8}{_percent(run.last(ACCURACY), 8)}"
        losses = "".join(_number(run.last(name), 8, ".4f") for name in LOSSES)
        speed = _number(run.images_per_second, 10, ",.1f")
        said.append(f"{letter} {run.progress:>8}{accuracies}{losses}{duration(run.seconds):>9}{speed}")
    return said


def chart(runs: Sequence[Run]) -> list[str]:
    """Accuracy over epochs in plain characters: each run is its letter, and several in one place are a star."""
    curves = [run.curve(ACCURACY) for run in runs]
    points = [point for curve in curves for point in curve]
    last = max(epoch for epoch, _ in points)
    low, high = min(value for _, value in points), max(value for _, value in points)
    across, down = WIDTH - 8, CHART_HEIGHT
    grid = [[" "] * across for _ in range(down)]
    for letter, curve in zip(LETTERS, curves, strict=False):
        for epoch, value in curve:
            x = round((epoch - 1) / max(1, last - 1) * (across - 1))
            y = round((high - value) / (high - low) * (down - 1)) if high > low else down - 1
            grid[y][x] = letter if grid[y][x] in (" ", letter) else "*"
    marks = {0: high, down - 1: low} if high > low else {down - 1: low}
    said = ["test accuracy over the epochs (* is several)"]
    for y, row in enumerate(grid):
        said.append(f"{_percent(marks[y], 6) if y in marks else '':>6} |{''.join(row)}".rstrip())
    said.append(" " * 7 + "+" + "-" * across)
    end = f"{last:.0f}"
    said.append(" " * 8 + ("1" + end.rjust(across - 1) if last > 1 else "1"))
    return said


def verdicts(found: Comparison) -> list[str]:
    """What the seeds tell, in sentences."""
    said = [_of_group(found, group) for group in found.groups if group.std is not None]
    said += [_of_difference(found, difference) for difference in found.differences]
    if not found.differences and len(found.groups) > 1:
        said.append(
            "Is a difference real? One run of each cannot tell: another seed may change as much. Train each setting "
            "with --seed 0, 1 and 2, and compare all of them."
        )
    return said


def _of_group(found: Comparison, group: Group) -> str:
    best = [100 * best[0] for place in group.runs if (best := found.runs[place].best)]
    return (
        f"{letters(group.runs)} differ in the seed alone: best accuracy {group.mean:.2f} % on average, "
        f"{min(best):.2f} to {max(best):.2f}, standard deviation {group.std:.2f}"
    )


def _of_difference(found: Comparison, difference: Difference) -> str:
    verdict = "This may be chance." if difference.may_be_chance else "This is more than chance."
    return (
        f"{letters(difference.other)} against {letters(difference.one)}: {difference.mean:+.2f} points, 95 % interval "
        f"{difference.low:+.2f} to {difference.high:+.2f}. {verdict}"
    )


def letters(places: Sequence[int]) -> str:
    return " ".join(LETTERS[place] for place in places)


def duration(seconds: float | None) -> str:
    """1:02:03, 2:03; "-" where it is not known."""
    if seconds is None:
        return "-"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def shown(value: Any) -> str:
    """An option's value, in words."""
    return {True: "yes", False: "no", None: "none"}[value] if value is None or isinstance(value, bool) else str(value)


def _percent(value: float | None, columns: int = 10) -> str:
    return f"{'-' if value is None else format(100 * value, '.2f'):>{columns}}"


def _number(value: float | None, columns: int, style: str) -> str:
    return f"{'-' if value is None else format(value, style):>{columns}}"
