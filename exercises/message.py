"""What is said of an answer: stage by stage, on the smallest input that shows what is wrong. 80 columns."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import numpy as np

from exercises.answers import Failure
from exercises.judging import Problem, StageResult, Verdict

WIDTH = 80
LARGEST = 64  # numbers of an array that are shown whole


def told(verdict: Verdict, path: Path | None = None, color: bool = False) -> str:
    """The whole message."""
    exercise, (points, possible) = verdict.exercise, verdict.points
    lines = [f"{exercise.name}: {'passed' if verdict.passed else f'{points} of {possible} points'}"]
    first = verdict.first_problem
    for result in verdict.stages:
        if result is first:
            lines += [f"  no   {result.stage.name}", "", *explained(result, exercise.answer_name, path), ""]
        elif result.passed:
            lines.append(f"  yes  {result.stage.name}")
        else:
            lines.append(f"  -    {result.stage.name}")
    if not verdict.passed and verdict.printed.strip():
        lines += ["", "it printed:", *("  " + line for line in verdict.printed.strip().splitlines()[-20:])]
    return "\n".join(line.rstrip() for line in lines)


def explained(result: StageResult, name: str, path: Path | None) -> list[str]:
    """Why a stage is not passed."""
    problem = result.problem
    assert problem is not None
    if problem.failure is not None and problem.failure.unwritten:
        return [*wrapped(f"Not written yet: {problem.failure.message}"), *where(problem.failure, path)]
    lines = wrapped(problem.mistake) + [""] if problem.mistake else []
    if problem.failure is not None:
        failure = problem.failure
        lines += wrapped(f"{failure.kind}: {failure.message}" if failure.kind.endswith("Error") else failure.message)
        lines += where(failure, path)
        return lines if not result.tried else [*lines, *with_case(problem)]
    return [
        *lines,
        *with_case(problem),
        *compared(problem),
        *(wrapped(result.stage.hint) if not problem.mistake else []),
    ]


def where(failure: Failure, path: Path | None) -> list[str]:
    """The learner's own line."""
    if failure.line is None:
        return []
    return [textwrap.shorten(f"{path.name if path else 'your code'}, line {failure.line}: {failure.code}", WIDTH)]


def with_case(problem: Problem) -> list[str]:
    """The input."""
    lines = ["with"]
    for name, value in problem.case.items():
        lines += shown(name, value)
    return lines


def compared(problem: Problem) -> list[str]:
    """What came, and what was expected."""
    came, expected = problem.came, problem.expected
    if isinstance(came, np.ndarray) and isinstance(expected, np.ndarray):
        if came.shape != expected.shape:
            return [f"{problem.output} has shape {came.shape}, expected {expected.shape}"]
        wrong = np.argwhere(~np.isclose(came, expected, rtol=1e-6, atol=1e-6, equal_nan=True))
        place = tuple(int(i) for i in wrong[0]) if len(wrong) else ()
        tail = [f"{len(wrong)} of {came.size} numbers differ, the first at {list(place)}: "
                f"{number(came[place])} came, {number(expected[place])} was expected"] if came.ndim else []  # fmt: skip
        return [*shown(problem.output, came, " came"), *shown(problem.output, expected, " expected"), *tail]
    return [*shown(problem.output, came, " came"), *shown(problem.output, expected, " expected")]


def shown(name: str, value: Any, word: str = "") -> list[str]:
    """A named value: an array below its name, rounded to 4 digits behind the point."""
    if not isinstance(value, np.ndarray):
        return [f"  {name}{word} = {value}"]
    if value.ndim == 0:
        return [f"  {name}{word} = {number(value)}"]
    if value.size > LARGEST:
        return [f"  {name}{word}, shape {value.shape}, from {number(value.min())} to {number(value.max())}"]
    text = np.array2string(value, precision=4, suppress_small=True, max_line_width=WIDTH - 8, separator=" ")
    head = f"  {name}{word}, shape {value.shape} ="
    return [head, *("      " + line for line in text.splitlines() if line.strip())]


def number(value: Any) -> str:
    return f"{float(value):.6g}"


def wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH - 2) if text else []
