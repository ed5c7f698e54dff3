"""python -m exercises notebook."""

import json
from pathlib import Path

from exercises.__main__ import main


def test_one_a_chapter_and_none_is_overwritten(work, capsys):
    assert main(["notebook", "-o", "a b"]) == 0
    assert len(list(Path("a b").glob("*.ipynb"))) == 7
    Path("a b/4_pooling.ipynb").write_text("mine", encoding="utf-8")
    Path("a b/5_training.ipynb").unlink()
    capsys.readouterr()
    assert main(["notebook", "-o", "a b"]) == 1
    assert "4_pooling.ipynb is there already" in (out := capsys.readouterr().out) and "5_training.ipynb\n" in out
    assert Path("a b/4_pooling.ipynb").read_text(encoding="utf-8") == "mine"


def test_one_chapter(work, capsys):
    assert main(["notebook", "pooling"]) == 0
    assert json.loads(Path("4_pooling.ipynb").read_text(encoding="utf-8"))["nbformat"] == 4
