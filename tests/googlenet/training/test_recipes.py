"""The recipes: each figure as its source has it, with a reason, and each one trains."""

import dataclasses

import pytest

from googlenet.training.options import Options
from googlenet.training.recipes import ORIGINS, REASONS, Recipe, find_recipe, recipes, records, side_by_side


def test_each_figure():
    """Written down once more, from the sources that recipes.py names."""
    names = ("optimizer", "lr", "momentum", "weight_decay", "bias_rules", "schedule", "warmup")
    assert {name: tuple(getattr(recipe, n) for n in names) for name, recipe in recipes.items()} == {
        "default": ("adam", 0.0005, None, 0, False, "cosine", 0.5),
        "paper": ("sgd", 0.01, 0.9, 0, False, "step", 0),
        "caffe": ("sgd", 0.01, 0.9, 0.0002, True, "poly", 0),
        "mnist": ("sgd", 0.001, 0.7, 0, False, "constant", 0),
        "modern": ("adamw", 0.001, None, 0.05, False, "cosine", 0.5),
    }
    names = ("label_smoothing", "average", "clip_norm", "batch_size", "epochs")
    assert {name: tuple(getattr(recipe, n) for n in names) for name, recipe in recipes.items()} == {
        "default": (0, "none", 0, None, None),
        "paper": (0, "polyak", 0, None, None),
        "caffe": (0, "none", 0, 32, None),
        "mnist": (0, "none", 0, 300, 50),
        "modern": (0.1, "ema", 1, None, None),
    }


def test_the_default_recipe_is_the_options_defaults():
    assert Options(**recipes["default"].options()) == Options()


@pytest.mark.parametrize("name", recipes)
def test_what_a_recipe_sets_are_options(name):
    options = recipes[name].options()
    assert set(options) <= {field.name for field in dataclasses.fields(Options)}
    assert None not in options.values() and "name" not in options
    assert all(getattr(Options(**options), key) == value for key, value in options.items())


@pytest.mark.parametrize("name", recipes)
def test_every_figure_that_is_a_part_of_a_recipe_has_a_reason_and_no_other(name):
    parts = [key for key, value in recipes[name].options().items() if value not in (0, "none")]  # 0 is False as well
    assert list(REASONS[name]) == parts
    assert ORIGINS[name]
    with pytest.raises(dataclasses.FrozenInstanceError):
        recipes[name].lr = 1.0


def test_side_by_side():
    lines = side_by_side().splitlines()
    assert max(map(len, lines)) <= 80
    table = {line.split()[0]: line.split()[1:] for line in lines[1 : len(dataclasses.fields(Recipe))]}
    assert table["--lr"] == ["0.0005", "0.01", "0.01", "0.001", "0.001"]
    assert table["--bias-rules"] == ["no", "no", "yes", "no", "no"]
    assert table["--batch-size"] == [".", ".", "32", "300", "."]
    assert table["--average"] == ["none", "polyak", "none", "none", "ema"]
    assert "paper: Szegedy et al., Going Deeper with Convolutions, 2014, section 6" in lines
    assert "  bias-rules      train_val: lr_mult 2 and decay_mult 0 of every bias" in lines


def test_for_a_program():
    found = {record["name"]: record for record in records()}
    assert list(found) == list(recipes)
    assert found["mnist"]["epochs"] == 50 and found["mnist"]["reasons"]["momentum"] == "momentum=0.7"
    assert all(record["origin"] for record in found.values())


def test_an_unknown_name_is_an_error_that_names_all():
    assert find_recipe("caffe") is recipes["caffe"]
    with pytest.raises(ValueError, match="--recipe: got 'tensorflow', expected one of default, paper, caffe, mnist, m"):
        find_recipe("tensorflow")
