"""The options of train.py: defaults, checks that name the option, and what the command line really sets."""

import dataclasses
import json

import pytest

from googlenet import presets
from googlenet.training.command import resumed_options
from googlenet.training.options import OPTIMIZERS, SCHEDULES, Options, chosen, parser


def test_the_defaults_are_valid_and_go_through_json():
    options = Options()
    assert options.preset == "paper"
    assert options.aux_heads
    assert options.device == "cpu"
    assert Options(**json.loads(json.dumps(dataclasses.asdict(options)))) == options
    with pytest.raises(dataclasses.FrozenInstanceError):
        options.epochs = 3


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("epochs", 0), ("epochs", -1), ("batch_size", 0), ("lr", -0.1), ("lr", float("nan")), ("lr", float("inf")),
        ("warmup", -1.0), ("momentum", -0.1), ("weight_decay", -1e-4), ("weight_decay", float("inf")),
        ("image_size", 31), ("seed", -1), ("threads", -1), ("limit_train", -5), ("limit_test", -1),
        ("warmup", float("nan")), ("warmup", float("inf")),
    ],
)  # fmt: skip
def test_numbers_that_no_run_could_use_are_refused_by_name(name, value):
    with pytest.raises(ValueError, match=f"--{name.replace('_', '-')}: got {value}"):
        Options(**{name: value})


@pytest.mark.parametrize("name", ["schedule", "optimizer", "preset"])
def test_unknown_choices_are_refused_and_the_known_ones_named(name):
    with pytest.raises(ValueError, match=rf"--{name}: got 'nonsense', expected one of ") as error:
        Options(**{name: "nonsense"})
    known = {"schedule": SCHEDULES, "optimizer": OPTIMIZERS, "preset": presets}[name]
    for choice in known:
        assert choice in str(error.value)
        assert getattr(Options(**{name: choice}), name) == choice


def test_what_is_not_given_is_not_chosen():
    assert chosen(parser().parse_args([])) == {}
    arguments = ["--epochs", "3", "--no-aux-heads", "--lr", "0", "--name", "x", "--limit-train", "0"]
    assert chosen(parser().parse_args(arguments)) == {"epochs": 3, "aux_heads": False, "lr": 0.0, "limit_train": 0}


def test_every_option_has_a_flag():
    for field in dataclasses.fields(Options):
        flag = f"--{field.name.replace('_', '-')}"
        value = field.default
        arguments = [flag] if isinstance(value, bool) else [flag, str(value)]
        assert chosen(parser().parse_args(arguments)) == {field.name: value}, flag
    assert chosen(parser().parse_args(["--no-augment"])) == {"augment": False}


def test_help_has_examples_and_every_flag(capsys):
    with pytest.raises(SystemExit) as stop:
        parser().parse_args(["--help"])
    assert stop.value.code == 0
    text = capsys.readouterr().out
    assert "examples:" in text
    assert "python train.py --resume" in text
    for field in dataclasses.fields(Options):
        assert f"--{field.name.replace('_', '-')}" in text
    for name in presets:
        assert name in text


def test_help_tells_the_real_defaults(capsys):
    with pytest.raises(SystemExit):
        parser().parse_args(["--help"])
    words = " ".join(capsys.readouterr().out.split())
    for name in ("epochs", "batch_size", "lr", "schedule", "optimizer", "momentum", "weight_decay", "image_size"):
        assert f"({getattr(Options(), name)})" in words, name


OTHERS = {
    "batch_size": 16, "lr": 0.25, "schedule": "poly", "warmup": 2.0, "optimizer": "adamw", "weight_decay": 0.01,
    "image_size": 32, "preset": "plain", "aux_heads": False, "augment": False, "seed": 3, "limit_train": 100,
    "limit_test": 100,
}  # fmt: skip


@pytest.mark.parametrize("name", OTHERS)
def test_a_resumed_run_is_not_another_run(name):
    """The optimizer's numbers come from the checkpoint: another one would be taken, shown and ignored."""
    with pytest.raises(ValueError, match=f"--resume: --{name.replace('_', '-')} would make it another run"):
        resumed_options(Options(), {name: OTHERS[name]})
