"""new on the command line. (What it writes: ../grading/test_template.py.)"""

from pathlib import Path

from exercises.__main__ import main
from exercises.commands import new


def test_it_says_what_is_to_be_written(monkeypatch, capsys):
    monkeypatch.setattr(new, "new_exercise", lambda chapter, name: Path(chapter, name))
    assert main(["new", "beyond", "mish"]) == 0
    out = capsys.readouterr().out
    assert str(Path("beyond", "mish")) in out and "-k mish" in out


def test_one_line_for_what_cannot_be(capsys):
    assert main(["new", "beyond", "max_pool2d"]) == 2
    assert capsys.readouterr().err == "exercises: error: the name max_pool2d is taken: every exercise needs its own\n"
