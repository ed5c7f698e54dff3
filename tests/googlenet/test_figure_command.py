"""python -m googlenet figure WHICH, as a user calls it."""

import dataclasses
import functools
import json
from xml.etree import ElementTree

import pytest

import googlenet.figure_command
from googlenet.__main__ import main
from googlenet.presets import presets
from googlenet.report.paper_figures import figure

made = functools.cache(figure)  # once each


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """An empty folder, and presets for small images."""
    small = {name: dataclasses.replace(preset, image_size=32) for name, preset in presets.items()}
    monkeypatch.setattr(googlenet.figure_command, "presets", small)
    monkeypatch.setattr(googlenet.figure_command, "figure", made)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(capsys, *arguments):
    """Exit status, standard output, standard error."""
    try:
        status = main(["figure", *arguments])
    except SystemExit as stop:
        status = stop.code
    return status, *capsys.readouterr()


def test_a_file_is_written_under_a_name_of_its_own(capsys, here):
    assert run(capsys, "2a") == (0, "the figure is figure-2a.svg\n", "")
    assert ElementTree.parse(here / "figure-2a.svg").getroot().tag.endswith("svg")
    assert [path.name for path in here.iterdir()] == ["figure-2a.svg"]


def test_where_it_is_told_over_what_was_there(capsys, here):
    (here / "out.svg").write_text("before")
    assert run(capsys, "2b", "-o", "out.svg", "--preset", "batchnorm") == (0, "the figure is out.svg\n", "")
    text = (here / "out.svg").read_text(encoding="utf-8")
    assert "preset batchnorm" in text and "BatchNorm" in text and "dimension reductions" in text
    assert [path.name for path in here.iterdir()] == ["out.svg"]


def test_json_has_nodes_and_edges_and_writes_where_it_is_told_to_alone(capsys, here):
    status, out, _ = run(capsys, "2a", "--json")
    found = json.loads(out, parse_constant=pytest.fail)
    assert status == 0 and not list(here.iterdir())
    assert [node["operation"] for node in found["nodes"]] == ["Input", *3 * ["Conv2d"], "MaxPool2d", "Concat"]
    assert found["nodes"][2]["kernel"] == [3, 3] and found["nodes"][2]["shape"] == [-1, 128, 4, 4]
    assert found["edges"] == [*([0, i] for i in range(1, 5)), *([i, 5] for i in range(1, 5))]
    assert run(capsys, "2a", "--json", "-o", "a.svg")[1] == out and (here / "a.svg").exists()


def test_what_is_wrong_is_one_line(capsys, here):
    for arguments, said in [
        (["4"], "invalid choice: '4'"), (["3", "--preset", "vgg"], "invalid choice: 'vgg'"),
        (["2a", "-o", "gone/a.svg"], "gone"), (["2a", "-o", ""], "nothing between the quotes"), ([], "WHICH"),
    ]:  # fmt: skip
        status, out, err = run(capsys, *arguments)
        assert (status, out, err.count("\n")) == (2, "", 1) and said in err
    assert not list(here.iterdir())


def test_names_do_not_act_on_the_terminal(capsys, here):
    assert run(capsys, "2a", "-o", "a\x1b[2J.svg")[1] == "the figure is a\ufffd[2J.svg\n"
