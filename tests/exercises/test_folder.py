"""The learner's folder: found from where one is, filled without overwriting anything."""

import json

import pytest

from exercises.catalog import every_exercise
from exercises.folder import fill, find_work, named, open_work, untouched


def test_names_are_right_on_every_system():
    """Windows: no reserved names, no other characters; and two files never differ in case alone."""
    names = [name for exercise in every_exercise() for name in (exercise.chapter, exercise.name)]
    assert all(name.isascii() and name.isidentifier() and name.islower() for name in names)
    assert not {"con", "prn", "aux", "nul"} & set(names)


def test_what_is_there_is_kept(work, pool):
    path = work.path_of(pool)
    path.write_text("mine", encoding="utf-8")
    (work.folder / "README.md").unlink()
    written, kept = fill(work.folder, 0)
    assert written == [work.folder / "README.md"] and path in kept
    assert path.read_text(encoding="utf-8") == "mine"


def test_it_is_found_from_outside_inside_and_by_name(work, monkeypatch):
    assert find_work().folder.resolve() == work.folder
    monkeypatch.chdir(work.folder / "4_pooling")
    assert find_work().folder == work.folder
    monkeypatch.chdir("/")
    assert find_work(work.folder) == work
    with pytest.raises(ValueError, match="there is no folder of exercises here.*start my_work"):
        find_work()
    with pytest.raises(ValueError, match="4_pooling is no folder of exercises"):
        find_work(work.folder / "4_pooling")


def test_of_several_none_is_guessed(work):
    other = work.folder.parent / "other"
    other.mkdir()
    (other / "course.json").write_text('{"seed": 3}', encoding="utf-8")
    with pytest.raises(ValueError, match=r"several .*\(my_work, other\).*--work"):
        find_work()
    assert open_work(other).seed == 3


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"seed": "x"}', '{"seed": null}', "[" * 100_000])
def test_a_damaged_marker_is_one_line(tmp_path, text):
    (tmp_path / "course.json").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match="course.json is damaged"):
        open_work(tmp_path)


def test_the_marker_says_what_it_is(work):
    record = json.loads((work.folder / "course.json").read_text(encoding="utf-8"))
    assert record["version"] == 1 and record["seed"] == 0


def test_a_stub_with_other_line_ends_is_untouched(pool):
    assert untouched(pool, pool.stub.replace("\n", "\r\n") + "\r\n")
    assert not untouched(pool, pool.stub.replace("raise", "pass; raise", 1))


def test_exercises_are_named_by_name_file_or_chapter(work, pool):
    path = work.path_of(pool)
    assert named(["max_pool2d"]) == [(pool, None)]
    assert named([str(path)]) == [(pool, path)]
    assert (pool, None) in named(["pooling"]) and named(["pooling"]) == named(["my_work/4_pooling"])
    with pytest.raises(ValueError, match="did you mean max_pool2d"):
        named(["maxpool2d"])
    with pytest.raises(ValueError, match="there is no file"):
        named(["elsewhere/max_pool2d.py"])
