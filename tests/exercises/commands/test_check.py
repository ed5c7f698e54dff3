"""python -m exercises check."""

import json
import shutil

import pytest

from exercises.__main__ import main
from exercises.catalog import every_exercise


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


@pytest.mark.parametrize("state", [None])
def test_all_passed(work, monkeypatch, capsys, state):
    monkeypatch.setattr("exercises.commands.check.next_of", lambda states: state)
    assert main(["check"]) == 0
    assert capsys.readouterr().out == "All exercises are passed.\n"
