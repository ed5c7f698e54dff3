"""python -m exercises, without a command."""

import json

from exercises.__main__ import main
from exercises.catalog import every_exercise


def test_it_says_what_passes_what_is_next_and_what_to_type(work, pool, solve, capsys):
    solve(pool)
    assert main([]) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"my_work: 1 of {len(every_exercise())} exercises passed\n")
    assert "  4_pooling       #" in out and max(map(len, out.splitlines())) <= 80


def test_json(work, pool, solve, capsys):
    solve(pool, "return y", "return -y")
    assert main(["--json", "--work", str(work.folder)]) == 0
    record = json.loads(capsys.readouterr().out)
    (found,) = (found for found in record["exercises"] if found["exercise"] == "max_pool2d")
    assert (record["passed"], record["next"], found["state"]) == (0, every_exercise()[0].name, "begun")
    assert found["points"][0] < found["points"][1]


def test_a_missing_file_that_is_next(work, capsys):
    first = every_exercise()[0]
    work.path_of(first).unlink()
    assert main([]) == 0
    out = capsys.readouterr().out
    assert f"python -m exercises reset {first.name}" in out and "? its file is missing" in out


def test_all_passed(work, monkeypatch, capsys):
    monkeypatch.setattr("exercises.commands.where.next_of", lambda states: None)
    assert main([]) == 0
    assert capsys.readouterr().out.endswith("All exercises are passed.\n")


def test_without_a_folder(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main([]) == 2
    assert capsys.readouterr().err.startswith("exercises: error: there is no folder of exercises here")
