"""python -m exercises list."""

import json

from exercises.__main__ import main
from exercises.catalog import every_exercise, exercises_of


def test_every_exercise_has_a_line_with_its_mark(work, pool, solve, capsys):
    solve(pool)
    assert main(["list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(every_exercise()) + 7
    (line,) = (line for line in lines if " max_pool2d " in line)
    assert line == "  # max_pool2d            Max pooling"
    assert max(map(len, lines)) <= 80


def test_one_chapter_and_json(work, capsys):
    assert main(["list", "4_pooling"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == len(exercises_of("pooling")) + 1
    assert main(["list", "pooling", "--json"]) == 0
    assert [found["exercise"] for found in json.loads(capsys.readouterr().out)] == [
        exercise.name for exercise in exercises_of("pooling")
    ]
