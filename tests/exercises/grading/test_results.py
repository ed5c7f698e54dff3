"""Marks in words, and the same results as a table, JSON and CSV."""

import csv
import io
import json

import numpy as np
import pytest

from exercises.answers import Failure
from exercises.catalog import find_exercise
from exercises.grading.results import (
    Mark,
    Results,
    Student,
    as_csv,
    as_json,
    as_table,
    harmless,
    mark_of,
    reason_of,
)
from exercises.judging import Problem, StageResult, judge
from exercises.running import run_here

EXERCISE = find_exercise("max_pool2d")
NAMES = ["=cmd()", "@sum", "<b>Ada</b>", "Zoë", "a very long name indeed, with an end"]


def results():
    students = [
        Student(name, 0, [Mark("max_pool2d", 6 - i, 6, reason="the shape: x" * 20 if i else "")])
        for i, name in enumerate(NAMES)
    ]
    return Results(["max_pool2d"], students, ["limits"], ["the library"], missing=2)


def test_points_by_stage_with_the_mistake_named():
    sentence, wrong = EXERCISE.mistakes[0]
    mark = mark_of(judge(EXERCISE, run_here(EXERCISE, wrong)), [])
    lost = [stage for stage in mark.stages if stage.points < stage.possible]
    assert 0 < mark.points < mark.possible == sum(stage.possible for stage in mark.stages)
    assert lost[0].reason == sentence and mark.reason == f"{lost[0].name}: {sentence}"


@pytest.mark.parametrize(
    "problem, words",
    [
        (
            Problem({}, 0, failure=Failure("NotImplementedError", "return y", unwritten=True)),
            "not written yet: return y",
        ),
        (Problem({}, 0, failure=Failure("E", "at 0x7f00aa00bb", 3, "x = y")), "E: at 0x... (line 3: x = y)"),
        (
            Problem({}, 0, failure=Failure("E", "no /tmp/exercises-a_b/exercises-x1/f.py\n\x1b[0m")),
            "E: no f.py \ufffd[0m",
        ),
        (Problem({}, 0, "y", None, np.ones(2)), "y is nothing"),
        (Problem({}, 0, "y", np.ones(3), np.ones(2)), "y has shape (3,), expected (2,)"),
        (
            Problem({}, 0, "y", np.array([1.0, 2]), np.ones(2)),
            "y: 1 of 2 numbers differ, 2 came at [1], 1 was expected",
        ),
        (Problem({}, 0, "y", np.array(2.0), np.array(1)), "y: 1 of 1 numbers differ, 2 came, 1 was expected"),
    ],
)
def test_reasons_are_one_line_and_the_same_every_time(problem, words):
    assert reason_of(StageResult(EXERCISE.stages[0], problem)) == words


def test_the_table_fits_80_columns():
    lines = as_table(results()).splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[1].split()[:2] == ["=cmd()", "6/6"] and "stopped: 2 more" in lines[-1]
    assert not any("notes" in line for line in lines)


def test_the_table_points_to_notes():
    noted = Student("Ada", 0, [Mark("max_pool2d", 1, 6, reason="the shape: x" * 20, notes=["line 1: import os"])])
    lines = as_table(Results(["max_pool2d"], [noted], [], [])).splitlines()
    assert lines[1].endswith("... (see notes)") and lines[-1].startswith("notes (--html, --json): ")
    assert max(map(len, lines)) <= 80


def test_json_has_everything():
    record = json.loads(as_json(results()))
    assert [student["name"] for student in record["students"]] == NAMES
    assert record["students"][1]["points"] == 5 and record["not_contained"] == ["the library"]


def test_no_cell_of_the_csv_is_a_formula():
    rows = list(csv.reader(io.StringIO(as_csv(results()))))
    assert rows[0] == ["student", "points", "possible", "max_pool2d"]
    assert [row[0] for row in rows[1:]] == ["'=cmd()", "'@sum", *NAMES[2:]]
    assert rows[2][1:] == ["5", "6", "5"]


@pytest.mark.parametrize("name", ["=1", "+1", "-1", "@x", "  =1", "|x", "\uff1d1"])
def test_harmless(name):
    assert harmless(name) == f"'{name}" and harmless(f"x{name}") == f"x{name}"
