"""What is done to every image: the right part, the right channels in the right order, there and back."""

import json

import numpy as np
import pytest
from PIL import Image

from googlenet.data import DigitsDataset
from googlenet.data.digits import load_digits
from googlenet.data.preprocessing import Preprocessing
from googlenet.data.transforms import IMAGENET_MEAN, IMAGENET_STD, MNIST_MEAN, MNIST_STD

GRAY = Preprocessing(8, 1, (0.25,), (0.5,), "L", "whole")
COLOR = Preprocessing(8, 3, (0.1, 0.2, 0.3), (0.5, 0.6, 0.7), "RGB", "whole")
CAFFE = Preprocessing(8, 3, (104 / 255, 117 / 255, 123 / 255), (1 / 255,) * 3, "BGR", "whole")


def plain(color, size=8):
    return Image.new("RGB", (size, size), color)


def test_digits_are_prepared_as_by_their_own_data_set():
    preprocessing = Preprocessing(33, 1, (MNIST_MEAN,), (MNIST_STD,), "L", "whole")
    dataset = DigitsDataset(train=False, size=33, limit=3)
    for index in range(3):
        image = Image.fromarray(load_digits().test_images[index])
        np.testing.assert_array_equal(preprocessing(image), dataset[index][0])


def test_channels_come_in_their_order_each_with_its_mean():
    x = COLOR(plain((255, 51, 0)))
    assert x.shape == (3, 8, 8)
    assert x.dtype == np.float32
    np.testing.assert_allclose(x[:, 3, 4], [(1 - 0.1) / 0.5, (0.2 - 0.2) / 0.6, (0 - 0.3) / 0.7], atol=1e-6)


def test_bgr_as_caffe_has_it():
    np.testing.assert_allclose(CAFFE(plain((200, 100, 50)))[:, 0, 0], [50 - 104, 100 - 117, 200 - 123], atol=1e-3)


def test_gray_is_the_brightness_of_the_colors():
    x = GRAY(plain((255, 0, 0)))
    assert x.shape == (1, 8, 8)
    np.testing.assert_allclose(x, (76 / 255 - 0.25) / 0.5, atol=1e-6)  # 0.299 of 255, rounded


def test_the_center_or_everything():
    image = Image.new("L", (64, 64))
    image.paste(255, (3, 3, 61, 61))  # a frame of 3 of 64 pixels, where the center leaves out 4
    center = Preprocessing(56, 1, (0.0,), (1.0,), "L", "center")
    assert center(image).min() == 1
    assert Preprocessing(64, 1, (0.0,), (1.0,), "L", "whole")(image)[0, 0, 0] == 0


@pytest.mark.parametrize("preprocessing", [GRAY, COLOR, CAFFE], ids=["L", "RGB", "BGR"])
def test_there_and_back(preprocessing):
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (5, 8, 3), np.uint8)
    if preprocessing.channels == 1:
        pixels = pixels[:, :, :1].repeat(3, axis=2)
    x = preprocessing.normalize(pixels[:, :, 0] if preprocessing.channels == 1 else pixels)
    np.testing.assert_array_equal(preprocessing.to_pixels(x), pixels)
    np.testing.assert_array_equal(preprocessing.to_pixels(x * 100)[x.transpose(1, 2, 0).min(axis=2) > 2], 255)


@pytest.mark.parametrize("preprocessing", [GRAY, COLOR, CAFFE, Preprocessing(224)], ids=["L", "RGB", "BGR", "usual"])
def test_it_goes_through_json(preprocessing):
    assert Preprocessing.from_record(json.loads(json.dumps(preprocessing.to_record()))) == preprocessing


def test_the_usual_one_is_that_of_photos():
    usual = Preprocessing(224)
    assert (usual.mean, usual.std, usual.order, usual.crop) == (IMAGENET_MEAN, IMAGENET_STD, "RGB", "center")


@pytest.mark.parametrize("record", [None, 3, [], {}, {**GRAY.to_record(), "more": 1}, {"image_size": 8}])
def test_what_is_no_record(record):
    with pytest.raises(ValueError, match="the preprocessing is .*, expected a record of channels, crop, image_size"):
        Preprocessing.from_record(record)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("image_size", 0, "image_size is 0"), ("image_size", "8", "image_size is '8'"),
        ("channels", 2, "channels is 2, but L has 1"), ("order", "RGB", "channels is 1, but RGB has 3"),
        ("order", "GBR", "order is 'GBR', expected one of L, RGB, BGR"), ("crop", "none", "expected one of center"),
        ("mean", [0.1, 0.2], "mean is .*, expected 1 numbers"), ("std", [0.0], "std is 0"),
        ("mean", 0.5, "mean is 0.5"), ("std", [float("nan")], "std is nan"),
    ],
)  # fmt: skip
def test_what_no_network_can_be_fed_with(field, value, message):
    with pytest.raises(ValueError, match=message):
        Preprocessing.from_record({**GRAY.to_record(), field: value})
