"""python -m exercises watch: what is saved is checked at once, whatever an editor does."""

import contextlib
import os

import pytest

from exercises.__main__ import main
from exercises.commands.watch import watch


class Saves:
    """In place of time.sleep: before each look at the files, the next step; after the last one Ctrl-C."""

    def __init__(self, *steps):
        self.steps, self.time = list(steps), 10**9

    def __call__(self, seconds):
        if seconds < 0.2:
            return  # between the two looks after a change
        if not self.steps:
            raise KeyboardInterrupt
        step = self.steps.pop(0)
        path = step()
        if path is not None and path.exists():
            self.time += 10**9
            os.utime(path, ns=(self.time, self.time))


@pytest.fixture
def watched(work, capsys):
    """What is printed while these steps are taken."""

    def run(*steps):
        with contextlib.suppress(KeyboardInterrupt):  # it ends by itself where all is passed
            watch(work, Saves(*steps))
        return capsys.readouterr().out

    return run


def test_it_begins_with_the_next_and_checks_what_is_saved(watched, work, pool, solve, in_process):
    out = watched(lambda: None, lambda: solve(pool, "return y", "return y / 2"), lambda: None)
    assert out.startswith("next: ") and "Ctrl-C ends" in out
    assert "max_pool2d: 4 of 6 points" in out
    assert in_process.count("max_pool2d") <= 2  # it may be the first as well


def test_when_one_passes_it_says_so_and_goes_on(watched, work, pool, solve):
    out = watched(lambda: solve(pool))
    assert "max_pool2d: passed" in out
    assert "next: " in out.partition("max_pool2d: passed")[2] or "All exercises" in out


def test_deleted_files_half_ones_and_nonsense(watched, work, pool, solve):
    path = work.path_of(pool)

    def save(text):
        path.write_text(text, encoding="utf-8")
        return path

    out = watched(
        lambda: path.unlink(),
        lambda: save(""),
        lambda: save("class MaxPool2d(:"),
        lambda: save("\0"),
        lambda: solve(pool),
    )
    assert "max_pool2d.py is not there; it is checked when it is" in out
    assert "it defines nothing" in out and "SyntaxError" in out and "max_pool2d: passed" in out


def test_a_file_that_is_still_being_written_waits(work, pool, solve, monkeypatch, capsys):
    looks = iter([{"a": 1}, {"a": 2}, {"a": 3}, {"a": 3}])
    monkeypatch.setattr("exercises.commands.watch.file_times", lambda work: next(looks))
    with pytest.raises((KeyboardInterrupt, StopIteration)):
        watch(work, Saves(lambda: None, lambda: None))
    assert next(looks, "all used") == "all used"


def test_ctrl_c_is_130(work, monkeypatch):
    monkeypatch.setattr("exercises.commands.watch.watch", Saves())
    monkeypatch.setattr("exercises.commands.watch.work_of", lambda args: 1)
    assert main(["watch"]) == 130


def test_when_all_is_passed_it_ends(work, monkeypatch, capsys):
    monkeypatch.setattr("exercises.commands.watch.next_of", lambda states: None)
    assert main(["watch"]) == 0
    assert capsys.readouterr().out == "All exercises are passed.\n"
