"""The solutions of chapter 6 compute what the library computes."""

import importlib
import re

import numpy as np
import pytest

import minicnn as mc
from exercises.catalog import find_exercise
from exercises.course.inception.weights import filled_deep, uninitialized
from exercises.stages import numbers
from googlenet import AuxiliaryHead, GoogLeNet, GoogLeNetOutput, Inception, NaiveInception, loss
from minicnn import nn

RNG = np.random.default_rng(0)


def same_outputs(ours, theirs, x):
    """With the same parameters, in the order in which they are made: the same outputs, and the same gradient of x."""
    for mine, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        mine.data[...] = other.data
    found = []
    for module in (ours, theirs):
        t = mc.Tensor(x, requires_grad=True)
        y = module(t)
        y.backward(np.cos(np.arange(y.data.size)).reshape(y.shape).astype(x.dtype))
        found.append((y.data, t.grad))
    np.testing.assert_allclose(found[0][0], found[1][0], rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(found[0][1], found[1][1], rtol=1e-5, atol=1e-5)


def test_naive_block():
    x = RNG.standard_normal((2, 3, 5, 6)).astype(np.float32)
    same_outputs(find_exercise("naive_block").solution(3, 4, 5, 6), NaiveInception(3, 4, 5, 6), x)


def test_inception_block():
    x = RNG.standard_normal((2, 3, 5, 6)).astype(np.float32)
    for batch_norm in (False, True):
        sizes = (3, 4, 5, 6, 2, 3, 4, batch_norm)
        ours, theirs = find_exercise("inception_block").solution(*sizes), Inception(*sizes)
        assert list(ours.state_dict()) == list(theirs.state_dict())
        same_outputs(ours, theirs, x)


def test_reduction_cost():
    cost = find_exercise("reduction_cost").solution
    assert cost(512, 64, 5, 14, 14)[0] == 819_200
    assert cost(512, 64, 5, 14, 14, 24)[0] == 50_688
    weights = [p.data.size for p in Inception(12, 1, 5, 6, 2, 3, 4).branch2.parameters() if p.ndim == 4]
    assert cost(12, 6, 3, 7, 8, 5) == (sum(weights), sum(weights) * 56)


@pytest.mark.parametrize("side", [2, 14, 16])
def test_auxiliary_head(side):
    x = RNG.standard_normal((2, 3, side, side)).astype(np.float32)
    with uninitialized():
        ours, theirs = find_exercise("auxiliary_head").solution(3, 4, 0.0), AuxiliaryHead(3, 4, 0.0)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    for parameter in theirs.parameters():
        parameter.data[...] = RNG.standard_normal(parameter.shape, np.float32) / 30
    same_outputs(ours, theirs, x)


def test_weighted_loss():
    logits = [mc.Tensor(RNG.standard_normal((4, 3)).astype(np.float32)) for _ in range(3)]
    targets, answer = np.array([0, 2, 1, 1]), find_exercise("weighted_loss").solution
    for output in (GoogLeNetOutput(*logits), GoogLeNetOutput(logits[0], None, logits[2]), logits[0]):
        for ours, theirs in zip(answer(output, targets, 0.4), loss(output, targets, 0.4), strict=True):
            assert (ours is None and theirs is None) or ours.item() == theirs.item()


IN_ALL = pytest.mark.everything("the course")


@pytest.mark.parametrize(
    ("preset", "options"),
    [("paper", {}), pytest.param("batchnorm", {"batch_norm": True, "pool4": 2}, marks=IN_ALL)],
)
def test_googlenet(preset, options):
    """With the same state dict the same logits of all three classifiers, without dropout, and the same gradients."""
    x = RNG.standard_normal((2, 1, 32, 64)).astype(np.float32)
    with uninitialized():
        ours, theirs = find_exercise("googlenet").solution(5, 1, **options), GoogLeNet(5, preset, in_channels=1)
    filled_deep(theirs)
    ours.load_state_dict(theirs.state_dict())
    assert list(ours.state_dict()) == list(theirs.state_dict())
    found = []
    for network in (ours, theirs):
        for module in network.modules():
            if isinstance(module, nn.Dropout):
                module.p = 0.0
        output = network(mc.Tensor(x))
        loss(output, np.array([1, 3])).total.backward()
        bias = network.inception3a.branch1.bn.bias if options else network.inception3a.branch1.conv.bias
        with mc.no_grad():
            evaluated = network.eval()(mc.Tensor(x))
        found.append([*(part.data for part in output), bias.grad, evaluated.data])
    for mine, other in zip(*found, strict=True):
        np.testing.assert_allclose(mine, other, rtol=0, atol=1e-4 * np.abs(other).max())


def test_the_clue_of_silent_branch_is_computed():
    exercise, x = find_exercise("silent_branch"), numbers(np.random.default_rng(0), 1, 2, 4, 4)
    rows = re.findall(r"branch (\d) +([\d.]+) +([\d.]+) +([\d.]+) +([\d.]+)", exercise.text)
    assert len(rows) == 4
    for branch, *printed in rows:
        found = []
        for file in ("stub", "solution"):
            gradients = exercise.module("checks").gradients(exercise.module(file).Inception, x, int(branch))
            at_x = np.linalg.norm(gradients.pop("grad_x"))
            found.append((np.linalg.norm(np.concatenate([g.ravel() for g in gradients.values()])), at_x))
        (file_weights, file_x), (weights, right_x) = found
        assert [f"{n:.2f}" for n in (file_weights, weights, file_x, right_x)] == printed


def test_the_run_says_when_something_else_is_computed(monkeypatch):
    run = importlib.import_module("exercises.course.inception.run")
    monkeypatch.setattr(run, "first_loss_of_the_library", lambda: 4.0)
    for replacement, said in ((lambda: 4.1, "something else"), (broken, "ZeroDivisionError: a wrong answer")):
        monkeypatch.setattr(run, "first_loss", replacement)
        lines = []
        assert run.run(lines.append) is False
        assert said in lines[-1] and max(map(len, lines)) <= 80


def broken():
    raise ZeroDivisionError("a wrong\nanswer" + "!" * 100)
