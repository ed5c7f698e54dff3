"""The options of train.py: defaults, checks that name the option, recipes, and what another version wrote."""

import dataclasses
import json
import re

import pytest

from googlenet import presets
from googlenet.training.options import (
    AVERAGES,
    OPTIMIZERS,
    SCHEDULES,
    SGD_LR,
    Options,
    flag,
    known_options,
    usual_lr,
    with_recipe,
)
from googlenet.training.recipes import recipes


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
        ("warmup", float("nan")), ("warmup", float("inf")), ("image_size", 10_001), ("device", "'gpu'"),
        ("device", "''"), ("epochs", True), ("epochs", 2.0), ("epochs", "'2'"), ("lr", "'0.1'"), ("lr", None),
        ("lr", True), ("augment", 1), ("preset", 3), ("seed", [1]), ("warmup", 7.5), ("label_smoothing", -0.1),
        ("label_smoothing", 1.0), ("clip_norm", -1.0), ("clip_norm", float("nan")), ("accumulate", 0),
        ("accumulate", 1.5), ("early_stop", -1), ("bias_rules", 1),
    ],
)  # fmt: skip
def test_what_no_run_could_use_is_refused_by_name(name, value):
    with pytest.raises(ValueError, match=re.escape(f"{flag(name)}: got {value}")):
        Options(**{name: value.strip("'") if isinstance(value, str) else value})


def test_a_preset_has_a_smallest_image():
    with pytest.raises(ValueError, match="--image-size: got 124, preset mnist needs at least 125"):
        Options(preset="mnist", image_size=124)
    assert Options(preset="mnist", image_size=125).image_size == 125


def test_the_warm_up_may_be_the_whole_run():
    assert Options(epochs=2, warmup=2.0).warmup == 2


@pytest.mark.parametrize("name", ["schedule", "optimizer", "preset", "average", "recipe"])
def test_unknown_choices_are_refused_and_the_known_ones_named(name):
    with pytest.raises(ValueError, match=rf"--{name}: got 'nonsense', expected one of ") as error:
        Options(**{name: "nonsense"})
    known = {"schedule": SCHEDULES, "optimizer": OPTIMIZERS, "preset": presets, "average": AVERAGES, "recipe": recipes}
    for choice in known[name]:
        assert choice in str(error.value)
        assert getattr(Options(**{name: choice, "image_size": 224}), name) == choice


def test_the_usual_learning_rate():
    assert usual_lr("sgd") == SGD_LR
    assert usual_lr("adam") == usual_lr("adamw") == usual_lr(None) == Options().lr


def test_what_a_recipe_says_stands_behind_what_was_asked_for():
    assert Options(**with_recipe({})) == Options()
    caffe = Options(**with_recipe({"recipe": "caffe"}))
    assert (caffe.recipe, caffe.optimizer, caffe.lr, caffe.bias_rules, caffe.weight_decay, caffe.epochs) == (
        "caffe", "sgd", 0.01, True, 2e-4, Options.epochs,
    )  # fmt: skip
    assert Options(**with_recipe({"recipe": "caffe", "lr": 0.1, "bias_rules": False})) == dataclasses.replace(
        caffe, lr=0.1, bias_rules=False
    )


def test_another_optimizer_than_the_recipe_s_has_its_own_usual_rate():
    assert with_recipe({"optimizer": "sgd"})["lr"] == SGD_LR
    assert with_recipe({"recipe": "mnist", "optimizer": "sgd"})["lr"] == 0.001
    assert with_recipe({"recipe": "mnist", "optimizer": "adam"})["lr"] == Options.lr
    assert with_recipe({"recipe": "mnist", "optimizer": "adam", "lr": 0.3})["lr"] == 0.3


def test_options_of_another_version():
    record = dataclasses.asdict(Options(lr=0.25))
    assert known_options(record) == Options(lr=0.25)
    with pytest.raises(
        ValueError, match=r"another version of train\.py \('augment' is missing, 'date' is unknown here\)"
    ):
        known_options({**{name: value for name, value in record.items() if name != "augment"}, "date": "today"})
    for wrong in (None, 3, [], ["lr"]):
        with pytest.raises(ValueError, match="the options are"):
            known_options(wrong)
