"""The layers of a GoogLeNet, with the shapes that the network itself has."""

import re

import numpy as np
import pytest
from caffe_files import caffe_names

from googlenet import GoogLeNet, presets
from googlenet.weights.layers import checked_array, fitting_shape, head_layers, main_layers


@pytest.mark.parametrize(("preset", "channels"), [("paper", 3), ("mnist", 1)])
def test_they_are_the_network_s(preset, channels):
    state = GoogLeNet(7, preset, channels).state_dict()
    layers = [*main_layers(presets[preset], channels), *head_layers(presets[preset])]
    shapes = {f"{layer.name}.weight": tuple(7 if n == -1 else n for n in layer.shape) for layer in layers}
    assert shapes == {name: tensor.shape for name, tensor in state.items() if name.endswith("weight")}
    assert len(layers) == len({layer.name for layer in layers})


def test_kernels_are_the_preset_s_and_channels_may_be_left_open():
    shapes = {layer.name: layer.shape for layer in main_layers(presets["torchvision"])}
    assert shapes["inception3a.branch3.1.conv"] == (32, 16, 3, 3)
    assert shapes["conv1.conv"] == (64, -1, 7, 7)


def test_naive_blocks_pile_up_channels():
    """As their modules do (inception_blocks in googlenet/model.py), without making 97 million weights."""
    shapes = {layer.name: layer.shape for layer in main_layers(presets["naive"])}
    assert shapes["inception3a.branch3.conv"] == (32, 192, 5, 5)
    assert shapes["inception3b.branch1.conv"] == (128, 192 + 64 + 128 + 32, 1, 1)
    assert shapes["fc"] == (-1, 4944)
    assert len(shapes) == 3 + 9 * 3 + 1


def test_caffe_s_names():
    layers = [*main_layers(presets["paper"]), *head_layers(presets["paper"])]
    assert {layer.name: layer.caffe_name for layer in layers} == caffe_names()


@pytest.mark.parametrize(
    ("found", "expected", "shape"),
    [
        ((4, 3, 2, 2), (4, 3, 2, 2), (4, 3, 2, 2)),
        ((1, 1, 4, 3), (4, 3), (4, 3)),
        ((4, 3), (4, 3, 1, 1), (4, 3, 1, 1)),
        ((1, 1, 1, 4), (4,), (4,)),
        ((5, 3), (-1, 3), (5, 3)),
        ((1, 1, 1, 3), (-1, 3), (1, 3)),
        ((64, 3, 7, 7), (64, -1, 7, 7), (64, 3, 7, 7)),
    ],
)
def test_axes_of_length_1_come_and_go(found, expected, shape):
    assert fitting_shape(found, expected, "x") == shape


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ((3, 4), (4, 3)),
        ((4, 4), (4, 3)),
        ((4,), (4, 3)),
        ((5, 4), (-1, 3)),
        ((0, 3), (-1, 3)),
        ((), (3,)),
        ((-1, -3), (3,)),
    ],
)
def test_other_shapes_are_refused(found, expected):
    wanted = re.escape(str(tuple("any" if n == -1 else n for n in expected)).replace("'", "").replace(",)", ")"))
    with pytest.raises(ValueError, match=rf"has x in the shape {re.escape(str(found))}, expected {wanted}$"):
        fitting_shape(found, expected, "x")


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, ">f4"])
def test_an_array_is_a_copy_in_float32(dtype):
    numbers = np.arange(6, dtype=dtype)
    array = checked_array(numbers, (2, 3), "x")
    assert array.dtype == np.float32 and array.dtype.isnative
    np.testing.assert_array_equal(array, [[0, 1, 2], [3, 4, 5]])
    assert not np.shares_memory(array, numbers)
    assert array.flags.writeable


@pytest.mark.parametrize(
    ("numbers", "message"),
    [
        (np.ones(5), r"has 5 numbers for x, expected 6: \(2, 3\)$"),
        (np.ones(7), "has 7 numbers for x, expected 6"),
        (np.array([1, 2, 3, np.nan, np.inf, 6]), "has 2 numbers that are infinite or none for x$"),
        (np.array([1, 2, 3, 4, 5, 1e300]), "has 1 numbers that are infinite"),
    ],
)
def test_too_few_too_many_and_no_numbers_are_refused(numbers, message):
    with pytest.raises(ValueError, match=message):
        checked_array(numbers, (2, 3), "x")
