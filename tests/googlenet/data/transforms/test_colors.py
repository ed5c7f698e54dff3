"""Color jitter against torchvision's formulas written out, its factors against their distribution; the shift of
lighting against Krizhevsky's formula."""

import colorsys
import itertools
import math

import numpy as np
import pytest
from PIL import Image
from pixels import random_images
from support import raises

from googlenet.data.transforms import color_jitter, lighting
from googlenet.data.transforms.colors import EIGENVALUES, EIGENVECTORS

# --- color_jitter


class Dealt(np.random.Generator):
    """A generator that deals the order of the four steps, and where in its range each of their factors lies."""

    def __init__(self, order=(0, 1, 2, 3), places=(0.0, 0.0, 0.0, 0.0)):
        super().__init__(np.random.PCG64(0))
        self.order, self.places = order, places

    def random(self, size):
        assert size == 4
        return np.argsort(self.order) / 4

    def uniform(self, low, high, size):
        assert (low, high, size) == (-1, 1, 4)
        return np.array(self.places)


def whole(values):
    """Rounded towards 0 and kept in 0 to 255, as torchvision does with uint8."""
    return np.clip(values, 0, 255).astype(np.uint8).astype(float)


def gray(pixels):
    return np.round(pixels @ [0.299, 0.587, 0.114])[..., None]


# torchvision.transforms.functional: adjust_brightness, adjust_contrast and adjust_saturation, by their documentation.
ADJUST = {
    "brightness": lambda pixels, f: whole(f * pixels),
    "contrast": lambda pixels, f: whole(f * pixels + (1 - f) * int(gray(pixels).mean() + 0.5)),
    "saturation": lambda pixels, f: whole(f * pixels + (1 - f) * gray(pixels)),
}


@pytest.mark.parametrize("name", ADJUST)
@pytest.mark.parametrize("place", [-1.0, -0.5, 0.25, 1.0])
@pytest.mark.parametrize("strength", [0.4, 1.0])
def test_one_step_is_torchvisions_formula(name, place, strength):
    pixels = random_images(9, 11, 3)
    strengths = dict.fromkeys(ADJUST, 0.0) | {name: strength}
    found = color_jitter(Image.fromarray(pixels), Dealt(places=[place] * 4), **strengths)
    expected = ADJUST[name](pixels.astype(float), 1 + place * strength)
    assert np.abs(np.asarray(found) - expected).max() <= 1


@pytest.mark.parametrize("order", list(itertools.permutations(range(3)))[::2])
def test_steps_come_in_the_order_that_is_drawn(order):
    pixels = random_images(9, 11, 3)
    places = (0.9, -0.8, 0.7)
    expected = pixels.astype(float)
    for step in order:
        expected = list(ADJUST.values())[step](expected, 1 + 0.5 * places[step])
    found = color_jitter(Image.fromarray(pixels), Dealt((*order, 3), (*places, 0)), 0.5, 0.5, 0.5)
    assert np.abs(np.asarray(found) - expected).max() <= 3  # what is rounded is multiplied again


@pytest.mark.parametrize("share", [0.25, -0.25, 0.1])
def test_hue_turns_along_the_circle_of_colors(share):
    pixels = random_images(6, 7, 3)
    jittered = color_jitter(Image.fromarray(pixels), Dealt(places=(0, 0, 0, share / 0.5)), 0, 0, 0, hue=0.5)
    for before, after in zip(pixels.reshape(-1, 3) / 255, np.asarray(jittered).reshape(-1, 3), strict=True):
        hue, saturation, value = colorsys.rgb_to_hsv(*before)
        expected = 255 * np.array(colorsys.hsv_to_rgb((hue + share) % 1, saturation, value))
        assert np.abs(after - expected).max() <= 8  # of 256 hues, and as many saturations


def test_factors_are_spread_evenly():
    rng, image = np.random.default_rng(0), Image.fromarray(np.full((1, 1), 100, np.uint8))
    factors = np.array([np.asarray(color_jitter(image, rng, 0.4, 0, 0))[0, 0] for _ in range(2000)]) / 100
    assert factors.min() == pytest.approx(0.6, abs=0.02)
    assert factors.max() == pytest.approx(1.4, abs=0.02)
    assert factors.mean() == pytest.approx(1, abs=3 * 0.4 / math.sqrt(3 * 2000) + 0.005)  # it is rounded down
    assert factors.std() == pytest.approx(0.4 / math.sqrt(3), rel=0.05)


def test_without_strength_nothing_changes():
    pixels = random_images(5, 6, 3)
    np.testing.assert_array_equal(color_jitter(Image.fromarray(pixels), np.random.default_rng(0), 0, 0, 0, 0), pixels)


def test_gray_has_brightness_and_contrast_alone():
    pixels = random_images(9, 11)
    image = Image.fromarray(pixels)
    same = color_jitter(image, Dealt(places=(0, 0, 1, 1)), 0, 0, 1, 0.5)
    np.testing.assert_array_equal(same, pixels)
    found = color_jitter(image, Dealt(places=(0, 0.5, 0, 0)), 0, 1, 0)
    assert found.mode == "L"
    assert np.abs(np.asarray(found) - whole(1.5 * pixels - 0.5 * int(pixels.mean() + 0.5))).max() <= 1


@pytest.mark.parametrize("strengths", [(0, 0, 0, 0), (0.4, 0, 0.4, 0), (1, 1, 1, 0.5)])
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_jitter_always_draws_eight_numbers_and_changes_no_input(strengths, mode):
    image = Image.fromarray(random_images(5, 6, 3)).convert(mode)
    before = np.array(image)
    rng, others = np.random.default_rng(1), np.random.default_rng(1)
    color_jitter(image, rng, *strengths)
    others.random(8)
    assert rng.bit_generator.state == others.bit_generator.state
    np.testing.assert_array_equal(image, before)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"image": random_images(2, 2, 3)}, TypeError, "image is a ndarray, expected a PIL.Image.Image"),
        ({"image": Image.new("CMYK", (2, 2))}, ValueError, "image has mode CMYK, expected RGB or L: write image.conv"),
        ({"rng": 0}, TypeError, "rng is a int"),
        ({"brightness": -0.1}, ValueError, "brightness is -0.1"),
        ({"contrast": 1.5}, ValueError, "contrast is 1.5, expected a number from 0 to 1"),
        ({"saturation": "1"}, TypeError, "saturation is '1', expected a number"),
        ({"hue": 0.6}, ValueError, "hue is 0.6, expected a number from 0 to 0.5"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_jitter_refuses(change, error, message):
    with raises(error, f"color_jitter: {message}"):
        color_jitter(**{"image": Image.new("RGB", (2, 2)), "rng": np.random.default_rng(0), **change})


# --- lighting


def test_the_components_are_orthonormal_and_the_longest_is_nearly_gray():
    np.testing.assert_allclose(EIGENVECTORS.T @ EIGENVECTORS, np.eye(3), atol=1e-3)
    assert (np.diff(EIGENVALUES) < 0).all()
    np.testing.assert_allclose(EIGENVECTORS[:, 0], -1 / math.sqrt(3), atol=0.02)


@pytest.mark.parametrize("seed", range(3))
def test_lighting_adds_the_same_to_every_pixel(seed):
    pixels = random_images(5, 7, 3)
    a_1, a_2, a_3 = np.random.default_rng(seed).normal(0, 2, 3)  # far more than in training, so that it shows
    expected = pixels.astype(float)
    for color in range(3):
        p_1, p_2, p_3 = EIGENVECTORS[color]
        expected[..., color] += 255 * (p_1 * a_1 * 0.2175 + p_2 * a_2 * 0.0188 + p_3 * a_3 * 0.0045)
    found = lighting(pixels, np.random.default_rng(seed), 2)
    assert found.dtype == np.uint8
    assert np.abs(found - np.clip(expected, 0, 255)).max() <= 0.5
    assert (found != pixels).any()


def test_lighting_changes_gray_by_what_the_colors_give_in_gray():
    color = np.full((4, 4, 3), 128, np.uint8)
    for seed in range(5):
        lit = lighting(color, np.random.default_rng(seed), 1)
        found = lighting(color[..., 0], np.random.default_rng(seed), 1)
        assert found.shape == (4, 4)
        assert np.abs(found.astype(int) - np.asarray(Image.fromarray(lit).convert("L"))).max() <= 1


def test_lighting_is_kept_in_range_draws_three_numbers_and_changes_no_input():
    pixels = random_images(5, 7, 3)
    before = pixels.copy()
    rng, others = np.random.default_rng(1), np.random.default_rng(1)
    for _ in range(20):
        lit = lighting(pixels, rng, 3)
        change = lit.astype(int) - pixels
        assert all(np.unique(np.sign(change[..., color])).tolist() != [-1, 0, 1] for color in range(3))
    others.normal(size=60)
    assert rng.bit_generator.state == others.bit_generator.state
    np.testing.assert_array_equal(pixels, before)
    np.testing.assert_array_equal(lighting(pixels, rng, 0), pixels)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"image": np.zeros((2, 2, 3))}, TypeError, "image is a float64 array"),
        ({"image": np.zeros((2, 2, 4), np.uint8)}, ValueError, "image has shape (2, 2, 4), expected (H, W)"),
        ({"rng": None}, TypeError, "rng is a NoneType"),
        ({"std": -1}, ValueError, "std is -1"),
    ],
    ids=str,
)
def test_lighting_refuses(change, error, message):
    with raises(error, f"lighting: {message}"):
        lighting(**{"image": np.zeros((2, 2, 3), np.uint8), "rng": np.random.default_rng(0), **change})
