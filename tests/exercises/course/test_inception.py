"""The solutions of chapter 6 compute what the library computes."""

import numpy as np
import pytest

import minicnn as mc
from exercises.catalog import find_exercise
from exercises.course.inception.weights import uninitialized
from googlenet import AuxiliaryHead, GoogLeNetOutput, Inception, NaiveInception, loss

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
