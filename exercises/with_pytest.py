"""What a learner's test_exercises.py does: one test an exercise, whose failure is the message alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from exercises.catalog import every_exercise, find_exercise
from exercises.folder import folder_name, open_work, untouched
from exercises.judging import judge
from exercises.message import told
from exercises.progress import read
from exercises.running import run_answer


def names() -> list[str]:
    """An id for each test: "4_pooling-max_pool2d", so that -k takes exercises and chapters."""
    return [f"{folder_name(exercise.chapter)}-{exercise.name}" for exercise in every_exercise()]


def check_file(name: str, test_file: str) -> None:
    """Check the learner's file in the folder of `test_file`; skipped where it is missing or still the stub."""
    exercise = find_exercise(name.partition("-")[2])
    work = open_work(Path(test_file).parent)
    path = work.path_of(exercise)
    if not path.is_file():
        pytest.skip(f"{path.name} is missing")
    if untouched(exercise, read(path)):
        pytest.skip("not begun")
    verdict = judge(exercise, run_answer(exercise, path, work.seed), work.seed)
    if not verdict.passed:
        pytest.fail(told(verdict, path), pytrace=False)
