"""What fits is copied, and the rest is reported."""

import numpy as np
import pytest

import minicnn as mc
from googlenet.weights.copying import copy_into, left_over
from minicnn import nn


class Block(nn.Module):
    """As few layers as there can be: `copy_into` looks at names and shapes alone."""

    def __init__(self, kernel=5, norm=False, bias=True, classes=3):
        self.conv = nn.Conv2d(2, 3, kernel, bias=bias)
        self.bn = nn.BatchNorm2d(3) if norm else None
        self.fc = nn.Linear(3, classes)


class Network(nn.Module):
    """Names as in GoogLeNet: one.conv."""

    def __init__(self, **options):
        self.one = Block(**options)


def state_of(**options):
    return {name: tensor.data.copy() for name, tensor in Network(**options).state_dict().items()}


def copied(state, **options):
    """The network after the copy, its state before, and the report by layer."""
    model = Network(**options)
    before = {name: tensor.data.copy() for name, tensor in model.state_dict().items()}
    return model.state_dict(), before, {layer.name: layer for layer in copy_into(model, state)}


@pytest.fixture(autouse=True)
def seed():
    mc.manual_seed(1)


def test_a_convolution_of_the_same_shape_is_copied_with_its_biases():
    state = state_of()
    after, before, report = copied(state)
    np.testing.assert_array_equal(after["one.conv.weight"].data, state["one.conv.weight"])
    np.testing.assert_array_equal(after["one.conv.bias"].data, state["one.conv.bias"])
    assert report["one.conv"][1:] == (True, "weights and biases", 153)


def test_a_convolution_without_biases_leaves_ours_new():
    state = state_of(norm=True, bias=False)
    after, before, report = copied(state)
    np.testing.assert_array_equal(after["one.conv.weight"].data, state["one.conv.weight"])
    np.testing.assert_array_equal(after["one.conv.bias"].data, before["one.conv.bias"])
    assert report["one.conv"][1:] == (True, "weights; the file has no biases", 150)


def test_a_convolution_in_front_of_a_batch_norm_has_no_biases_to_tell_of():
    _, _, report = copied(state_of(norm=True, bias=False), norm=True, bias=False)
    assert report["one.conv"][1:] == (True, "weights", 150)


def test_other_kernels_stay_new():
    after, before, report = copied(state_of(kernel=3))
    np.testing.assert_array_equal(after["one.conv.weight"].data, before["one.conv.weight"])
    np.testing.assert_array_equal(after["one.conv.bias"].data, before["one.conv.bias"])
    assert report["one.conv"][1:] == (False, "3x2x5x5 here, 3x2x3x3 in the file", 0)


def test_batch_norms_and_linear_layers_stay_new_also_where_they_fit():
    after, before, report = copied(state_of(norm=True), norm=True)
    for name in ("one.fc.weight", "one.fc.bias", "one.bn.weight", "one.bn.running_var"):
        np.testing.assert_array_equal(after[name].data, before[name])
    assert report["one.fc"][1:] == (False, "no convolution", 0)
    assert report["one.bn"][1:] == (False, "batch norm: not copied", 0)


def test_a_layer_that_the_file_does_not_have():
    assert copied({})[2]["one.conv"][1:] == (False, "the file has no such layer", 0)


def test_every_layer_is_reported_once_in_order():
    assert list(copied(state_of(), norm=True)[2]) == ["one.conv", "one.bn", "one.fc"]


def test_what_the_file_has_and_we_do_not():
    assert left_over(Network(), state_of(norm=True)) == ["one.bn"]
    assert left_over(Network(norm=True), state_of()) == []
