"""A new exercise's folder: whole, in the chapter's list, and refused until it is written."""

import ast

import pytest

from exercises.catalog import COURSE
from exercises.grading.template import FILES, new_exercise


@pytest.fixture
def course(tmp_path):
    (tmp_path / "pooling").mkdir()
    (tmp_path / "pooling" / "__init__.py").write_text((COURSE / "pooling" / "__init__.py").read_text("utf-8"), "utf-8")
    return tmp_path


def test_every_file_is_there_and_python(course):
    folder = new_exercise("pooling", "lp_pool2d", course)
    assert sorted(path.name for path in folder.iterdir()) == sorted(FILES)
    for path in folder.glob("*.py"):
        ast.parse(path.read_text(encoding="utf-8"))
    assert "class LpPool2d" in (folder / "solution.py").read_text(encoding="utf-8")
    found = {}
    exec((course / "pooling" / "__init__.py").read_text(encoding="utf-8"), found)
    assert found["EXERCISES"][-1] == "lp_pool2d" and "max_pool2d" in found["EXERCISES"]
    assert not list((course / "pooling").glob(".new-*"))


@pytest.mark.parametrize(
    "chapter, name, why",
    [
        ("nowhere", "lp", "there is no chapter 'nowhere'"),
        ("pooling", "../lp", "is no name"),
        ("pooling", "class", "is no name"),
        ("pooling", "max_pool2d", "is taken"),
        ("pooling", "dense", "is taken"),
    ],
)
def test_names_that_cannot_be(course, chapter, name, why):
    with pytest.raises(ValueError, match=why):
        new_exercise(chapter, name, course)
