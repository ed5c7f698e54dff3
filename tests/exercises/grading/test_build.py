"""Courses to hand out: without what is hidden, and with checks that work and name mistakes."""

import json
import subprocess
import sys

import pytest

from exercises.catalog import every_exercise, find_exercise
from exercises.grading.build import PARTS, build_course, build_for_grading, chosen

EXERCISE = find_exercise("max_pool2d")
HIDDEN = ["solutions", "misconceptions", "hints"]
CHECK = """
import sys
from pathlib import Path
from exercises.catalog import course_seed, every_exercise, find_exercise
from exercises.grading.build import build_for_grading
from exercises.judging import judge
from exercises.running import run_answer
assert Path(sys.modules["exercises"].__file__).is_relative_to(Path.cwd())
for exercise in every_exercise()[::3]:
    stub = judge(exercise, run_answer(exercise, exercise.folder / "stub.py", course_seed()), course_seed())
    assert not stub.passed, exercise.name
exercise = find_exercise("max_pool2d")
for path in map(Path, sys.argv[1:]):
    verdict = judge(exercise, run_answer(exercise, path, course_seed()), course_seed())
    print(verdict.points, verdict.first_problem and verdict.first_problem.problem.mistake)
build_for_grading(Path("for grading"))
assert list(Path("exercises").rglob("answers.json")) and not list(Path("for grading").rglob("answers.json"))
try: judge(exercise, run_answer(exercise, path, 1), 1)
except ValueError as error: print(error)
"""


def files_of(folder):
    return {path.name for path in folder.rglob("*") if path.is_file()}


def test_nothing_of_what_is_right_goes_to_where_answers_run(tmp_path):
    build_for_grading(tmp_path / "course")
    for exercise in every_exercise():
        folder = tmp_path / "course" / "exercises" / "course" / exercise.chapter / exercise.name
        names = {path.name for path in folder.iterdir() if path.suffix not in (".png", ".svg")}
        assert names == {"__init__.py", "checks.py", "stub.py", "text.md"}, exercise.name
        assert "solution" not in (folder / "checks.py").read_text(encoding="utf-8"), exercise.name
    assert (tmp_path / "course" / "minicnn" / "functional" / "pooling.py").is_file()
    assert not list((tmp_path / "course").rglob("__pycache__"))


@pytest.mark.everything("the course")
def test_a_course_without_solutions_still_checks_and_names(tmp_path):
    out = tmp_path / "hand out"
    assert build_course(out, HIDDEN, seed=7) == every_exercise()
    assert not files_of(out / "exercises" / "course") & set(PARTS.values())
    solution = (EXERCISE.folder / "solution.py").read_text(encoding="utf-8")
    wrong = solution.replace("] += grad_y", "] = grad_y")
    assert wrong != solution
    (tmp_path / "right.py").write_text(solution, encoding="utf-8")
    (tmp_path / "wrong.py").write_text(wrong, encoding="utf-8")
    line = [sys.executable, "-c", CHECK, str(tmp_path / "right.py"), str(tmp_path / "wrong.py")]
    found = subprocess.run(line, cwd=out, env={"PYTHONPATH": ""}, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr
    right, named, refused = found.stdout.splitlines()
    assert right == "(6, 6) None"
    assert any(named == f"(4, 6) {sentence}" for sentence, _ in EXERCISE.mistakes)
    assert "built without solutions, for the seed 7" in refused


def test_chosen_exercises_are_not_in_it(tmp_path, monkeypatch):
    parts, kept = chosen(["hints"])
    assert parts == {"hints"} and kept == every_exercise()
    others = [exercise for exercise in every_exercise() if exercise.chapter != "pooling"]
    if others:
        assert chosen(["pooling"])[1] == others
    for names, why in [(["hintz"], "--hide hintz: expected solutions"), ([e.name for e in kept], "leaves no exercise")]:
        with pytest.raises(ValueError, match=why):
            chosen(names)


@pytest.mark.everything("the course")
def test_hidden_exercises_leave_no_trace(tmp_path):
    other = find_exercise("avg_pool2d") if len(every_exercise()) > 1 else pytest.skip("the course has one exercise")
    build_course(tmp_path / "out", [other.name])
    course = tmp_path / "out" / "exercises" / "course"
    assert not (course / "pooling" / other.name).exists() and (course / "pooling" / "max_pool2d").is_dir()
    assert other.name not in (course / "pooling" / "__init__.py").read_text(encoding="utf-8")
    assert other.name not in json.loads((course / "built.json").read_text(encoding="utf-8"))["exercises"]


def test_nothing_is_overwritten(tmp_path):
    with pytest.raises(ValueError, match="is there already"):
        build_course(tmp_path)
