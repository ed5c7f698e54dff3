"""What a class has reached: as a table for the terminal, as JSON and as CSV. The same answers give the same text."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from exercises.grading.submissions import printable
from exercises.judging import Problem, StageResult, Verdict

LONGEST = 240  # characters of a reason
WIDTH = 80


@dataclass(frozen=True)
class StageMark:
    """Points for one stage, and why they are missing."""

    name: str
    points: int
    possible: int
    reason: str = ""


@dataclass(frozen=True)
class Mark:
    """Points for one exercise."""

    exercise: str
    points: int
    possible: int
    stages: list[StageMark] = field(default_factory=list)
    reason: str = ""  # the first that is missing
    notes: list[str] = field(default_factory=list)  # for the instructor: what looks suspicious


@dataclass(frozen=True)
class Student:
    """One student's results."""

    name: str
    seed: int
    marks: list[Mark]
    notes: list[str] = field(default_factory=list)

    @property
    def points(self) -> int:
        return sum(mark.points for mark in self.marks)

    @property
    def possible(self) -> int:
        return sum(mark.possible for mark in self.marks)


@dataclass(frozen=True)
class Results:
    """A class."""

    exercises: list[str]
    students: list[Student]
    contained: list[str]
    not_contained: list[str]
    missing: int = 0  # students who were not graded, as it was stopped


# ---- marks ---------------------------------------------------------------------------------------------------------


def mark_of(verdict: Verdict, notes: list[str]) -> Mark:
    """Of a verdict."""
    points, possible = verdict.points
    stages = [
        StageMark(s.stage.name, s.stage.points if s.passed else 0, s.stage.points, reason_of(s)) for s in verdict.stages
    ]
    first = next((f"{stage.name}: {stage.reason}" for stage in stages if stage.reason), "")
    return Mark(verdict.exercise.name, points, possible, stages, first, notes)


def reason_of(result: StageResult) -> str:
    """Why a stage is not passed, in a line; "" where it is. No addresses and temporary names: the same every time."""
    problem = result.problem
    if problem is None:
        return ""
    text = re.sub(r"\b0x[0-9a-fA-F]{5,}", "0x...", words_of(problem))
    text = " ".join(re.sub(r"(?:/[\w.-]+)*/exercises-\w+/", "", text).split())
    return printable(text if len(text) <= LONGEST else text[: LONGEST - 3] + "...")


def words_of(problem: Problem) -> str:
    failure = problem.failure
    if problem.mistake:
        return problem.mistake
    if failure is not None:
        if failure.unwritten:
            return f"not written yet: {failure.message}"
        where = f" (line {failure.line}: {failure.code})" if failure.line is not None else ""
        return f"{failure.kind}: {failure.message}{where}"
    came, expected, name = problem.came, problem.expected, problem.output
    if not isinstance(came, np.ndarray) or not isinstance(expected, np.ndarray):
        return f"{name} is {'nothing' if came is None else 'no array of numbers'}"
    if came.shape != expected.shape:
        return f"{name} has shape {came.shape}, expected {expected.shape}"
    wrong = np.argwhere(~np.isclose(came, expected, rtol=1e-6, atol=1e-6, equal_nan=True))
    if not len(wrong):
        return f"{name} is not exact enough"
    place = tuple(int(i) for i in wrong[0])
    at = f" at {list(place)}" if place else ""
    return (
        f"{name}: {len(wrong)} of {came.size} numbers differ, {came[place]:.6g} came{at}, {expected[place]:.6g} was "
        "expected"
    )


# ---- for programs --------------------------------------------------------------------------------------------------


def as_json(results: Results) -> str:
    """All there is."""
    record: dict[str, Any] = {"version": 1, **asdict(results)}
    for student, written in zip(results.students, record["students"], strict=True):
        written.update(points=student.points, possible=student.possible)
    return json.dumps(record, indent=2, ensure_ascii=False) + "\n"


def as_csv(results: Results) -> str:
    """A row a student, a column an exercise. No cell is a formula, whatever a student is called."""
    stream = io.StringIO()
    table = csv.writer(stream, lineterminator="\n")
    table.writerow(["student", "points", "possible", *results.exercises])
    for student in results.students:
        table.writerow(
            [harmless(student.name), student.points, student.possible, *(mark.points for mark in student.marks)]
        )
    return stream.getvalue()


def harmless(text: str) -> str:
    """A spreadsheet takes what begins with one of these for a formula; with an apostrophe before it, it is text."""
    return f"'{text}" if text.lstrip()[:1] in tuple("=+-@|%\uff0b\uff0d\uff1d\uff20") and text.strip() else text


# ---- for the terminal ----------------------------------------------------------------------------------------------


def as_table(results: Results) -> str:
    """A line a student: points, how many exercises are whole, and what the first missing points are for. 80 columns."""
    lines = [f"{'student':<20} {'points':>9}  {'passed':>7}  first problem"]
    for student in results.students:
        passed = sum(mark.points == mark.possible for mark in student.marks)
        name = student.name if len(student.name) <= 20 else student.name[:17] + "..."
        first = next((f"{mark.exercise}: {mark.reason}" for mark in student.marks if mark.reason), "")
        flags = " (see notes)" if student.notes or any(mark.notes for mark in student.marks) else ""
        line = f"{name:<20} {f'{student.points}/{student.possible}':>9}  {f'{passed}/{len(student.marks)}':>7}  "
        room = WIDTH - len(line) - len(flags)
        lines.append(line + (first if len(first) <= room else first[: room - 3] + "...") + flags)
    if any(line.endswith("(see notes)") for line in lines):
        lines += ["", "notes (--html, --json): files that were not read; lines that no answer needs"]
    if results.missing:
        lines.append(f"stopped: {results.missing} more students were not graded")
    return "\n".join(line.rstrip() for line in lines)
