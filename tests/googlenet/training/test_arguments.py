"""The command line of train.py: what it sets, what is refused, and its help."""

import dataclasses
import re

import pytest
from support import REPOSITORY

from googlenet import presets
from googlenet.training.arguments import ACTS, FIND, NO, chosen, parse, parser
from googlenet.training.command import resumed_options
from googlenet.training.options import Options


def test_what_is_not_given_is_not_chosen():
    assert chosen(parser().parse_args([])) == {}
    arguments = ["--epochs", "3", "--no-aux-heads", "--lr", "0", "--name", "x", "--limit-train", "0"]
    assert chosen(parser().parse_args(arguments)) == {"epochs": 3, "aux_heads": False, "lr": 0.0, "limit_train": 0}


def test_every_option_has_a_flag():
    for field in dataclasses.fields(Options):
        flag = f"--{field.name.replace('_', '-')}"
        value = VALUES.get(field.name, field.default)
        arguments = [flag] if isinstance(value, bool) else [flag, str(value)]
        assert chosen(parser().parse_args(arguments)) == {field.name: value}, flag
    assert chosen(parser().parse_args(["--no-augment"])) == {"augment": False}


# ---- options that act ---------------------------------------------------------------------------------------------


VALUES = {
    "strict": True,
    "data_root": "/data",
    "init": "/best.safetensors",
    "freeze": "3a",
    "bias_rules": True,
    "tensorboard": True,
}  # in place of an empty default

ACTIONS = [action for action in parser()._actions if action.dest not in ("help", "version")]
MODES = {"new": [], "resume": ["--resume", "runs/x"], "evaluate": ["--evaluate", "x.safetensors"]}


def with_a_value(action):
    """The option as one may write it."""
    if action.nargs == 0:
        return [action.option_strings[0]]
    if action.choices:
        return [action.option_strings[0], str(list(action.choices)[0])]
    value = {"image_size": "48", "device": "cpu", "warmup": "0", "val_share": "0.5", "freeze": "3a",
             "label_smoothing": "0.1"}  # fmt: skip
    return [action.option_strings[0], value.get(action.dest, "1")]


def refused(capsys, arguments):
    with pytest.raises(SystemExit) as stop:
        parse(arguments)
    out, error = capsys.readouterr()
    assert (stop.value.code, out) == (2, "")
    assert len(error.splitlines()) == 1
    return error


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.dest)
@pytest.mark.parametrize("mode", MODES)
def test_an_option_acts_or_is_refused(capsys, action, mode):
    """A new option must be placed in the table, and be either."""
    arguments = [*MODES[mode], *with_a_value(action)]
    if action.dest == mode or (mode == "new" and action.dest in MODES):
        return  # that is another mode
    if action.dest == "momentum" and mode == "new":
        arguments += ["--optimizer", "sgd"]
    if action.dest == "freeze" and mode == "new":
        arguments += ["--init", "x.safetensors"]
    if ACTS[action.dest][list(MODES).index(mode)] == NO:
        message = f"train.py: error: {action.option_strings[0]}: does nothing beside --{mode}: "
        if {action.dest, mode} == {"resume", "evaluate"}:
            message = "--resume: does nothing beside --evaluate: "
        assert message in refused(capsys, arguments)
    else:
        assert getattr(parse(arguments), action.dest) is not None


def test_the_table_holds_every_option_and_no_other():
    assert set(ACTS) == {action.dest for action in ACTIONS}


@pytest.mark.parametrize(
    ("mode", "options"),
    [
        ("resume", {"epochs", "early_stop", "threads", "device", "tensorboard", "resume", "with"}),
        ("evaluate", {"batch_size", "image_size", "limit_test", "threads", "device", "evaluate", "with"}),
    ],
)
def test_what_acts_beside_another(mode, options):
    """Written down once more: the test above takes the table as it is."""
    assert {name for name, acts in ACTS.items() if acts[list(MODES).index(mode)] == "yes"} == options


@pytest.mark.parametrize("name", ["resume", "evaluate", "name", "output", "device"])
@pytest.mark.parametrize("form", [["--{}", ""], ["--{}="]], ids=["two words", "one"])
def test_a_variable_that_is_not_set(capsys, name, form):
    error = refused(capsys, [part.format(name) for part in form])
    assert f"--{name}: got nothing between the quotes; is a variable not set?" in error


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--momentum", "0.8"], "--momentum: only --optimizer sgd has it, not adam"),
        (["--preset", "mnist"], "--image-size: got 64, preset mnist needs at least 125"),
        (["--preset", "mnist", "--image-size", "124"], "--image-size: got 124, preset mnist needs at least 125"),
        (["--momentum", "0.8", "--optimizer", "adamw"], "--momentum: only --optimizer sgd has it, not adamw"),
        (["--momentum", "0.8", "--recipe", "modern"], "--momentum: only --optimizer sgd has it, not adamw"),
        (
            ["--epochs", "1", "--warmup", "2", "--recipe", "paper"],
            "--warmup: got 2 epochs, the whole run has --epochs 1",
        ),
        (["--name", "a/b"], "--name: got 'a/b', expected the name of a folder"),
        (["--name", "../x"], "--name: got '../x'"),
        (["--name", ".."], "--name: got '..'"),
        (["--name", "."], "--name: got '.'"),
        (["--name", "/tmp/x"], "--name: got '/tmp/x'"),
        (["--name", "x/"], "--name: got 'x/'"),
        (["--warmup", "3", "--epochs", "2"], "--warmup: got 3 epochs, the whole run has --epochs 2"),
        (["--evaluate", "x", "--batch-size", "0"], "--batch-size: got 0, expected at least 1"),
        (["--evaluate", "x", "--image-size", "0"], "--image-size: got 0, expected at least 32"),
        (["--evaluate", "x", "--limit-test", "-1"], "--limit-test: got -1, expected at least 0"),
        (["--evaluate", "x", "--threads", "-1"], "--threads: got -1, expected at least 0"),
        (["--batch-size", "1e9"], "--batch-size"),
        (["--image-size", "1000000000000"], "--image-size: got 1000000000000, expected at most 10000"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_cannot_be_meant(capsys, arguments, message):
    assert message in refused(capsys, arguments)


def test_what_a_run_has_is_not_compared_with_the_defaults():
    """--resume of a run with 20 epochs: 9 epochs of warm-up are right there."""
    assert parse(["--resume", "x", "--warmup", "9"]).warmup == 9


def test_the_learning_rate_may_be_looked_for(capsys):
    args = parse(["--lr", "find", "--optimizer", "sgd"])
    assert args.lr == FIND
    assert chosen(args) == {"optimizer": "sgd"}
    assert "--lr: got 'search', expected a number, or find" in refused(capsys, ["--lr", "search"])
    for more in (["--name", "x"], ["--resume", "x"], ["--show-batch"]):
        assert f"{more[0]}: does nothing beside --lr find" in refused(capsys, ["--lr", "find", *more])


# ---- help ---------------------------------------------------------------------------------------------------------


def test_help_has_examples_and_every_flag(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit) as stop:
        parser().parse_args(["--help"])
    assert stop.value.code == 0
    text = capsys.readouterr().out
    assert "examples:" in text
    assert "python train.py --resume" in text
    assert max(map(len, text.splitlines())) <= 80
    for field in dataclasses.fields(Options):
        assert f"--{field.name.replace('_', '-')}" in text
    for name in presets:
        assert name in text


def test_help_tells_the_real_defaults(capsys):
    with pytest.raises(SystemExit):
        parser().parse_args(["--help"])
    words = " ".join(capsys.readouterr().out.split())
    for name in ("epochs", "batch_size", "lr", "schedule", "optimizer", "momentum", "weight_decay", "val_share"):
        assert f"({getattr(Options(), name)})" in words, name


def test_help_tells_the_time_that_readme_has_measured(capsys):
    with pytest.raises(SystemExit):
        parser().parse_args(["--help"])
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    minutes, seconds = map(int, re.search(r"\| 0 \(the picture\) .* (\d+):(\d\d)", readme).groups())
    words = {4: "four", 5: "five", 6: "six", 7: "seven", 8: "eight", 9: "nine", 10: "ten"}
    text = " ".join(capsys.readouterr().out.split())
    assert f"about {words[round(minutes + seconds / 60)]} minutes on two cores" in text


def test_version(capsys):
    with pytest.raises(SystemExit) as stop:
        parser().parse_args(["--version"])
    assert stop.value.code == 0
    assert re.fullmatch(r"minicnn-googlenet \S+ \(NumPy \S+, Python \S+\)\n", capsys.readouterr().out)


OTHERS = {
    "batch_size": 16, "lr": 0.25, "schedule": "poly", "warmup": 2.0, "optimizer": "adamw", "weight_decay": 0.01,
    "image_size": 32, "preset": "plain", "aux_heads": False, "augment": False, "seed": 3, "limit_train": 100,
    "limit_test": 100, "recipe": "modern", "bias_rules": True, "label_smoothing": 0.1, "average": "ema",
    "clip_norm": 1.0, "accumulate": 2,
}  # fmt: skip


@pytest.mark.parametrize("name", OTHERS)
def test_a_resumed_run_is_not_another_run(name):
    """The optimizer's numbers come from the checkpoint: another one would be taken, shown and ignored."""
    with pytest.raises(ValueError, match=f"--resume: --{name.replace('_', '-')} would make it another run"):
        resumed_options(Options(), {name: OTHERS[name]})
