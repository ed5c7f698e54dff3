"""The solutions of chapter 6 compute what the library computes."""

import numpy as np

import minicnn as mc
from exercises.catalog import find_exercise
from googlenet import Inception, NaiveInception

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
