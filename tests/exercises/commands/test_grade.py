"""grade on the command line: what it prints, writes and refuses. (How it grades: ../grading/test_grade.py.)"""

import csv
import io
import json

import pytest

from exercises.__main__ import main
from exercises.commands import grade as command
from exercises.grading.grade import Stopped
from exercises.grading.results import Mark, Results, StageMark, Student
from exercises.grading.sandbox import Guard


@pytest.fixture
def handed_in(tmp_path):
    for name in ("Ada", "=cmd()"):
        (tmp_path / "class" / name).mkdir(parents=True)
    return str(tmp_path / "class")


@pytest.fixture
def asked(monkeypatch):
    """What the grading was asked for; it gives a mark to each, in no time."""
    found = {}

    def grade(submissions, exercises, seed_of, limits, jobs, sandbox, on_guard, on_done):
        found.update(exercises=[e.name for e in exercises], limits=limits, jobs=jobs, sandbox=sandbox)
        found["seeds"] = {s.student: seed_of(s.student) for s in submissions}
        on_guard(Guard(None, limits, found.get("bwrap"), "bubblewrap is not installed: bwrap"))
        stages = [StageMark("the shape", 1, 1), StageMark("the gradient", 0, 1, "wrong")]
        students = [Student(s.student, 0, [Mark("relu", 1, 2, stages, "the gradient: wrong")]) for s in submissions]
        if found.get("stop"):
            raise Stopped(Results(["relu"], students[:1], [], [], 1))
        return Results(["relu"], students, ["limits"], ["the library"])

    monkeypatch.setattr(command, "grade", grade)
    return found


def test_a_table_and_what_is_not_contained(asked, handed_in, capsys):
    assert main(["grade", handed_in]) == 0
    out, errors = capsys.readouterr()
    assert "Ada" in out and "relu: the gradient: wrong" in out
    assert "bubblewrap is not installed" in errors and "network is open" in errors


def test_in_a_sandbox_nothing_needs_saying(asked, handed_in, capsys):
    asked["bwrap"] = "/usr/bin/bwrap"
    assert main(["grade", handed_in, "--require-sandbox"]) == 0
    assert capsys.readouterr().err == ""


def test_for_programs(asked, handed_in, tmp_path, capsys):
    page = tmp_path / "results.html"
    assert main(["grade", handed_in, "--csv", "--html", str(page)]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [(row["student"], row["relu"]) for row in rows] == [("'=cmd()", "1"), ("Ada", "1")]
    assert "<dt>relu, the gradient</dt><dd>wrong</dd>" in page.read_text(encoding="utf-8")
    assert main(["grade", handed_in, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["students"][0]["points"] == 1


def test_which_exercises_limits_and_seeds(asked, handed_in, tmp_path):
    (tmp_path / "seeds.csv").write_text("Ada,17\n", encoding="utf-8")
    options = [
        "--seconds",
        "3",
        "--memory",
        "512",
        "--jobs",
        "2",
        "--seeds",
        str(tmp_path / "seeds.csv"),
        "--no-sandbox",
    ]
    assert main(["grade", handed_in, "--exercises", "pooling", "add", *options]) == 0
    assert asked["exercises"][:2] == ["add", "max_pool2d"] and len(asked["exercises"]) > 5
    assert asked["limits"].seconds == 3 and asked["limits"].memory == 2**29
    assert asked["jobs"] == 2 and asked["sandbox"] is False
    assert asked["seeds"] == {"Ada": 17, "=cmd()": 0}


def test_interrupted_it_gives_what_is_done(asked, handed_in, capsys):
    asked["stop"] = True
    assert main(["grade", handed_in, "--csv"]) == 130
    out, errors = capsys.readouterr()
    assert len(out.splitlines()) == 2 and "interrupted: 1 of 2" in errors


@pytest.mark.parametrize(
    "options, why",
    [
        (["--require-sandbox"], "there is no sandbox"),
        (["--exercises", "max_pool"], "no exercise 'max_pool'"),
        (["--seeds", "nowhere.csv"], "No such file"),
        (["--html", "nowhere/results.html"], "no such folder"),
    ],
)
def test_one_line_for_what_cannot_be(asked, handed_in, capsys, options, why):
    assert main(["grade", handed_in, *options]) == 2
    errors = capsys.readouterr().err
    assert why in errors and errors.count("\n") == 1


def test_a_folder_that_is_none(capsys):
    assert main(["grade", "nowhere"]) == 2
    assert "nowhere is no folder" in capsys.readouterr().err
