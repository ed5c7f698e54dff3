"""What the quick run leaves out, what its last line says of that, and when there are workers: on a tree of one file."""

import collections
import os
import re
import shutil
import subprocess
import sys

import pytest
from conftest import TESTS, what_was_left_out

CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
SMALL = """\
import pytest


@pytest.mark.parametrize("number", [1, *(pytest.param(n, marks=pytest.mark.everything("numbers")) for n in (2, 3))])
def test_number(number):
    assert number


@pytest.mark.everything("long runs")
def test_long():
    pass
"""
CONFIGURATION = """\
[pytest]
testpaths = tests
addopts = --strict-markers
markers = everything(kind)
"""


@pytest.fixture
def tree(tmp_path):
    (tmp_path / "tests").mkdir()
    shutil.copy(TESTS / "conftest.py", tmp_path / "tests")
    (tmp_path / "tests" / "test_small.py").write_text(SMALL)
    (tmp_path / "pytest.ini").write_text(CONFIGURATION)
    return tmp_path


LONG = pytest.mark.everything("long runs")


@pytest.mark.parametrize(
    ("arguments", "passed", "workers", "last_line"),
    [
        ("", 1, True, r"3 tests were left out \(numbers 2, long runs 1\): pytest --everything runs them"),
        pytest.param("--everything tests -n0", 4, False, ".*4 passed.*", marks=LONG),
        pytest.param(
            "tests/test_small.py", 1, False, r"3 tests were left out \(numbers 2, long runs 1\): .*", marks=LONG
        ),
        ("-k long", 0, False, r"1 test was left out \(long runs 1\): .*"),
        ("tests/test_small.py::test_number", 3, False, ".*3 passed.*"),
    ],
)
def test_a_run(tree, arguments, passed, workers, last_line):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    environment["PYTHONPATH"] = os.pathsep.join([str(TESTS.parent), str(TESTS)])
    command = [sys.executable, "-m", "pytest", "-v", "-p", "no:cacheprovider", *arguments.split()]
    run = subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True, timeout=120, check=False)
    lines = run.stdout.splitlines()
    assert run.returncode == (0 if passed else 5), run.stdout + run.stderr
    assert sum(" PASSED" in line or "PASSED " in line for line in lines) == passed
    assert any(line.startswith("[gw") for line in lines) == (workers and CORES > 1)
    assert re.fullmatch(last_line, lines[-1])


def test_large_numbers_have_commas_and_the_most_come_first():
    kinds = collections.Counter({"long runs": 2, "mutants": 1234})
    assert what_was_left_out(kinds).startswith("1,236 tests were left out (mutants 1,234, long runs 2): ")
