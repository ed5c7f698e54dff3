"""python -m googlenet: every command, as a user calls it."""

import json
import platform

import numpy as np
import pytest

import minicnn as mc
from googlenet.__main__ import main
from googlenet.differences import as_record, side_by_side
from googlenet.model import GoogLeNet
from googlenet.presets import presets
from googlenet.training.options import Options
from googlenet.weights import save_model


def run(capsys, *arguments):
    """Exit status, standard output, standard error."""
    try:
        status = main([str(a) for a in arguments])
    except SystemExit as stop:
        status = stop.code
    out, err = capsys.readouterr()
    return status, out, err


def test_recipes_stand_side_by_side_within_80_columns(capsys):
    status, out, _ = run(capsys, "recipes")
    assert status == 0
    assert max(map(len, out.splitlines())) <= 80
    assert out.splitlines()[0].split() == ["default", "paper", "caffe", "mnist", "modern"]
    assert "--momentum                .       0.9       0.9       0.7         .\n" in out
    found = {recipe["name"]: recipe for recipe in json.loads(run(capsys, "recipes", "--json")[1])}
    assert found["caffe"]["lr"] == 0.01 and "lr_mult 2" in found["caffe"]["reasons"]["bias_rules"]


def test_presets_side_by_side(capsys):
    status, out, _ = run(capsys, "presets")
    assert status == 0
    assert out == f"{side_by_side(list(presets.values()))}\n"
    assert max(map(len, out.splitlines())) <= 80
    assert json.loads(run(capsys, "presets", "--json")[1]) == json.loads(json.dumps(as_record(list(presets.values()))))


def test_devices_that_cannot_be_used_are_listed_with_the_reason(capsys):
    found = json.loads(run(capsys, "devices", "--json")[1])
    assert [(device["name"], device["usable"], device["description"]) for device in found] == [
        (device.name, device.usable, device.description) for device in mc.devices()
    ]
    assert len(run(capsys, "devices")[1].splitlines()) >= len(found)


def test_a_command_is_needed(capsys):
    with pytest.raises(SystemExit) as stop:
        main([])
    assert stop.value.code == 2
    assert "COMMAND" in capsys.readouterr().err


def test_devices(capsys):
    assert run(capsys, "devices")[1].startswith("cpu")
    assert json.loads(run(capsys, "devices", "--json")[1])[0]["usable"] is True


def test_evaluate_as_json(capsys, tmp_path):
    row = {"epoch": 1, "test_accuracy": 0.1}
    save_model(tmp_path / "w.safetensors", GoogLeNet(10, in_channels=1), Options(image_size=32), row)
    status, out, _ = run(capsys, "evaluate", tmp_path / "w.safetensors", "--limit-test", 20, "--json")
    found = json.loads(out)
    assert status == 0 and found["images"] == 20 and 0 <= found["top1"] <= 1


def test_evaluate_weights_that_are_no_numbers(capsys, tmp_path):
    model, path = GoogLeNet(10, "plain", in_channels=1, aux_heads=False), tmp_path / "w.safetensors"
    model.fc.weight.data[3] = np.nan
    save_model(path, model, Options(preset="plain", aux_heads=False), {"epoch": 1, "test_accuracy": 0.1})
    status, out, err = run(capsys, "evaluate", path)
    path.unlink()
    assert (status, out) == (2, "")
    assert f"{path}: no weights to compute with: fc.weight has 1,024 values" in err and len(err.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["evaluate", "nowhere.safetensors"], "nowhere.safetensors: No such file or directory"),
        (["evaluate", __file__], "not a whole safetensors file"),
        (["evaluate", ""], "file: got nothing between the quotes; is a variable not set?"),
        (["evaluate", "x", "--device", ""], "--device: got nothing between the quotes"),
        (["evaluate", "x", "--limit-test", "-1"], "--limit-test: got -1, expected at least 0"),
        (["evaluate", "x", "--limit-test", "1e3"], "--limit-test: got '1e3', expected a whole number"),
        (["summary", "--image-size", "16"], "--image-size: got 16, expected at least 32"),
        (["summary", "--classes", "0"], "--classes: got 0, expected at least 1"),
        (["summary", "--channels", "-3"], "--channels: got -3, expected at least 1"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_status_2(capsys, arguments, message):
    status, out, err = run(capsys, *arguments)
    assert (status, out) == (2, "")
    assert message in err and len(err.splitlines()) == 1


def test_version(capsys):
    status, out, _ = run(capsys, "--version")
    assert status == 0
    assert out == f"minicnn-googlenet {mc.__version__} (NumPy {np.__version__}, Python {platform.python_version()})\n"


def test_our_own_mistake_is_one_line_too(capsys, tmp_path, monkeypatch):
    def broken(args):
        raise RuntimeError("graph")

    monkeypatch.setattr("googlenet.__main__.recipes", broken)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    status, out, err = run(capsys, "recipes")
    assert (status, out, len(err.splitlines())) == (1, "", 1)
    assert "RuntimeError: graph. This is a mistake in the program" in err


COMMANDS = [
    "summary", "presets", "table", "cost", "figure", "explore", "predict", "evaluate", "data", "compare", "import",
    "weights", "export", "recipes", "devices",
]  # fmt: skip


@pytest.mark.parametrize("arguments", [[], *([name] for name in COMMANDS)], ids=lambda arguments: " ".join(arguments))
def test_help_has_examples_and_is_80_columns_wide(capsys, monkeypatch, arguments):
    monkeypatch.setenv("COLUMNS", "80")
    status, out, _ = run(capsys, *arguments, "--help")
    assert status == 0
    assert "examples:\n  " in out
    assert max(map(len, out.splitlines())) <= 80
    if not arguments:
        assert all(f"\n    {name} " in out for name in COMMANDS)
