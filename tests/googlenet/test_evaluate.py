"""python -m googlenet evaluate: its lines, its JSON and its files."""

import inspect
import json
from pathlib import Path

import numpy as np
import pytest

from googlenet import evaluate as command
from googlenet.__main__ import main
from googlenet.evaluation import Predictions, WeightsEvaluation, evaluate_weights

LABELS = np.array([0, 0, 1, 1, 1, 5, 5])
TAKEN_FOR = np.array([0, 1, 1, 1, 1, 0, 5])


def evaluated(classes=6, notes=(), unreadable=None):
    """What `evaluate_weights` returns for these seven images."""
    probabilities = np.full((7, classes), 0.1, np.float32)
    probabilities[range(7), np.minimum(TAKEN_FOR, classes - 1)] = 0.5
    found = Predictions(np.minimum(LABELS, classes - 1), probabilities, np.full(7, 1.25, np.float32))
    names = tuple(f"kind {i}" for i in range(classes))
    words = "the images for validation of pets (/data/pets)"
    return WeightsEvaluation(found.evaluation(), found, names, words, notes, unreadable or {})


@pytest.fixture
def run(capsys, monkeypatch):
    """run(*arguments, **what): exit status, standard output, standard error; how it was asked is in run.asked."""

    def evaluate(*arguments, **what):
        def pretended(*given, **named):
            evaluate.asked = inspect.signature(evaluate_weights).bind(*given, **named).arguments
            return evaluated(**what)

        monkeypatch.setattr(command, "evaluate_weights", pretended)
        try:
            status = main(["evaluate", *map(str, arguments)])
        except SystemExit as stop:
            status = stop.code
        return status, *capsys.readouterr()

    return evaluate


def test_what_is_printed(run):
    status, out, err = run("w.safetensors", notes=("20% are for validation",))
    assert (status, err) == (0, "")
    assert out.splitlines() == [
        "w.safetensors: top-1 71.43%, loss 1.2500, 7 test images",
        "of the images for validation of pets (/data/pets)",
        "top-5 85.71%",
        "20% are for validation",
        "",
        "class                         images   right   recall  precision  taken for",
        "kind 0                             2       1    50.0%      50.0%  kind 1",
        "kind 1                             3       3   100.0%      75.0%",
        "kind 5                             2       1    50.0%     100.0%  kind 0",
    ]


def test_of_five_classes_there_is_no_top_5(run):
    status, out, _ = run("w", classes=5)
    assert status == 0 and "top-5" not in out


def test_crops_are_told(run):
    assert "of pets (/data/pets), 144 crops of each\n" in run("w", "--crops", 144)[1]


def test_what_cannot_be_read_is_a_warning(run):
    status, out, err = run("w", unreadable={"a\n.jpg": "it is empty"})
    assert status == 0
    assert err == "warning: a�.jpg is left out: it is empty\n"


def test_as_json(run):
    status, out, err = run("w", "--json", "--part", "all", unreadable={"a.jpg": "it is empty"})
    found = json.loads(out)
    assert (status, err) == (0, "")
    assert (found["top1"], found["loss"], found["images"], found["top5"]) == (
        pytest.approx(5 / 7),
        1.25,
        7,
        pytest.approx(6 / 7),
    )
    assert (found["file"], found["part"], found["crops"]) == ("w", "all", 1)
    assert found["data"] == "the images for validation of pets (/data/pets)"
    assert found["unreadable"] == {"a.jpg": "it is empty"}
    assert found["classes"][1] == {
        "name": "kind 1", "number": 1, "images": 3, "right": 3, "recall": 1.0, "precision": 0.75, "taken_for": None
    }  # fmt: skip
    assert len(found["classes"]) == len(found["confusion"]) == 6
    assert found["confusion"][0] == [1, 1, 0, 0, 0, 0]


def test_the_options_are_handed_on(run):
    run("w", "--data", "pets", "--data-root", "there", "--part", "train", "--crops", "10", "--batch-size", 5,
        "--limit-test", 7, "--device", "cuda:1")  # fmt: skip
    assert run.asked == {
        "path": Path("w"), "device": "cuda:1", "batch_size": 5, "limit": 7, "data": "pets", "root": Path("there"),
        "part": "train", "crops": 10,
    }  # fmt: skip
    run("w")
    assert run.asked == {
        "path": Path("w"), "device": "cpu", "batch_size": 32, "limit": 0, "data": None, "root": Path("data"),
        "part": "val", "crops": 1,
    }  # fmt: skip


@pytest.mark.parametrize("json", [False, True])
def test_saved(run, tmp_path, monkeypatch, json):
    drawn = []
    monkeypatch.setattr(command, "confusion_png", lambda *what: drawn.append(what) or b"picture")
    folder = tmp_path / "new" / "folder"
    _, out, _ = run("w", "--save", folder, *["--json"] * json)
    assert (folder / "confusion.png").read_bytes() == b"picture"
    ((confusion, names),) = drawn
    assert confusion[5].tolist() == [1, 0, 0, 0, 0, 1] and names[5] == "kind 5"
    assert len((folder / "classes.csv").read_text().splitlines()) == 7
    assert out.endswith(f"{folder}: confusion.png, classes.csv\n") != json


def test_a_missing_matplotlib_is_found_out_before_anything_is_computed(run, monkeypatch, tmp_path):
    def missing(*_):
        raise ImportError("cannot draw with matplotlib: No module named 'matplotlib'")

    monkeypatch.setattr(command, "new_figure", missing)
    status, out, err = run("w", "--save", tmp_path / "out")
    assert (status, out) == (2, "") and "No module named 'matplotlib'. Install what is needed" in err
    assert not hasattr(run, "asked")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "the following arguments are required: file"),
        (["w", "--crops", "2"], "--crops: invalid choice: 2"),
        (["w", "--part", "test"], "--part: invalid choice: 'test'"),
        (["w", "--data", ""], "--data: got nothing between the quotes"),
        (["w", "--save", ""], "--save: got nothing between the quotes"),
        (["w", "--batch-size", "0"], "--batch-size: got 0, expected at least 1"),
    ],
)
def test_wrong_arguments(run, arguments, message):
    status, out, err = run(*arguments)
    assert (status, out) == (2, "") and message in err and len(err.splitlines()) == 1


def test_help_has_examples(run):
    status, out, _ = run("--help")
    assert status == 0 and "examples:" in out and max(map(len, out.splitlines())) <= 80
