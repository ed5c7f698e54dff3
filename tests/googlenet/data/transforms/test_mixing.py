"""Cutout against where its square may lie, mixup against its formula and the distribution of its shares."""

import numpy as np
import pytest
from pixels import random_images
from support import raises

from googlenet.data.transforms import cutout, mixup, one_hot

# --- cutout


class Dealt(np.random.Generator):
    """A generator that deals the place of the center, y and x, as shares of the sides."""

    def __init__(self, y, x):
        super().__init__(np.random.PCG64(0))
        self.place = y, x

    def random(self, size):
        assert size == 2
        return np.array(self.place)


@pytest.mark.parametrize(
    ("place", "rows", "columns"),
    [
        ((0.5, 0.5), slice(3, 7), slice(8, 12)),  # all of it inside: 4 of 10 rows
        ((0.0, 0.0), slice(0, 2), slice(0, 2)),  # a quarter, in the corner
        ((0.99, 0.5), slice(7, 10), slice(8, 12)),
        ((0.5, 0.999), slice(3, 7), slice(17, 20)),
    ],
)
@pytest.mark.parametrize("shape", [(10, 20), (10, 20, 3)])
def test_one_square_is_hidden(place, rows, columns, shape):
    image = random_images(*shape)
    expected = image.copy()
    expected[rows, columns] = 7
    found = cutout(image, Dealt(*place), 0.4, 7)
    np.testing.assert_array_equal(found, expected)
    assert not np.shares_memory(found, image)


def test_cutout_fills_with_a_color():
    image = np.zeros((6, 6, 3), np.uint8)
    found = cutout(image, Dealt(0.5, 0.5), 0.5, (1, 2, 3))
    assert sorted(map(tuple, np.unique(found.reshape(-1, 3), axis=0).tolist())) == [(0, 0, 0), (1, 2, 3)]
    assert (found[..., 0] == 1).sum() == 9


def test_every_pixel_is_the_center_equally_often():
    rng, others = np.random.default_rng(0), np.random.default_rng(0)
    found = sum((cutout(np.zeros((4, 5), np.uint8), rng, 0.25, 1).astype(int) for _ in range(4000)), np.zeros((4, 5)))
    others.random(8000)
    assert np.abs(found - 200).max() < 4 * np.sqrt(200)
    assert rng.bit_generator.state == others.bit_generator.state  # two numbers each


@pytest.mark.parametrize(("share", "hidden"), [(0, 0), (0.04, 0), (1, 1)])
def test_cutout_of_nothing_and_of_as_much_as_can_be(share, hidden):
    image = random_images(10, 10)
    found = cutout(image, Dealt(0.5, 0.5), share, 0)
    np.testing.assert_array_equal(found, image * (1 - hidden))


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"image": np.zeros((2, 2))}, TypeError, "image is a float64 array"),
        ({"image": np.zeros(4, np.uint8)}, ValueError, "image has shape (4,), expected (H, W) or (H, W, 3)"),
        ({"rng": 1}, TypeError, "rng is a int"),
        ({"share": 1.1}, ValueError, "share is 1.1, expected a number from 0 to 1"),
        ({"share": -0.5}, ValueError, "share is -0.5"),
    ],
    ids=str,
)
def test_cutout_refuses(change, error, message):
    with raises(error, f"cutout: {message}"):
        cutout(**{"image": np.zeros((2, 2), np.uint8), "rng": np.random.default_rng(0), **change})


# --- mixup


def samples(shape=(3, 4, 4), classes=3, labels=(0, 2)):
    rng = np.random.default_rng(5)
    return [(rng.standard_normal(shape).astype(np.float32), one_hot(label, classes)) for label in labels]


def test_mixup_is_its_formula():
    one, other = samples()
    for seed in range(5):
        share = np.random.default_rng(seed).beta(0.3, 0.3)
        x, y = mixup(one, other, np.random.default_rng(seed), 0.3)
        np.testing.assert_allclose(x, share * one[0] + (1 - share) * other[0], rtol=0, atol=1e-6)
        np.testing.assert_allclose(y, [share, 0, 1 - share], rtol=0, atol=1e-6)
        assert x.dtype == y.dtype == np.float32


@pytest.mark.parametrize(("alpha", "near_an_end"), [(0.5, 0.41), (1.0, 0.2), (20.0, 0.0)])
def test_shares_are_beta_distributed(alpha, near_an_end):
    """How many lie within 0.1 of 0 or 1: with alpha 1/2, the arcsine distribution, 4 / pi * arcsin(sqrt(0.1))."""
    one, other = samples((1,))
    rng = np.random.default_rng(0)
    shares = np.array([mixup(one, other, rng, alpha)[1][0] for _ in range(2000)])
    assert np.mean((shares < 0.1) | (shares > 0.9)) == pytest.approx(near_an_end, abs=0.04)
    assert shares.mean() == pytest.approx(0.5, abs=0.03)


def test_a_sample_mixed_with_its_own_class_is_certain():
    one, other = samples(labels=(1, 1))
    _, y = mixup(one, other, np.random.default_rng(0), 1)
    np.testing.assert_allclose(y, [0, 1, 0], atol=1e-7)


def test_mixup_leaves_the_channels_last_in_memory_and_its_inputs_alone():
    one, other = samples()
    one = np.ascontiguousarray(one[0].transpose(1, 2, 0)).transpose(2, 0, 1), one[1]
    other = np.ascontiguousarray(other[0].transpose(1, 2, 0)).transpose(2, 0, 1), other[1]
    before = one[0].copy()
    x, _ = mixup(one, other, np.random.default_rng(0), 1)
    assert x.transpose(1, 2, 0).flags.c_contiguous
    np.testing.assert_array_equal(one[0], before)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"rng": 1}, TypeError, "rng is a int"),
        ({"alpha": 0}, ValueError, "alpha is 0"),
        ({"alpha": None}, TypeError, "alpha is None"),
        ({"other": samples((3, 5, 4))[0]}, ValueError, "x has shape (3, 4, 4) in the one sample, (3, 5, 4)"),
        ({"other": samples(classes=4)[0]}, ValueError, "y has shape (3,) in the one sample, (4,) in the other"),
    ],
    ids=str,
)
def test_mixup_refuses(change, error, message):
    one, other = samples()
    with raises(error, f"mixup: {message}"):
        mixup(**{"sample": one, "other": other, "rng": np.random.default_rng(0), "alpha": 0.2, **change})


def test_one_hot():
    row = one_hot(np.int64(2), 4)
    assert row.dtype == np.float32
    np.testing.assert_array_equal(row, [0, 0, 1, 0])
