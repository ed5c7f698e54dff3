"""python -m exercises start."""

import json
from pathlib import Path

from exercises.__main__ import main
from exercises.catalog import every_exercise


def test_it_writes_everything_once(work, capsys):
    assert main(["start", "new work"]) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"new work: {len(every_exercise())} exercises in 7 chapters.\n")
    assert "python -m exercises check" in out
    written = {path.relative_to("new work").as_posix() for path in Path("new work").rglob("*.*")}
    assert {"course.json", "README.md", "test_exercises.py", "4_pooling/max_pool2d.py"} <= written


def test_the_second_time_adds_what_is_missing(work, pool, capsys):
    work.path_of(pool).unlink()
    (work.folder / "README.md").write_text("mine", encoding="utf-8")
    assert main(["start", "my_work"]) == 0
    out = capsys.readouterr().out
    assert "added what was missing: " in out and "max_pool2d.py" in out and "left as they are" in out
    assert (work.folder / "README.md").read_text(encoding="utf-8") == "mine"
    assert main(["start", "my_work", "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["written"] == [] and len(record["kept"]) == len(every_exercise()) + 3


def test_the_seed_stays(work, capsys):
    assert main(["start", "other", "--seed", "3"]) == 0
    assert json.loads(Path("other/course.json").read_text(encoding="utf-8"))["seed"] == 3
    assert main(["start", "other", "--seed", "4"]) == 2
    assert "other has the seed 3 already" in capsys.readouterr().err
    assert main(["start", "other"]) == 0


def test_a_file_is_no_folder(work, capsys):
    Path("file").write_text("", encoding="utf-8")
    assert main(["start", "file"]) == 2
    assert capsys.readouterr().err == "exercises: error: file is a file: name another folder\n"


def test_a_course_that_was_built_for_a_seed_gives_its_own(work, monkeypatch):
    monkeypatch.setattr("exercises.commands.start.course_seed", lambda: 5)
    assert main(["start", "other"]) == 0 and main(["start", "a third", "--seed", "0"]) == 0
    assert [json.loads(Path(f"{name}/course.json").read_text())["seed"] for name in ("other", "a third")] == [5, 0]
