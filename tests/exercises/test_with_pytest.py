"""pytest in the learner's folder."""

import os
import subprocess
import sys

import pytest

from exercises.with_pytest import check_file, names


def outcome(work, name="4_pooling-max_pool2d"):
    try:
        check_file(name, str(work.folder / "test_exercises.py"))
    except BaseException as error:  # pytest's outcomes are none of Exception
        assert type(error).__name__ == "Skipped" or not error.pytrace
        return type(error).__name__, str(error)
    return "passed", ""


def test_one_test_an_exercise_whose_failure_is_the_message(work, pool, solve):
    assert "4_pooling-max_pool2d" in names()
    assert outcome(work) == ("Skipped", "not begun")
    solve(pool)
    assert outcome(work) == ("passed", "")
    solve(pool, "return y", "return y / 2")
    kind, text = outcome(work)
    assert kind == "Failed" and text.startswith("max_pool2d: 4 of 6 points\n  ok  the shape\n")
    work.path_of(pool).unlink()
    assert outcome(work) == ("Skipped", "max_pool2d.py is missing")


@pytest.mark.everything("the course")
def test_the_file_that_start_writes_works_from_anywhere(work, pool, solve, tmp_path):
    solve(pool, "return grad_x", "return grad_x + 1")
    line = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", str(work.folder), "-k", "max_pool2d"]
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHONPATH", "PYTEST", "COV"))}
    done = subprocess.run(line, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "1 failed" in done.stdout and "max_pool2d: 3 of 6 points\n" in done.stdout
    assert "Traceback" not in done.stdout and "check_file" not in done.stdout
