"""Resize against the textbook's bilinear filter, the random affine against geometry."""

import math

import numpy as np
import pytest
from pixels import bilinear_weights, random_images

from googlenet.data.digits import load_digits
from googlenet.data.transforms import random_affine, resize

# --- resize


@pytest.mark.parametrize("shape", [(28, 28), (9, 5), (1, 1)])
@pytest.mark.parametrize("size", [64, 32, 14, 5, 1])
def test_resize_is_the_textbooks_bilinear_filter(shape, size):
    images = random_images(3, *shape)
    expected = bilinear_weights(size, shape[0]) @ images.astype(float) @ bilinear_weights(size, shape[1]).T
    resized = resize(images, size)
    assert resized.shape == (3, size, size)
    assert resized.dtype == np.uint8
    assert np.abs(resized - expected).max() <= 1.01  # Pillow rounds to whole numbers after rows and after columns


def test_resize_to_the_same_size_changes_nothing():
    images = random_images(4, 28, 28)
    resized = resize(images, 28)
    np.testing.assert_array_equal(resized, images)
    assert not np.shares_memory(resized, images)


def test_resize_keeps_constant_images_and_the_mean_of_digits():
    for value in (0, 1, 127, 255):
        assert (resize(np.full((2, 28, 28), value, np.uint8), 64) == value).all()
    digits = load_digits().test_images[:100]
    for size in (14, 56, 64, 224):
        assert abs(resize(digits, size).mean() - digits.mean()) < 0.6  # of 255


def test_resize_takes_views_no_images_and_leaves_its_input_alone():
    images = random_images(6, 30, 28)
    before = images.copy()
    view = images[::2, ::-1, 3:]
    np.testing.assert_array_equal(resize(view, 40), resize(np.ascontiguousarray(view), 40))
    np.testing.assert_array_equal(images, before)
    assert resize(images[:0], 40).shape == (0, 40, 40)
    assert resize(images, np.int64(7)).shape == (6, 7, 7)


@pytest.mark.parametrize(
    ("images", "size", "error", "message"),
    [
        (np.zeros((2, 28, 28), np.float32), 64, TypeError, "resize: images is a float32 array, expected .* uint8"),
        (np.zeros((2, 28, 28), np.int64), 64, TypeError, "resize: images is a int64 array"),
        ([[[0]]], 64, TypeError, "resize: images is a list"),
        (np.zeros((28, 28), np.uint8), 64, ValueError, r"resize: images has shape \(28, 28\), expected \(N, H, W\)"),
        (np.zeros((2, 1, 28, 28), np.uint8), 64, ValueError, r"expected \(N, H, W\)"),
        (np.zeros((2, 0, 28), np.uint8), 64, ValueError, r"resize: images has shape \(2, 0, 28\)"),
        (np.zeros((2, 28, 28), np.uint8), 0, ValueError, "resize: size is 0, expected at least 1"),
        (np.zeros((2, 28, 28), np.uint8), -3, ValueError, "resize: size is -3"),
        (np.zeros((2, 28, 28), np.uint8), 64.0, TypeError, r"resize: size is 64\.0, expected an int"),
        (np.zeros((2, 28, 28), np.uint8), (64, 64), TypeError, r"resize: size is \(64, 64\), expected an int"),
        (np.zeros((2, 28, 28), np.uint8), True, TypeError, "resize: size is True"),
    ],
)
def test_resize_refuses(images, size, error, message):
    with pytest.raises(error, match=message):
        resize(images, size)


# --- random_affine


class Dealt(np.random.Generator):
    """A generator that deals the numbers given: angle in degrees, scale, shift in x, shift in y."""

    def __init__(self, angle=0.0, scale=1.0, shift_x=0.0, shift_y=0.0):
        super().__init__(np.random.PCG64(0))
        self.numbers = [angle, scale, shift_x, shift_y]

    def uniform(self, low, high):
        number = self.numbers.pop(0)
        assert low <= number <= high, f"{number} is outside {low} to {high}"
        return number


def test_affine_by_nothing_changes_nothing():
    image = random_images(28, 28)
    np.testing.assert_array_equal(random_affine(image, np.random.default_rng(0), 0, 0, 0), image)
    np.testing.assert_array_equal(random_affine(image, Dealt()), image)


def test_affine_shifts_whole_pixels_and_fills_with_black():
    image = random_images(20, 30)  # 20 high, 30 wide
    moved = random_affine(image, Dealt(shift_x=0.1, shift_y=-0.1))  # 3 to the right, 2 up
    np.testing.assert_array_equal(moved[:-2, 3:], image[2:, :-3])
    assert not moved[-2:].any()
    assert not moved[:, :3].any()


def test_affine_turns_by_90_degrees():
    image = random_images(21, 21)
    turned = random_affine(image, Dealt(angle=90), degrees=90)
    clockwise = np.rot90(image, -1).astype(int)
    np.testing.assert_allclose(turned, clockwise, rtol=0, atol=1)  # in floating point cos(90 degrees) is not quite 0


def moments(image):
    """The sum of an image, and its center of mass (x, y) in pixels from its center."""
    total = image.sum(dtype=float)
    rows, columns = np.indices(image.shape) + 0.5
    return total, np.array([(image * columns).sum(), (image * rows).sum()]) / total - np.array(image.shape[::-1]) / 2


@pytest.mark.parametrize(
    ("angle", "scale", "shift_x", "shift_y"), [(10, 1.1, 0.1, 0.05), (-7, 0.9, -0.1, 0.1), (5, 1.0, 0, -0.1)]
)
def test_affine_moves_the_center_of_mass_as_documented(angle, scale, shift_x, shift_y):
    rows, columns = np.indices((60, 80)) + 0.5
    blob = (255 * np.exp(-((rows - 23) ** 2 + (columns - 49) ** 2) / 30)).astype(np.uint8)
    total, center = moments(blob)
    moved_total, moved_center = moments(random_affine(blob, Dealt(angle, scale, shift_x, shift_y)))
    cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    turned = np.array([[cos, -sin], [sin, cos]]) @ center
    np.testing.assert_allclose(moved_center, np.array([80 * shift_x, 60 * shift_y]) + scale * turned, atol=0.05)
    assert moved_total == pytest.approx(total * scale**2, rel=0.02)


def test_affine_depends_on_the_generator_alone():
    image = load_digits().train_images[0]
    once, again, other = (random_affine(image, np.random.default_rng(seed)) for seed in (5, 5, 6))
    np.testing.assert_array_equal(once, again)
    assert (once != other).any()
    assert (once != image).any()
    rng = np.random.default_rng(5)
    random_affine(image, rng)
    assert (random_affine(image, rng) != once).any()  # the generator has moved on


@pytest.mark.parametrize(("degrees", "shift", "zoom"), [(10, 0.1, 0.1), (0, 0, 0), (0, 0.2, 0)])
def test_affine_always_draws_four_numbers(degrees, shift, zoom):
    rng, four = np.random.default_rng(1), np.random.default_rng(1)
    random_affine(random_images(28, 28), rng, degrees, shift, zoom)
    four.uniform(size=4)
    assert rng.bit_generator.state == four.bit_generator.state


def test_affine_keeps_digits_whole():
    # At most 10 degrees, 10 % larger and 2.8 pixels away, a digit stays inside its image: no ink is cut off.
    rng = np.random.default_rng(0)
    for image in load_digits().train_images[:500]:
        moved = random_affine(image, rng)
        assert moved.shape == image.shape
        assert moved.dtype == np.uint8
        assert moved.flags.writeable
        assert 0.75 < moved.sum(dtype=float) / image.sum(dtype=float) < 1.25  # 0.9 ** 2 = 0.81 to 1.1 ** 2 = 1.21


def test_affine_takes_views_and_leaves_its_input_alone():
    images = random_images(2, 28, 28)
    before = images.copy()
    view = images[0, ::-1, ::2]
    moved, expected = (random_affine(i, np.random.default_rng(3)) for i in (view, np.ascontiguousarray(view)))
    np.testing.assert_array_equal(moved, expected)
    np.testing.assert_array_equal(images, before)


def test_affine_moves_each_color_alike():
    image = random_images(20, 30, 3)
    moved = random_affine(image, np.random.default_rng(2))
    for color in range(3):
        np.testing.assert_array_equal(moved[..., color], random_affine(image[..., color], np.random.default_rng(2)))


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"image": np.zeros((28, 28), np.float32)}, TypeError, "random_affine: image is a float32 array"),
        ({"image": np.zeros((1, 28, 28), np.uint8)}, ValueError, r"random_affine: image has shape \(1, 28, 28\)"),
        ({"image": np.zeros((0, 28), np.uint8)}, ValueError, r"random_affine: image has shape \(0, 28\)"),
        ({"rng": 0}, TypeError, "random_affine: rng is a int, expected a numpy.random.Generator"),
        ({"rng": np.random.RandomState(0)}, TypeError, "random_affine: rng is a RandomState"),
        ({"degrees": -1}, ValueError, "random_affine: degrees is -1"),
        ({"degrees": 360}, ValueError, "random_affine: degrees is 360"),
        ({"degrees": math.nan}, ValueError, "random_affine: degrees is nan"),
        ({"shift": -0.1}, ValueError, "random_affine: shift is -0.1"),
        ({"shift": 3}, ValueError, "random_affine: shift is 3, expected .* from 0 to below 1"),
        ({"shift": "10 %"}, TypeError, "random_affine: shift is '10 %', expected a number"),
        ({"zoom": -0.1}, ValueError, "random_affine: zoom is -0.1"),
        ({"zoom": 1}, ValueError, "random_affine: zoom is 1, expected .* from 0 to below 1"),
    ],
)
def test_affine_refuses(change, error, message):
    with pytest.raises(error, match=message):
        random_affine(**{"image": np.zeros((28, 28), np.uint8), "rng": np.random.default_rng(0), **change})
