"""The run at the end of each chapter: it works with the library's own operations, and with all solutions inside."""

import importlib

import pytest

from exercises.catalog import chapters, exercises_of
from exercises.chapter_run import find_chapter, run_with
from exercises.override import Answer


@pytest.mark.everything("the course")
@pytest.mark.parametrize("solved", [False, True], ids=["library", "solutions"])
@pytest.mark.parametrize("chapter", chapters())
def test_it_reaches_what_it_should(chapter, solved):
    answers = [Answer(e, e.folder / "solution.py", passed=True) for e in exercises_of(chapter)] if solved else []
    lines = []
    assert run_with(chapter, answers, lines.append), "\n".join(lines)
    assert lines and max(len(line) for text in lines for line in text.splitlines()) <= 80


def test_a_run_that_does_not_reach_it_says_so(monkeypatch):
    module = importlib.import_module(f"exercises.course.{chapters()[0]}.run")
    monkeypatch.setattr(module, "run", lambda say: False)
    assert run_with(chapters()[0], [], print) is False


@pytest.mark.parametrize("name", ["pooling", "4", "4_pooling", "4_pooling/"])
def test_chapters_go_by_name_and_by_number(name):
    assert find_chapter(name) == "pooling"


@pytest.mark.parametrize("name", ["0", "8", "pool", "", "4_dense_"])
def test_there_is_no_other_chapter(name):
    with pytest.raises(ValueError, match="there is no chapter .* expected one of 1 chain_rule"):
        find_chapter(name)
