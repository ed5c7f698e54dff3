"""python -m googlenet weights WEIGHTS, as a user calls it."""

import json
import textwrap

import numpy as np
import pytest

import minicnn as mc
from googlenet import GoogLeNet
from googlenet.__main__ import main
from googlenet.weights import load_model
from googlenet.weights.file import save_network
from minicnn.checkpoint import StateDict


def run(capsys, *arguments):
    """Exit status, standard output, standard error."""
    try:
        status = main(["weights", *map(str, arguments)])
    except SystemExit as stop:
        status = stop.code
    out, err = capsys.readouterr()
    return status, out, err


@pytest.fixture
def weights(tmp_path, small_blocks):
    path = tmp_path / "pets.safetensors"
    save_network(
        path, GoogLeNet(2, "plain", 2, False), image_size=40, classes=("cats", "dogs"), imported={"file": "nowhere"}
    )
    return path


def test_the_card_is_printed(capsys, weights):
    status, out, err = run(capsys, weights)
    assert (status, err) == (0, "")
    assert out == load_model(weights)[1]["card"]
    assert "Origin: imported from nowhere" in out and max(map(len, out.splitlines())) <= 80


def test_the_python_on_the_card_runs(capsys, weights):
    code = run(capsys, weights)[1].partition("or in Python:\n")[2].partition("##")[0]
    names = {}
    exec(textwrap.dedent(code).replace("WEIGHTS", str(weights)), names)
    assert names["model"](mc.Tensor(np.zeros((1, 2, 40, 40), np.float32))).shape == (1, 2)


def test_a_card_from_elsewhere_commands_no_terminal(capsys, weights):
    state = mc.load(weights)
    mc.save(StateDict(state, {**state.metadata, "card": "one\x1b[2J\ntwo"}), weights)
    assert run(capsys, weights)[1] == "one\ufffd[2J\ntwo\n"


def test_json_has_all_that_is_noted(capsys, weights):
    found = json.loads(run(capsys, weights, "--json")[1])
    model, info = load_model(weights)
    assert info["preprocessing"] is None and found["preprocessing"] is None  # two channels: nobody knows
    assert (found["file"], found["preset"], found["classes"]) == (str(weights), "plain", ["cats", "dogs"])
    assert found["parameters"] == mc.summary(model, (2, 40, 40)).total_params
    assert (found["imported"], found["card"], found["num_classes"]) == ({"file": "nowhere"}, info["card"], 2)


def test_json_has_the_preprocessing(capsys, tmp_path, small_blocks):
    path = tmp_path / "gray.safetensors"
    save_network(path, GoogLeNet(2, "plain", 1, False), image_size=40)
    found = json.loads(run(capsys, path, "--json")[1])["preprocessing"]
    assert (found["image_size"], found["mean"], found["crop"]) == (40, [0.1307], "whole")


def test_what_are_no_weights_is_one_line(capsys, tmp_path):
    (tmp_path / "text").write_text("text")
    for name, message in (("gone", "No such file"), ("text", "not a whole safetensors file"), ("", "is a folder")):
        status, out, err = run(capsys, tmp_path / name)
        assert (status, out, len(err.splitlines())) == (2, "", 1)
        assert message in err
