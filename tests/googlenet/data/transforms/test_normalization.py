"""Both kinds of normalizing against their formula."""

import math

import numpy as np
import pytest
from pixels import random_images

from googlenet.data.digits import load_digits
from googlenet.data.transforms import MNIST_MEAN, MNIST_STD, normalize, normalize_rgb

# --- normalize


def test_normalize_is_its_formula():
    images = random_images(2, 3, 4)
    normalized = normalize(images, 0.25, 0.5)
    assert normalized.dtype == np.float32
    assert normalized.shape == (2, 3, 4)
    np.testing.assert_allclose(normalized, (images.astype(np.float64) / 255 - 0.25) / 0.5, rtol=0, atol=1e-6)
    np.testing.assert_allclose(normalize(np.array([0, 255], np.uint8), 0.5, 0.5), [-1, 1])


def test_normalize_gives_digits_mean_0_and_variance_1():
    normalized = normalize(load_digits().train_images)
    assert abs(normalized.mean(dtype=float)) < 0.01
    assert abs(normalized.std(dtype=float) - 1) < 0.01
    assert normalized.min() == pytest.approx(-MNIST_MEAN / MNIST_STD)
    assert normalized.max() == pytest.approx((1 - MNIST_MEAN) / MNIST_STD)


@pytest.mark.parametrize(
    ("images", "mean", "std", "error", "message"),
    [
        (np.zeros(3, np.float32), 0.1, 0.3, TypeError, "normalize: images is a float32 array"),
        ([0, 255], 0.1, 0.3, TypeError, "normalize: images is a list"),
        (np.zeros(3, np.uint8), math.inf, 0.3, ValueError, "normalize: mean is inf"),
        (np.zeros(3, np.uint8), -0.1, 0.3, ValueError, "normalize: mean is -0.1"),
        (np.zeros(3, np.uint8), (0.5, 0.5), 0.3, TypeError, r"normalize: mean is \(0.5, 0.5\), expected a number"),
        (np.zeros(3, np.uint8), 0.1, 0, ValueError, "normalize: std is 0, expected a finite number"),
        (np.zeros(3, np.uint8), 0.1, -0.3, ValueError, "normalize: std is -0.3"),
        (np.zeros(3, np.uint8), 0.1, math.nan, ValueError, "normalize: std is nan"),
        (np.zeros(3, np.uint8), 0.1, math.inf, ValueError, "normalize: std is inf"),
    ],
)
def test_normalize_refuses(images, mean, std, error, message):
    with pytest.raises(error, match=message):
        normalize(images, mean, std)


# --- normalize_rgb


def test_normalize_rgb_is_its_formula_for_each_color():
    image = random_images(5, 7, 3)
    before = image.copy()
    normalized = normalize_rgb(image)
    assert normalized.shape == (3, 5, 7)
    assert normalized.dtype == np.float32
    colors = ((0, 0.485, 0.229), (1, 0.456, 0.224), (2, 0.406, 0.225))  # red, green, blue of ImageNet
    for channel, mean, std in colors:
        expected = (image[..., channel].astype(np.float64) / 255 - mean) / std
        np.testing.assert_allclose(normalized[channel], expected, rtol=0, atol=1e-6)
    np.testing.assert_array_equal(image, before)
    other = normalize_rgb(image, (0.5, 0.25, 0), [1, 0.5, 0.25])
    np.testing.assert_allclose(other[1], (image[..., 1] / 255 - 0.25) / 0.5, rtol=0, atol=1e-6)


def test_normalize_rgb_leaves_the_channels_last_in_memory():
    normalized = normalize_rgb(random_images(5, 7, 3))
    assert normalized.transpose(1, 2, 0).flags.c_contiguous
    assert normalized.flags.writeable


def test_normalize_rgb_takes_views():
    image = random_images(3, 14, 5)
    view = image[:, ::-2].transpose(2, 1, 0)
    np.testing.assert_array_equal(normalize_rgb(view), normalize_rgb(np.ascontiguousarray(view)))


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"image": np.zeros((5, 5, 3), np.float32)}, TypeError, "normalize_rgb: image is a float32 array"),
        (
            {"image": np.zeros((5, 5), np.uint8)},
            ValueError,
            r"normalize_rgb: image has shape \(5, 5\), expected \(H, W, 3",
        ),
        ({"image": np.zeros((3, 5, 5), np.uint8)}, ValueError, r"normalize_rgb: image has shape \(3, 5, 5\)"),
        ({"image": np.zeros((0, 5, 3), np.uint8)}, ValueError, r"normalize_rgb: image has shape \(0, 5, 3\)"),
        ({"mean": 0.5}, ValueError, "normalize_rgb: mean is 0.5, expected three numbers"),
        ({"std": (0.5, 0.5)}, ValueError, r"normalize_rgb: std is \(0.5, 0.5\), expected three numbers"),
        ({"mean": (0, -1, 0)}, ValueError, r"normalize_rgb: mean\[1\] is -1, expected a finite number"),
        ({"std": (0.1, 0.1, 0)}, ValueError, r"normalize_rgb: std\[2\] is 0, expected a finite number"),
        ({"std": (0.1, "1", 0)}, TypeError, r"normalize_rgb: std\[1\] is '1', expected a number"),
    ],
)
def test_normalize_rgb_refuses(change, error, message):
    with pytest.raises(error, match=message):
        normalize_rgb(**{"image": np.zeros((5, 5, 3), np.uint8), **change})
