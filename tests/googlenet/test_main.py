"""python -m googlenet: every command, as a user calls it."""

import json
import platform

import numpy as np
import pytest

import minicnn as mc
from googlenet import __main__ as command
from googlenet.__main__ import main, parser
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


def test_summary_lists_every_layer_within_80_columns(capsys):
    status, out, _ = run(capsys, "summary")
    assert status == 0
    assert "[-1, 192, 28, 28]" in out and "aux2.fc2" in out and "parameters in all: 13,378,280" in out
    assert max(map(len, out.splitlines())) <= 80


def test_summary_as_json(capsys):
    _, out, _ = run(capsys, "summary", "--json", "--no-aux-heads", "--image-size", 64)
    found = json.loads(out)
    assert found["total_params"] == 6_998_552
    assert found["rows"][0] == {
        "name": "conv1.conv",
        "kind": "Conv2d",
        "output_shape": [-1, 64, 32, 32],
        "params": 9472,
    }


def test_table_shows_the_papers_figures_beside_the_counted_ones(capsys):
    status, out, _ = run(capsys, "table")
    assert status == 0
    assert "2.7K" in out and "9,472" in out and "6,998,552" in out
    assert max(map(len, out.splitlines())) <= 80
    rows = json.loads(run(capsys, "table", "--json")[1])
    assert sum(row["params"] for row in rows) == 6_998_552


def test_recipes_stand_side_by_side_within_80_columns(capsys):
    status, out, _ = run(capsys, "recipes")
    assert status == 0
    assert max(map(len, out.splitlines())) <= 80
    assert out.splitlines()[0].split() == ["default", "paper", "caffe", "mnist", "modern"]
    assert "--momentum                .       0.9       0.9       0.7         .\n" in out
    found = {recipe["name"]: recipe for recipe in json.loads(run(capsys, "recipes", "--json")[1])}
    assert found["caffe"]["lr"] == 0.01 and "lr_mult 2" in found["caffe"]["reasons"]["bias_rules"]


def test_each_figure_of_the_table_stands_in_its_column(capsys):
    _, out, _ = run(capsys, "table")
    rows = {line.split()[0]: line.split()[1:] for line in out.splitlines() if line}
    assert rows["conv1"] == ["7x7/2", "112x112x64", "2.7K", "34M", "9,472"]
    assert rows["inception3a"] == ["28x28x256", "159K", "128M", "163,696"]
    assert rows["maxpool4"] == ["3x3/2", "7x7x832"]


def asked_for(capsys, monkeypatch, *arguments):
    """What `summary` makes and shows: classes, preset, channels, heads, and the shape of the images."""
    asked = []
    monkeypatch.setattr(command, "GoogLeNet", lambda *arguments: asked.extend(arguments))
    monkeypatch.setattr(mc, "summary", lambda model, shape: asked.append(shape))
    assert run(capsys, "summary", *arguments)[0] == 0
    classes, preset, channels, aux_heads, shape = asked
    return classes, preset.name, channels, aux_heads, shape


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], (1000, "paper", 3, True, (3, 224, 224))),
        (["--preset", "mnist"], (10, "mnist", 1, True, (1, 224, 224))),
        (["--preset", "catsdogs", "--no-aux-heads"], (2, "catsdogs", 3, False, (3, 82, 82))),
        (["--preset", "catsdogs", "--classes", 5, "--channels", 1, "--image-size", 64],
         (5, "catsdogs", 1, True, (1, 64, 64))),
    ],
)  # fmt: skip
def test_what_is_not_said_is_what_the_preset_was_made_for(capsys, monkeypatch, arguments, expected):
    assert asked_for(capsys, monkeypatch, *arguments) == expected


def test_without_options_it_is_the_paper_s_network_with_its_heads():
    options = parser().parse_args(["summary"])
    assert (options.preset, options.aux_heads) == ("paper", True)


def test_a_size_that_a_preset_has_no_use_for_is_one_line(capsys):
    status, out, err = run(capsys, "summary", "--preset", "mnist", "--image-size", 64)
    assert (status, out, len(err.splitlines())) == (2, "", 1)
    assert "expected (N, 1, H, W) with H and W at least 125" in err


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

    monkeypatch.setattr("googlenet.__main__.table", broken)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    status, out, err = run(capsys, "table")
    assert (status, out, len(err.splitlines())) == (1, "", 1)
    assert "RuntimeError: graph. This is a mistake in the program" in err


COMMANDS = [
    "summary",
    "presets",
    "table",
    "predict",
    "evaluate",
    "data",
    "compare",
    "weights",
    "export",
    "recipes",
    "devices",
]


@pytest.mark.parametrize("arguments", [[], *([name] for name in COMMANDS)], ids=lambda arguments: " ".join(arguments))
def test_help_has_examples_and_is_80_columns_wide(capsys, monkeypatch, arguments):
    monkeypatch.setenv("COLUMNS", "80")
    status, out, _ = run(capsys, *arguments, "--help")
    assert status == 0
    assert "examples:\n  " in out
    assert max(map(len, out.splitlines())) <= 80
    if not arguments:
        assert all(f"\n    {name} " in out for name in COMMANDS)
