"""Model cards: what stands on them is so."""

import dataclasses

import pytest

import minicnn as mc
from googlenet import GoogLeNet
from googlenet.data.preprocessing import Preprocessing
from googlenet.presets import presets
from googlenet.training.options import Options
from googlenet.weights.card import from_the_paper, model_card, preprocessing_in_words


@pytest.fixture
def pets(small_blocks):
    """A network of two classes with batch norm and heads, and what is noted of it."""
    mc.manual_seed(1)
    options = Options(preset="batchnorm", image_size=48, channels=3, epochs=9, jitter=0.2, seed=5)
    info = {
        "image_size": 48, "classes": ("cats", "dogs"), "preprocessing": Preprocessing(48), "epoch": 7,
        "test_accuracy": 0.875, "weights": "averaged", "options": dataclasses.asdict(options),
        "data": {"name": "pets", "kind": "photos"},
    }  # fmt: skip
    return GoogLeNet(2, "batchnorm", 3), info


def section(card, heading):
    """The lines below a heading, as one text."""
    return " ".join(card.partition(f"## {heading}\n")[2].partition("\n## ")[0].split())


def test_every_section_says_what_is_known(pets):
    model, info = pets
    card = model_card(model, info)
    assert card.startswith("# GoogLeNet, preset batchnorm, 2 classes\n")
    assert [line[3:] for line in card.splitlines() if line.startswith("## ")] == [
        "Model", "Input and output", "Training", "Evaluation", "Use", "Limits", "License",
    ]  # fmt: skip
    everything = mc.summary(model, (3, 48, 48)).total_params
    heads = sum(mc.summary(head, (c, 3, 3)).total_params for head, c in ((model.aux1, 64), (model.aux2, 66)))
    assert f"Parameters: {everything - heads:,}, and {heads:,} in the auxiliary heads" in section(card, "Model")
    assert "arXiv 1409.4842" in section(card, "Model")
    put_in = section(card, "Input and output")
    assert "Images: (N, 3, 48, 48), float32; other sizes work from 32x32 on" in put_in
    assert "Logits: (N, 2)" in put_in and "Classes: cats, dogs" in put_in
    training = section(card, "Training")
    assert "Images: pets - Weights: averaged, after epoch 7 of 9 - Options" in training
    assert "optimizer adam, lr 0.0005" in training and "jitter 0.2, seed 5" in training
    assert "mixup" not in training and "clip_norm" not in training  # what was not used
    assert "87.50%, on the validation images of pets" in section(card, "Evaluation")
    assert "Not stated" in section(card, "License")


def test_it_fits_a_terminal_and_equal_networks_have_equal_cards(pets):
    model, info = pets
    long = {**info, "classes": tuple(f"class number {i}" for i in range(2000)), "imported": {"file": "x" * 99}}
    card = model_card(model, long)
    assert max(map(len, card.splitlines())) <= 80 and card.endswith(".\n")
    assert "class number 19 and 1,980 more" in section(card, "Input and output")
    assert "Origin: imported from xxxxx" in section(card, "Model")
    assert card == model_card(model, long)


@pytest.mark.parametrize(
    ("steps", "text"),
    [
        ((), "nothing was changed"),
        (3, "nothing was changed"),
        (["57 batch norms folded", "heads left out"], "57 batch norms folded; heads left out"),
    ],
)
def test_a_network_from_elsewhere_says_from_where(pets, steps, text):
    imported = {"file": "googlenet.pth", "kind": "torchvision", "mode": "exact", "steps": steps}
    card = model_card(pets[0], {**pets[1], "imported": imported})
    expected = f"- Origin: imported from googlenet.pth (torchvision), --mode exact; {text}"
    assert expected in section(card, "Model")


def test_what_is_not_known_is_said_to_be_so(small_blocks):
    card = model_card(GoogLeNet(1, "plain", 1, aux_heads=False), {"image_size": 40, "options": 3, "data": "odd"})
    assert card.startswith("# GoogLeNet, preset plain, 1 class\n")
    assert "in the auxiliary heads" not in card
    assert section(card, "Training") == "Not noted in this file."
    assert section(card, "Evaluation").startswith("Not measured: ")
    assert "Preprocessing: not noted" in card and "Classes: without names" in card
    assert "no dark on light" in section(card, "Limits")


@pytest.mark.parametrize("accuracy", [None, "good", float("nan"), -0.1, 10**400])
def test_an_accuracy_that_cannot_be_was_not_measured(pets, accuracy):
    card = model_card(pets[0], {**pets[1], "test_accuracy": accuracy})
    assert section(card, "Evaluation").startswith("Not measured: ")


def test_names_from_elsewhere_are_one_line_each(pets):
    model, info = pets
    card = model_card(
        model, {**info, "classes": ("a\n# b", "c\x1b[2J"), "data": {"name": "d\n## e"}, "imported": {"file": "f\ng"}}
    )
    assert "Classes: a\ufffd# b, c\ufffd[2J" in card and "\x1b" not in card
    assert "Images: d\ufffd## e" in card and "Origin: imported from f\ufffdg" in card


@pytest.mark.parametrize(
    ("preset", "sentence"),
    [
        ("paper", "the paper's network"),
        ("caffe", "the paper's network"),  # with other initial weights, of which nothing is left
        ("naive", "differs from the paper (in brackets) in reductions no (yes)"),
        ("plain", "differs from the paper (in brackets) in local_response_norm no (yes), pool4 2x2/2 (3x3/2)"),
    ],
)
def test_in_what_a_preset_differs_from_the_paper(preset, sentence):
    assert from_the_paper(presets[preset]) == sentence


@pytest.mark.parametrize(
    ("preprocessing", "words"),
    [
        (Preprocessing(64, 1, (0.1307,), (0.3081,), "L", "whole"),
         "the whole image resized to 64x64, gray; (pixel / 255 - mean) / std, mean 0.1307, std 0.3081"),
        (Preprocessing(224, 3, (0.4, 0.5, 0.6), (1 / 255,) * 3, "BGR"),
         "the middle, 7/8 of the shorter side, resized to 224x224, BGR, blue first; (pixel / 255 - mean) / std, "
         "mean 0.4, 0.5, 0.6, std 0.003922, 0.003922, 0.003922"),
    ],
)  # fmt: skip
def test_preprocessing_in_words(preprocessing, words):
    assert preprocessing_in_words(preprocessing) == words
