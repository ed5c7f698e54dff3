"""Each field is its transform, in the order of the fields; and the digits' are today's, to the last bit."""

import dataclasses

import numpy as np
import pytest
from PIL import Image
from pixels import random_images
from support import raises

from googlenet.data import DigitsDataset
from googlenet.data.augmentation import Augmentation
from googlenet.data.dataset import ImageDataset
from googlenet.data.preprocessing import Preprocessing
from googlenet.data.source import embedded_digits
from googlenet.data.transforms import (
    MNIST_MEAN,
    MNIST_STD,
    color_jitter,
    cutout,
    lighting,
    random_affine,
    random_flip,
    random_resized_crop,
)

COLOR = Preprocessing(16)
GRAY = Preprocessing(16, 1, (0.25,), (0.5,), "L", "whole")
BGR = Preprocessing(16, 3, (0.1, 0.2, 0.4), (1.0, 1.0, 1.0), "BGR")


def photo(seed=0):
    return Image.fromarray(random_images(30, 40, 3, seed=seed))


def generator():
    return np.random.default_rng(3)


@pytest.mark.parametrize("preprocessing", [COLOR, GRAY, BGR], ids=lambda p: p.order)
def test_without_anything_it_is_the_preprocessing_s_own_crop_and_draws_nothing(preprocessing):
    rng = generator()
    pixels = Augmentation().apply(photo(), preprocessing, rng)
    np.testing.assert_array_equal(pixels, preprocessing.cut(photo()))
    assert rng.bit_generator.state == generator().bit_generator.state


@pytest.mark.parametrize("size", [28, 64])
def test_the_digits_are_those_of_the_digits_dataset_to_the_last_bit(size):
    preprocessing = Preprocessing(size, 1, (MNIST_MEAN,), (MNIST_STD,), "L", "whole")
    found = ImageDataset(embedded_digits().train, preprocessing, Augmentation.of("digits"), limit=20)
    expected = DigitsDataset(train=True, size=size, augment=True, limit=20)
    for index in range(20):
        (x, label), (expected_x, expected_label) = (
            dataset.sample(index, np.random.default_rng((0, 1, index))) for dataset in (found, expected)
        )
        np.testing.assert_array_equal(x, expected_x)
        assert label == expected_label


def by_hand(image, size, rng):
    """All of them, one after the other."""
    image = random_resized_crop(image, size, rng, "random")
    image = random_flip(image, rng)
    image = color_jitter(image, rng, 0.3, 0.3, 0.3, 0.1)
    pixels = random_affine(np.asarray(image), rng, 20, 0.2, 0.3)
    pixels = lighting(pixels, rng, 0.5)
    return cutout(pixels, rng, 0.4, (124, 116, 104))  # ImageNet's mean: 0.485, 0.456 and 0.406 of 255


ALL = Augmentation(
    crop=True, interpolation="random", flip=True, jitter=0.3, hue=0.1, degrees=20, shift=0.2, zoom=0.3,
    lighting=0.5, cutout=0.4,
)  # fmt: skip
NONE = {field.name: field.default for field in dataclasses.fields(Augmentation)}


def test_all_together_come_in_the_order_of_the_fields():
    for seed in range(5):
        pixels = ALL.apply(photo(), COLOR, np.random.default_rng(seed))
        np.testing.assert_array_equal(pixels, by_hand(photo(), 16, np.random.default_rng(seed)))
        assert pixels.dtype == np.uint8


def on_pixels(transform):
    return lambda image, rng: transform(COLOR.cut(image), rng)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"crop": True}, lambda image, rng: random_resized_crop(image, 16, rng)),
        ({"crop": True, "interpolation": "area"}, lambda image, rng: random_resized_crop(image, 16, rng, "area")),
        ({"flip": True}, on_pixels(lambda pixels, rng: random_flip(Image.fromarray(pixels), rng))),
        ({"jitter": 0.5}, on_pixels(lambda p, rng: color_jitter(Image.fromarray(p), rng, 0.5, 0.5, 0.5))),
        ({"hue": 0.2}, on_pixels(lambda p, rng: color_jitter(Image.fromarray(p), rng, 0, 0, 0, 0.2))),
        ({"degrees": 30}, on_pixels(lambda pixels, rng: random_affine(pixels, rng, 30, 0, 0))),
        ({"shift": 0.3}, on_pixels(lambda pixels, rng: random_affine(pixels, rng, 0, 0.3, 0))),
        ({"zoom": 0.3}, on_pixels(lambda pixels, rng: random_affine(pixels, rng, 0, 0, 0.3))),
        ({"lighting": 0.5}, on_pixels(lambda pixels, rng: lighting(pixels, rng, 0.5))),
        ({"cutout": 0.5}, on_pixels(lambda pixels, rng: cutout(pixels, rng, 0.5, (124, 116, 104)))),
        ({"mixup": 0.5}, on_pixels(lambda pixels, rng: pixels)),  # by the data set
    ],
    ids=lambda value: "" if callable(value) else ", ".join(value),
)
def test_one_alone(fields, expected):
    pixels = Augmentation(**fields).apply(photo(), COLOR, generator())
    np.testing.assert_array_equal(pixels, np.asarray(expected(photo(), generator())))


def test_gray():
    pixels = ALL.apply(photo(), GRAY, generator())
    assert pixels.shape == (16, 16)
    crop = Augmentation(crop=True).apply(photo(), GRAY, generator())
    np.testing.assert_array_equal(crop, random_resized_crop(photo(), 16, generator()).convert("L"))


@pytest.mark.parametrize(("preprocessing", "mean"), [(BGR, (102, 51, 26)), (GRAY, 64)], ids=["BGR", "L"])
def test_cutout_hides_with_what_the_network_takes_for_zero(preprocessing, mean):
    pixels = Augmentation(cutout=0.5).apply(Image.new("RGB", (20, 20), "white"), preprocessing, generator())
    hidden = (pixels != 255).any(axis=-1) if pixels.ndim == 3 else pixels != 255
    assert 0 < hidden.sum() <= 64
    assert (pixels[hidden] == mean).all()
    assert np.abs(preprocessing.normalize(pixels)[:, hidden]).max() < 0.01


def test_the_defaults():
    assert Augmentation.of("digits") == Augmentation(degrees=10, shift=0.1, zoom=0.1)
    photos = Augmentation.of("photos")
    assert photos.crop
    assert photos.flip
    assert photos.interpolation == "random"
    assert 0 < photos.jitter <= 0.2
    assert photos.mixup == photos.cutout == photos.degrees == 0
    with raises(ValueError, "Augmentation: kind is 'letters', expected digits or photos"):
        Augmentation.of("letters")


@pytest.mark.parametrize(
    ("field", "value", "error"),
    [
        ("crop", 1, TypeError), ("flip", "yes", TypeError), ("interpolation", "cubic", ValueError),
        ("jitter", 1.5, ValueError), ("jitter", "0.1", TypeError), ("hue", 0.6, ValueError),
        ("degrees", 360, ValueError), ("shift", 1, ValueError), ("zoom", 1, ValueError), ("lighting", -1, ValueError),
        ("cutout", 1.5, ValueError), ("mixup", -0.1, ValueError), ("mixup", float("inf"), ValueError),
        ("mixup", 1e-9, ValueError),
    ],
)  # fmt: skip
def test_what_no_transform_would_take_is_refused_at_once(field, value, error):
    with raises(error, f"Augmentation: {field} is {value!r}, expected"):
        Augmentation(**{field: value})
