"""Accuracy and loss on a set of images."""

import math

import numpy as np
import pytest

import minicnn as mc
import minicnn.functional as F
from googlenet import GoogLeNet, evaluation
from googlenet.data import DigitsDataset
from googlenet.evaluation import Evaluation, count_right, evaluate, evaluate_file
from googlenet.training.options import Options
from googlenet.weights import save_model
from minicnn import Tensor, nn
from minicnn.data import ArrayDataset, DataLoader


class Pretended(nn.Module):
    """Its logits are its inputs; it notes in which mode, and with which batch sizes, it was asked."""

    def __init__(self):
        self.asked = []

    def forward(self, x):
        self.asked.append((self.training, len(x)))
        assert not Tensor(np.ones(1), requires_grad=True).__mul__(2).requires_grad  # no graph is built
        return x


def logits_and_targets(n=10, classes=4):
    rng = np.random.default_rng(0)
    return rng.standard_normal((n, classes)).astype(np.float32), rng.integers(0, classes, n)


@pytest.mark.parametrize("batch_size", [1, 3, 4, 10, 100])
def test_every_image_counts_once_also_in_a_last_batch_that_is_not_full(batch_size):
    x, targets = logits_and_targets()
    model = Pretended()
    result = evaluate(model, DataLoader(ArrayDataset(x, targets), batch_size))
    assert result.images == 10
    assert sum(size for _, size in model.asked) == 10
    assert result.top1 == (x.argmax(axis=1) == targets).mean()
    assert result.loss == pytest.approx(float(F.cross_entropy(Tensor(x), targets)), rel=1e-6)


def test_known_logits():
    x = np.array([[9.0, 0.0], [0.0, 9.0], [9.0, 0.0], [9.0, 0.0]], np.float32)
    result = evaluate(Pretended(), DataLoader(ArrayDataset(x, np.array([0, 1, 0, 1])), 3))
    assert result.top1 == 0.75
    right, wrong = math.log(1 + math.exp(-9)), 9 + math.log(1 + math.exp(-9))
    assert result.loss == pytest.approx((3 * right + wrong) / 4, rel=1e-5)


@pytest.mark.parametrize("training", [True, False])
def test_it_runs_in_evaluation_mode_and_restores_the_mode(training):
    x, targets = logits_and_targets()
    model = Pretended().train(training)
    evaluate(model, DataLoader(ArrayDataset(x, targets), 5))
    assert [mode for mode, _ in model.asked] == [False, False]
    assert model.training == training


def test_the_mode_is_restored_after_an_error():
    model = Pretended()
    with pytest.raises(ValueError, match="targets"):
        evaluate(model, DataLoader(ArrayDataset(np.zeros((4, 3), np.float32), np.full(4, 7)), 2))
    assert model.training


def test_it_can_be_ended_before_each_batch():
    def before_batch():
        if len(model.asked) == 2:
            raise ZeroDivisionError

    x, targets = logits_and_targets()
    model = Pretended()
    with pytest.raises(ZeroDivisionError):
        evaluate(model, DataLoader(ArrayDataset(x, targets), 2), before_batch=before_batch)
    assert len(model.asked) == 2
    assert model.training


def test_shuffled_or_not_the_result_is_the_same_and_the_loader_s_epoch_stays():
    x, targets = logits_and_targets()
    plain = evaluate(Pretended(), DataLoader(ArrayDataset(x, targets), 3))
    loader = DataLoader(ArrayDataset(x, targets), 3, shuffle=True, num_workers=1)
    shuffled = evaluate(Pretended(), loader)
    assert (shuffled.top1, shuffled.images) == (plain.top1, plain.images)
    assert shuffled.loss == pytest.approx(plain.loss, rel=1e-6)
    assert loader.epoch == 0


def test_count_right():
    logits = Tensor([[1.0, 2.0], [3.0, 0.0], [0.0, 1.0]])
    assert count_right(logits, np.array([1, 0, 0])) == 2
    assert count_right(logits, np.array([0, 1, 0])) == 0
    assert count_right(logits, np.array([1, 1, 1])).shape == ()  # a number, but still on the device of the logits


def test_count_right_of_probabilities():
    """The likeliest class counts; as many rows as classes, so that rows and columns could be mistaken."""
    logits = Tensor([[1.0, 2.0, 0.0], [3.0, 0.0, 1.0], [0.0, 1.0, 2.0]])
    assert count_right(logits, np.array([[0.4, 0.6, 0.0], [0.5, 0.1, 0.4], [0.9, 0.0, 0.1]], np.float32)) == 2
    assert count_right(logits, np.eye(3)[[1, 0, 2]]) == 3


def test_the_first_of_two_equal_logits_is_the_answer():
    assert [count_right(Tensor([[1.0, 1.0]]), np.array([target])) for target in (0, 1)] == [1, 0]


def test_printed():
    text = str(Evaluation(0.98765, 0.04321, 1000))
    assert "98.7" in text
    assert "0.0432" in text
    assert "1,000" in text


def test_batch_norm_s_statistics_do_not_change():
    model = GoogLeNet(4, "batchnorm", in_channels=1)
    before = {name: tensor.data.copy() for name, tensor in model.state_dict().items()}
    x = np.random.default_rng(0).standard_normal((3, 1, 32, 32)).astype(np.float32)
    evaluate(model, DataLoader(ArrayDataset(x, np.array([0, 1, 3])), 2))
    for name, tensor in model.state_dict().items():
        np.testing.assert_array_equal(tensor.data, before[name], err_msg=name)


def test_a_file(tmp_path, monkeypatch):
    mc.manual_seed(0)
    model = GoogLeNet(10, "plain", in_channels=1)
    path = tmp_path / "best.safetensors"
    save_model(path, model, Options(preset="plain", image_size=33), {"epoch": 1, "test_accuracy": 0.1})
    result = evaluate_file(path, limit=20)
    assert result.images == 20
    assert 0 <= result.top1 <= 1
    assert result == evaluate_file(path, image_size=33, limit=20)
    test_digits = DigitsDataset(train=False, size=33)
    x, targets = zip(*(test_digits[i] for i in range(20)), strict=True)
    assert result == evaluate(model, DataLoader(ArrayDataset(np.stack(x), np.array(targets)), 32))
    assert result.loss != evaluate_file(path, image_size=40, limit=20).loss
    assert evaluate_file(path, limit=20, batch_size=7).loss == pytest.approx(result.loss, rel=1e-5)
    sizes = []
    monkeypatch.setattr(evaluation, "evaluate", lambda model, loader, device: sizes.append(loader.batch_size))
    evaluate_file(path, batch_size=7)
    evaluate_file(path)
    assert sizes == [7, 32]
    path.unlink()  # 40 MB


@pytest.mark.parametrize(("classes", "channels"), [(7, 1), (10, 3)])
def test_weights_for_other_images_are_refused(tmp_path, classes, channels):
    path = tmp_path / "best.safetensors"
    model = GoogLeNet(classes, "plain", in_channels=channels, aux_heads=False)
    save_model(path, model, Options(preset="plain", aux_heads=False), {"epoch": 1, "test_accuracy": 0.1})
    with pytest.raises(ValueError, match=rf"best\.safetensors: for {classes} classes and {channels} channels"):
        evaluate_file(path, limit=20)
    path.unlink()
