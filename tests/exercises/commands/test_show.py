"""python -m exercises show."""

import json

from exercises.__main__ import main
from exercises.catalog import every_exercise


def test_the_text_and_where_to_write(work, pool, capsys):
    assert main(["show", "max_pool2d"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("Max pooling\n===========\n") and out.endswith("your file: my_work/4_pooling/max_pool2d.py\n")
    assert main(["show", "max_pool2d", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["text"] == pool.text


def test_without_a_name_the_next_and_without_a_folder_too(work, monkeypatch, tmp_path, capsys):
    assert main(["show"]) == 0
    assert capsys.readouterr().out.startswith(every_exercise()[0].title.replace("**", ""))
    monkeypatch.chdir(tmp_path / "..")
    assert main(["show", "max_pool2d"]) == 0
    assert "your file" not in capsys.readouterr().out
