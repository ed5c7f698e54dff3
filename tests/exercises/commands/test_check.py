"""python -m exercises check."""

import json
import shutil

from exercises.__main__ import main
from exercises.catalog import every_exercise
from exercises.progress import State


def test_right_is_0_wrong_is_1_and_unknown_is_2(work, pool, solve, capsys):
    assert main(["check", "max_pool2d"]) == 1
    out = capsys.readouterr().out
    assert "Not written yet: return y" in out and out.endswith("python -m exercises hint max_pool2d\n")
    solve(pool)
    assert main(["check", "max_pool2d"]) == 0
    out = capsys.readouterr().out
    assert "max_pool2d: passed\n" in out and "python -m exercises diff max_pool2d" in out
    assert main(["check", "max_pool"]) == 2
    assert "did you mean max_pool2d" in capsys.readouterr().err


def test_without_a_name_the_next_one(work, capsys):
    assert main(["check"]) == 1
    assert capsys.readouterr().out.startswith(f"{every_exercise()[0].name}: ")


def test_a_file_anywhere_is_checked_and_not_remembered(work, pool, solve, tmp_path, capsys):
    shutil.copy(solve(pool), tmp_path / "max_pool2d.py")
    assert main(["check", str(tmp_path / "max_pool2d.py")]) == 0
    assert not work.cache.exists() and not (tmp_path / ".cache").exists()
    assert main(["check", "my_work/4_pooling/max_pool2d.py"]) == 0
    assert (work.cache / "progress.json").is_file()


def test_what_was_checked_is_not_run_again(work, pool, solve, in_process):
    solve(pool)
    main(["check", "max_pool2d"])
    main([])
    assert in_process == ["max_pool2d"]


def test_json(work, pool, solve, capsys):
    solve(pool, "+= grad_y", "= grad_y")
    assert main(["check", "max_pool2d", "--json"]) == 1
    (record,) = json.loads(capsys.readouterr().out)
    assert record["mistake"].startswith("You wrote one window's") and record["mistake"] in " ".join(
        record["message"].split()
    )
    assert [stage["passed"] for stage in record["stages"]][:4] == [True, True, True, False]
    assert record["points"] == [4, 6]


def test_a_missing_file(work, pool, capsys):
    work.path_of(pool).unlink()
    assert main(["check", "max_pool2d"]) == 1
    text = " ".join(capsys.readouterr().out.split())
    assert "max_pool2d.py is missing: `python -m exercises reset max_pool2d` writes it again" in text


def test_all_passed(work, monkeypatch, capsys):
    monkeypatch.setattr("exercises.commands.check.next_of", lambda states: None)
    assert main(["check"]) == 0
    assert capsys.readouterr().out == "All exercises are passed.\n"


def test_a_chapter_that_is_done_has_a_run(work, pool, solve, monkeypatch, capsys):
    monkeypatch.setattr("exercises.commands.check.has_run", lambda chapter: chapter == "pooling")
    solve(pool)
    done = f"python -m exercises run {pool.chapter}"
    main(["check", "max_pool2d"])
    assert done not in capsys.readouterr().out
    states = [State(e, work.path_of(e), "passed" if e.chapter == "pooling" else "begun") for e in every_exercise()]
    monkeypatch.setattr("exercises.commands.check.progress", lambda work: states)
    main(["check", "max_pool2d"])
    assert done in (out := capsys.readouterr().out) and f"next: {every_exercise()[0].name}" in out
    monkeypatch.setattr("exercises.commands.check.has_run", lambda chapter: False)
    main(["check", "max_pool2d"])
    assert done not in capsys.readouterr().out


def test_where_hints_are_hidden_none_is_offered(work, monkeypatch, capsys):
    monkeypatch.setattr("exercises.catalog.Exercise.hints", [])
    main(["check"])
    main([])
    assert "exercises hint" not in capsys.readouterr().out
