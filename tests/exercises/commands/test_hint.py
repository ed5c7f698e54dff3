"""python -m exercises hint: each call one more."""

import json

import pytest

from exercises.__main__ import main


def test_every_call_gives_one_more(work, pool, capsys):
    for level in (1, 2, 3, 3):
        assert main(["hint", "max_pool2d"]) == 0
        out = capsys.readouterr().out
        assert out.startswith(f"max_pool2d, hint {level} of 3\n")
        assert ("the last one" in out) == (level == 3)


def test_a_level_and_all_count_nothing(work, pool, capsys):
    assert main(["hint", "max_pool2d", "--level", "2", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == [{"exercise": "max_pool2d", "level": 2, "hint": pool.hints[1]}]
    assert main(["hint", "max_pool2d", "--all"]) == 0
    assert capsys.readouterr().out.count("max_pool2d, hint") == 3
    assert not work.cache.exists()


@pytest.mark.parametrize("text", ["{", "[1]", '{"max_pool2d": []}'])
def test_a_damaged_file_begins_anew(work, text, capsys):
    work.cache.mkdir()
    (work.cache / "hints.json").write_text(text, encoding="utf-8")
    assert main(["hint", "max_pool2d"]) == 0
    assert "hint 1 of 3" in capsys.readouterr().out


def test_what_there_is_not(work, monkeypatch, capsys):
    assert main(["hint", "max_pool2d", "--level", "4"]) == 2
    assert "--level: got 4, max_pool2d has 3 hints" in capsys.readouterr().err
    monkeypatch.setattr("exercises.catalog.Exercise.hints", [])
    assert main(["hint", "max_pool2d"]) == 2
    assert "no hints" in capsys.readouterr().err
