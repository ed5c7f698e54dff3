"""What is said of an answer: stage by stage, on the smallest input that shows what is wrong. 80 columns."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path
from typing import Any

import numpy as np

from exercises.arrays import array_lines, compared_lines, number
from exercises.catalog import Exercise
from exercises.comparing import differing
from exercises.judging import Problem, StageResult, Verdict
from exercises.signatures import signature_meant

WIDTH = 80
PRINTED = 20  # lines of what the answer printed
RED, GREEN, BOLD, PLAIN = "\033[31m", "\033[32m", "\033[1m", "\033[0m"


def told(verdict: Verdict, path: Path | None = None, color: bool = False) -> str:
    """The whole message. `path`: the learner's file; none for what was typed at a prompt or in a notebook."""
    exercise, (points, possible) = verdict.exercise, verdict.points
    lines = [f"{exercise.name}: {'passed' if verdict.passed else f'{points} of {possible} points'}"]
    marks = {True: "ok", False: "no"}
    for result in verdict.stages:
        lines.append(f"  {marks[result.passed] if result.tried else ' -'}  {result.stage.name}")
    first = verdict.first_problem
    if first is not None:
        lines += ["", *explained(first, exercise, path)]
        printed = without_folders(verdict.printed, path).strip("\n")
        if printed.strip():
            lines += ["", "it printed:", *first_lines(printed)]
    text = "\n".join(line.rstrip() for line in lines)
    return colored(text) if color else text


def explained(result: StageResult, exercise: Exercise, path: Path | None) -> list[str]:
    """Why a stage is not passed: the sentence that names the mistake, then what shows it."""
    problem = result.problem
    assert problem is not None
    if problem.failure is not None and problem.failure.unwritten:
        text = problem.failure.message or f"{exercise.answer_name} is still as it was given"
        return [*wrapped(f"Not written yet: {text}"), *where(problem, path, code=False)]
    lines = [*wrapped(problem.mistake), ""] if problem.mistake else []
    if problem.failure is not None:
        lines += [*broken(problem, exercise), *where(problem, path)]
        return lines if problem.failure.line is None or not result.tried else [*lines, "", *with_case(problem)]
    lines += [*with_case(problem), *compared(result, exercise)]
    if result.stage.hint and not problem.mistake and isinstance(problem.came, np.ndarray):
        lines += ["", *wrapped(result.stage.hint)]
    return lines


# ---- nothing came --------------------------------------------------------------------------------------------------


def broken(problem: Problem, exercise: Exercise) -> list[str]:
    """What went wrong in the learner's code, and what may be the reason."""
    failure = problem.failure
    assert failure is not None
    lines = wrapped(f"{failure.kind}: {failure.message}" if failure.kind.endswith("Error") else failure.message)
    if failure.line is None and (meant := signature_meant(exercise.stub, failure.message, exercise.answer_name)):
        lines += ["", *wrapped(f"The checks call it as the stub has it: {meant}")]
    if "[Errno 27]" in failure.message:  # exercises/worker.py limits what is written
        lines += ["", "It has printed or written far too much: an endless loop?"]
    if "NoneType" in failure.message:
        lines += ["", "None is what a function gives that returns nothing: is a return missing?"]
    return lines


def where(problem: Problem, path: Path | None, code: bool = True) -> list[str]:
    """The learner's own line, with a caret where the place in it is known."""
    failure = problem.failure
    if failure is None or failure.line is None:
        return []
    head = f"{path.name if path else 'your code'}, line {failure.line}"
    if not code or not failure.code:
        return [head]
    shown = failure.code if len(failure.code) <= WIDTH - 4 else failure.code[: WIDTH - 7] + "..."
    lines = ["", f"{head}:", f"    {shown}"]
    if failure.column is not None and 0 < failure.column <= len(shown) + 1:
        lines.append(" " * (failure.column + 3) + "^")
    return lines


# ---- something else came -------------------------------------------------------------------------------------------


def with_case(problem: Problem) -> list[str]:
    """The input."""
    lines = []
    for name, value in problem.case.items():
        lines += shown(name, value)
    return ["with", *lines] if lines else []


def compared(result: StageResult, exercise: Exercise) -> list[str]:
    """What came, and what was expected."""
    problem = result.problem
    assert problem is not None
    name, came, expected = problem.output, problem.came, problem.expected
    if came is None:
        method = "backward" if name.startswith("grad_") else "forward" if name == "y" else exercise.answer_name
        return ["", *wrapped(f"{name} is None: {method} gave nothing for it. Is a return missing?")]
    if not isinstance(came, np.ndarray) or not isinstance(expected, np.ndarray):
        if isinstance(expected, np.ndarray):
            return ["", *wrapped(f"{name} is no array of numbers: {came}")]
        return [*hanging(f"  {name} came     ", plain(came)), *hanging(f"  {name} expected ", plain(expected))]
    if came.shape != expected.shape:
        return ["", *wrapped(f"{name} has shape {came.shape}, expected {expected.shape}")]
    if came.ndim == 0:
        return ["", *wrapped(f"{name}: {differ(came, expected)}")]
    wrong = differing(came, expected, result.stage.tolerance)
    place = tuple(int(i) for i in np.argwhere(wrong)[0])
    lines = compared_lines(name, came, expected, wrong)
    count = f"{wrong.sum()} of {came.size} numbers differ (*)"
    lines += ["", *wrapped(f"{count}, the first at {name}{list(place)}: {differ(came[place], expected[place])}")]
    return lines + not_finite(name, came, expected)


def differ(came: Any, expected: Any) -> str:
    """Two numbers, with as many digits as show that they are not the same."""
    ours, right = number(came), number(expected)
    if ours == right:
        ours, right = f"{float(came):.12g}", f"{float(expected):.12g}"
    return f"{ours} came, {right} was expected"


def not_finite(name: str, came: np.ndarray, expected: np.ndarray) -> list[str]:
    """Where NaN and infinity may come from."""
    if np.isnan(came).sum() > np.isnan(expected).sum():
        return wrapped(f"{name} has NaN in it: 0/0, inf - inf, the log of a negative number, an np.empty never filled?")
    if np.isinf(came).sum() > np.isinf(expected).sum():
        return wrapped(f"{name} has an infinity in it: a division by 0, or an exp that overflows?")
    return []


def shown(name: str, value: Any) -> list[str]:
    """A named value of a case: an array below its name."""
    if isinstance(value, np.ndarray) and value.ndim:
        return array_lines(name, value)
    if isinstance(value, list | tuple) and any(isinstance(part, np.ndarray) for part in value):
        return [line for i, part in enumerate(value) for line in shown(f"{name}[{i}]", part)]
    text = plain(value)
    text = text if len(text) <= 300 else text[:300] + "..."
    return textwrap.wrap(f"{name} = {text}", WIDTH - 6, initial_indent="  ", subsequent_indent="      ")


def plain(value: Any) -> str:
    """A value as it reads best on a line."""
    if isinstance(value, np.ndarray) and value.ndim == 0 or isinstance(value, float | np.generic):
        return number(value)
    return " ".join(str(value).split())


# ---- lines ---------------------------------------------------------------------------------------------------------


def without_folders(text: str, path: Path | None) -> str:
    """What was printed, where warnings name the file without the folders before it."""
    return text.replace(str(path.resolve()), path.name) if path else text


def first_lines(text: str) -> list[str]:
    """So many lines, none longer than the screen is wide."""
    lines = text.expandtabs(4).splitlines()
    cut = [f"  {line if len(line) <= WIDTH - 2 else line[: WIDTH - 5] + '...'}" for line in lines[:PRINTED]]
    return [*cut, "  ..."] if len(lines) > PRINTED else cut


def hanging(head: str, text: str) -> list[str]:
    """A text beside its name."""
    return textwrap.wrap(head + text, WIDTH, subsequent_indent=" " * len(head), drop_whitespace=False)


def wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, break_on_hyphens=False)


def colored(text: str) -> str:
    """The message for a terminal: what is passed is green, what is not red, and so are the numbers with a *."""
    text = re.sub(r"(?m)^  (ok|no)  ", lambda m: f"  {GREEN if m[1] == 'ok' else RED}{m[1]}{PLAIN}  ", text)
    text = re.sub(r"(?<=[\[ ])\*(-?[\d.]\S*?|-?inf|nan)(?=[\] \n])", f"{RED}*\\1{PLAIN}", text)
    return re.sub(r"\A\S+: passed", lambda m: f"{GREEN}{m[0]}{PLAIN}", text)
