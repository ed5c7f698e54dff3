"""python -m exercises run."""

import pytest

from exercises.__main__ import main


@pytest.mark.parametrize("reached, status", [(True, 0), (False, 1)])
def test_the_status_says_whether_it_reached_what_it_should(work, monkeypatch, reached, status):
    asked = []
    monkeypatch.setattr("exercises.commands.run.has_run", lambda chapter: True)
    monkeypatch.setattr("exercises.commands.run.run_chapter", lambda *arguments: asked.append(arguments) or reached)
    assert main(["run", "4"]) == status
    assert asked[0][0] == "pooling" and asked[0][1].resolve() == work.folder


def test_what_there_is_not(work, monkeypatch, capsys):
    assert main(["run", "pool"]) == 2
    assert "there is no chapter 'pool'" in capsys.readouterr().err
    monkeypatch.setattr("exercises.commands.run.has_run", lambda chapter: False)
    assert main(["run", "pooling"]) == 2
    assert "the chapter pooling has no run" in capsys.readouterr().err
