"""A learner's folder, and answers that run in this process."""

import shutil

import pytest
from learners import run_file

from exercises import progress, with_pytest
from exercises.catalog import find_exercise
from exercises.commands import check as check_command
from exercises.folder import Work, fill


@pytest.fixture
def in_process(monkeypatch):
    """No process is started; the list has the names of the exercises that ran."""
    ran = []

    def run(exercise, path, seed=0):
        ran.append(exercise.name)
        return run_file(exercise, path, seed)

    for module in (progress, with_pytest, check_command):
        monkeypatch.setattr(module, "run_answer", run)
    return ran


@pytest.fixture(scope="session")
def new_work(tmp_path_factory):
    """A learner's folder as `start` makes it, to be copied: each file that is written waits for the disk."""
    folder = tmp_path_factory.mktemp("start") / "my_work"
    fill(folder, 0)
    return folder


@pytest.fixture
def work(tmp_path, monkeypatch, in_process, new_work):
    """A learner's folder, in a folder with a space in its name, which is the current one."""
    here = tmp_path / "with a space"
    here.mkdir()
    monkeypatch.chdir(here)
    shutil.copytree(new_work, here / "my_work")
    return Work(here / "my_work")


@pytest.fixture
def pool():
    return find_exercise("max_pool2d")


@pytest.fixture
def solve(work):
    """Write the solution of an exercise into its file, changed as asked."""

    def write(exercise, old="", new=""):
        source = (exercise.folder / "solution.py").read_text(encoding="utf-8")
        assert old in source
        work.path_of(exercise).write_text(source.replace(old, new) if old else source, encoding="utf-8")
        return work.path_of(exercise)

    return write
