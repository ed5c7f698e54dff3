"""python -m exercises diff."""

import pytest

from exercises.__main__ import main
from exercises.commands.diff import beside, library_source


def test_only_after_passing_or_anyway(work, pool, solve, capsys):
    solve(pool, "return y", "return -y  # mine")
    assert main(["diff", "max_pool2d"]) == 1
    assert "does not pass yet" in (out := capsys.readouterr().out) and "mine" not in out
    assert main(["diff", "max_pool2d", "--anyway"]) == 0
    assert "return -y  # mine" in (out := capsys.readouterr().out) and "slide_max" in out
    solve(pool)
    assert main(["diff", "max_pool2d"]) == 0
    assert "minicnn.functional.pooling: MaxPool2d" in capsys.readouterr().out


def test_side_by_side_from_120_columns_on():
    text = beside(("mine", "a = 1\n\n    " + "b + " * 30), ("theirs", "c\n" * 9), 120)
    lines = text.splitlines()
    assert lines[0] == f"{'mine':<58} | theirs" and lines[2] == f"{'a = 1':<58} | c"
    assert max(map(len, lines)) <= 120 and lines[5].startswith("        + b")
    assert beside(("mine", "a\n"), ("theirs", "b\n"), 119) == "mine\n----\na\n\ntheirs\n------\nb"


def test_without_the_library_s_a_solution_and_without_both_a_line(pool, monkeypatch, tmp_path):
    monkeypatch.delattr(pool.module("checks"), "LIBRARY")
    assert library_source(pool) == ("a solution", (pool.folder / "solution.py").read_text(encoding="utf-8"))
    monkeypatch.setattr("exercises.catalog.COURSE", tmp_path)
    with pytest.raises(ValueError, match="this course shows no solution"):
        library_source(pool)
