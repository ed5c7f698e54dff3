"""best.safetensors when a run goes on: there, gone, damaged, another run's; or written again."""

import json
import shutil
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from rows import row

import minicnn as mc
from googlenet import GoogLeNet
from googlenet.training.best import mend_best
from googlenet.training.options import Options
from googlenet.training.state import BEST, CHECKPOINT, PREVIOUS, save_state
from googlenet.training.trainer import Progress
from googlenet.weights import save_model
from minicnn import optim
from minicnn.optim import WeightAverage

OPTIONS = Options(preset="plain", aux_heads=False)
ANOTHER = replace(OPTIONS, seed=1)


@pytest.fixture(scope="module")
def model():
    return GoogLeNet(10, "plain", in_channels=1, aux_heads=False)


@pytest.fixture
def tmp_path(tmp_path):
    yield tmp_path
    shutil.rmtree(tmp_path, ignore_errors=True)


def run(folder, model, accuracies, step=0):
    """A run with these test accuracies; the weights of epoch n are all n (the checkpoints, with a step, n + 0.5)."""
    set_weights(model, len(accuracies) + (0.5 if step else 0))
    rows = [row(number, test_accuracy=accuracy) for number, accuracy in enumerate(accuracies, 1)]
    progress = Progress(len(rows), step, rows=rows, best=max(accuracies, default=-1.0))
    return SimpleNamespace(
        folder=folder, model=model, options=OPTIONS, progress=progress, average=None,
        save_best=lambda row: save_model(folder / BEST, model, OPTIONS, row),
    )  # fmt: skip


def set_weights(model, value):
    for parameter in model.parameters():
        parameter.data[...] = value


def save_previous(folder, model, epoch):
    set_weights(model, epoch)
    save_state(folder, model, optim.SGD(model.parameters(), 0.1), {"epoch": epoch, "step": 0})
    (folder / CHECKPOINT).rename(folder / PREVIOUS)


def weights_in(path):
    return {float(tensor.data.flat[0]) for tensor in mc.load(path).values()}


def test_one_that_belongs_there_is_left_alone(tmp_path, model):
    trainer = run(tmp_path, model, [0.3, 0.5, 0.4])
    save_model(tmp_path / BEST, model, OPTIONS, trainer.progress.rows[1])
    before = (tmp_path / BEST).read_bytes()
    assert mend_best(trainer) == ""
    assert (tmp_path / BEST).read_bytes() == before
    assert trainer.progress.best == 0.5


def test_one_that_a_killed_run_has_written_before_its_checkpoint_is_not_there_yet(tmp_path, model):
    """Its epoch is trained again: with more epochs in all it may become worse, and the best is the one before."""
    trainer = run(tmp_path, model, [0.3])
    save_model(tmp_path / BEST, model, OPTIONS, row(2, test_accuracy=0.6))
    assert mend_best(trainer) == f"{BEST} is of epoch 2, which is trained again: written again"
    assert weights_in(tmp_path / BEST) == {1}


@pytest.mark.parametrize("changed", [{"epochs": 9}, {"threads": 3}, {"device": "cuda"}])
def test_what_may_change_on_the_way_makes_it_no_other_run_s(tmp_path, model, changed):
    trainer = run(tmp_path, model, [0.5])
    save_model(tmp_path / BEST, model, replace(OPTIONS, **changed), trainer.progress.rows[0])
    assert mend_best(trainer) == ""


def test_after_a_loss_the_best_of_the_epochs_since_is_kept(tmp_path, model):
    trainer = run(tmp_path, model, [0.5, 0.4])
    trainer.progress.best = 0.4
    save_model(tmp_path / BEST, model, OPTIONS, trainer.progress.rows[1])
    assert mend_best(trainer) == ""


def test_before_the_first_epoch_there_need_be_none(tmp_path, model):
    assert mend_best(run(tmp_path, model, [])) == ""
    assert not (tmp_path / BEST).exists()


@pytest.mark.parametrize("accuracies", [[0.5], [0.3, 0.5]])
def test_the_best_of_the_last_epoch_is_in_the_checkpoint_itself(tmp_path, model, accuracies):
    trainer = run(tmp_path, model, accuracies)
    assert mend_best(trainer) == f"{BEST} is gone: written again"
    assert weights_in(tmp_path / BEST) == {len(accuracies)}
    info = json.loads(mc.load(tmp_path / BEST).metadata["googlenet"])
    assert (info["epoch"], info["test_accuracy"]) == (len(accuracies), 0.5)
    assert trainer.progress.best == 0.5


def test_the_best_of_the_epoch_before_is_in_the_checkpoint_before(tmp_path, model):
    save_previous(tmp_path, model, 1)
    trainer = run(tmp_path, model, [0.5, 0.5])  # the first of equals is the best
    assert mend_best(trainer) == f"{BEST} is gone: written again"
    assert weights_in(tmp_path / BEST) == {1}
    assert {float(parameter.data.flat[0]) for parameter in model.parameters()} == {2}  # which go on


@pytest.mark.parametrize("where", ["the checkpoint", "the one before"])
def test_an_average_that_was_the_best_is_written_again(tmp_path, model, where):
    """Its weights are n + 0.25 after epoch n; those that the run goes on with are left alone."""
    rows = [row(1, test_accuracy=0.1, average_accuracy=0.5)]
    if where == "the one before":
        rows.append(row(2, test_accuracy=0.3, average_accuracy=0.5))  # the first of equals is the best
    average = WeightAverage(model.parameters())
    trainer = run(tmp_path, model, [0.5] * len(rows))
    trainer.progress.rows, trainer.average = rows, average
    trainer.save_best = lambda row: with_averages(average, lambda: save_model(tmp_path / BEST, model, OPTIONS, row))
    optimizer = optim.SGD(model.parameters(), 0.1)
    for epoch in range(1, len(rows) + 1):
        set_weights(model, epoch + 0.25)
        average.n_averaged = 0
        average.update()
        set_weights(model, epoch)
        save_state(tmp_path, model, optimizer, {"epoch": epoch, "step": 0}, average)
    assert mend_best(trainer) == f"{BEST} is gone: written again"
    assert weights_in(tmp_path / BEST) == {1.25}
    info = json.loads(mc.load(tmp_path / BEST).metadata["googlenet"])
    assert (info["epoch"], info["test_accuracy"], info["weights"]) == (1, 0.5, "averaged")
    assert {float(parameter.data.flat[0]) for parameter in model.parameters()} == {len(rows)}
    assert {float(mean.flat[0]) for mean in average.averages} == {len(rows) + 0.25}
    assert mend_best(trainer) == ""


def with_averages(average, action):
    with average.applied():
        action()


def test_in_the_middle_of_an_epoch_the_checkpoint_does_not_hold_the_best(tmp_path, model):
    save_previous(tmp_path, model, 1)
    assert mend_best(run(tmp_path, model, [0.5], step=3)) == f"{BEST} is gone: written again"
    assert weights_in(tmp_path / BEST) == {1}


@pytest.mark.parametrize("previous", [None, 2, "damaged"])
def test_weights_that_are_lost_are_said_to_be_lost(tmp_path, model, previous):
    if previous == "damaged":
        (tmp_path / PREVIOUS).write_bytes(b"x")
    elif previous:
        save_previous(tmp_path, model, previous)
    trainer = run(tmp_path, model, [0.5, 0.4, 0.3])
    assert mend_best(trainer) == (
        f"{BEST} is gone: the weights of epoch 1 (50.00%) are lost, the best of the epochs to come will be kept"
    )
    assert trainer.progress.best == -1.0  # so the next epoch's are kept, whatever they are worth
    assert not (tmp_path / BEST).exists()


def damaged(path, model):
    save_model(path, model, OPTIONS, row(1, test_accuracy=0.5))
    path.write_bytes(path.read_bytes()[:-1])


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (damaged, "is damaged"),
        (lambda path, model: path.write_bytes(b""), "is damaged"),
        (lambda path, model: mc.save({"x": np.ones(1)}, path), "is damaged"),
        (lambda path, model: mc.save({"x": np.ones(1)}, path, {"googlenet": "[]"}), "is damaged"),
        (lambda path, model: save_model(path, model, OPTIONS, row(1, test_accuracy=0.51)), "is another run's"),
        (lambda path, model: save_model(path, model, OPTIONS, row(3, test_accuracy=0.5)), "is another run's"),
        (lambda path, model: save_model(path, model, OPTIONS, row(0, test_accuracy=0.5)), "is another run's"),
        (lambda path, model: save_model(path, model, ANOTHER, row(1, test_accuracy=0.5)), "is another run's"),
        (lambda path, model: save_model(path, model, ANOTHER, row(2, test_accuracy=0.6)), "is another run's"),
    ],
)
def test_one_that_is_no_good(tmp_path, model, make, problem):
    trainer = run(tmp_path, model, [0.5])
    make(tmp_path / BEST, model)
    assert mend_best(trainer) == f"{BEST} {problem}: written again"
    assert weights_in(tmp_path / BEST) == {1}
