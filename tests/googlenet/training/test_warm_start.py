"""Weights trained on something else: what is taken, what is new, what stays as it is."""

import shutil

import numpy as np
import pytest

import minicnn as mc
from googlenet import GoogLeNet, loss
from googlenet.data.preprocessing import Preprocessing
from googlenet.training.options import Options
from googlenet.training.warm_start import (
    BLOCKS,
    begin_with,
    block_number,
    freeze,
    keep_frozen_in_evaluation,
    preprocessing_of_weights,
    preset_of,
)
from googlenet.weights import save_model
from googlenet.weights.file import save_network
from minicnn import Tensor, nn

PLAIN = Options(preset="plain", image_size=32)


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """best.safetensors of a network for three classes, with heads, on gray images."""
    folder = tmp_path_factory.mktemp("weights")
    mc.manual_seed(1)
    preprocessing = Preprocessing(32, 1, (0.0,), (1.0,), "L", "whole")
    save_model(folder / "best.safetensors", GoogLeNet(3, "plain", 1), PLAIN, {"epoch": 1, "test_accuracy": 0.5},
               ("a", "b", "c"), preprocessing)  # fmt: skip
    yield folder / "best.safetensors"
    shutil.rmtree(folder, ignore_errors=True)


def network(classes=3, channels=1, heads=True):
    mc.manual_seed(2)
    return GoogLeNet(classes, "plain", channels, heads)


def changed(before, model):
    """The layers whose weights are not what they were."""
    return [
        name.removesuffix(".weight")
        for name, tensor in model.state_dict().items()
        if name.endswith(".weight") and not np.array_equal(tensor.data, before[name])
    ]


def new_layers(weights, model, classes):
    """The layers that did not get the weights of the file, and what was said."""
    before = {name: tensor.data.copy() for name, tensor in model.state_dict().items()}
    said = begin_with(model, weights, classes)
    taken, saved = set(changed(before, model)), mc.load(weights)
    state = model.state_dict()
    for name in taken:
        np.testing.assert_array_equal(state[f"{name}.weight"].data, saved[f"{name}.weight"].data)
    return [
        name.removesuffix(".weight") for name in before if name.endswith(".weight") and name[:-7] not in taken
    ], said


def test_with_the_same_classes_everything_is_taken(weights):
    new, said = new_layers(weights, network(), ("a", "b", "c"))
    assert new == []
    assert said.startswith("weights of best.safetensors: ")
    assert said.endswith("arrays taken; nothing is new")


@pytest.mark.parametrize("classes", [("a", "b"), ("x", "y", "z"), ("c", "b", "a")])
def test_for_other_classes_the_classifiers_are_new(weights, classes):
    new, said = new_layers(weights, network(len(classes)), classes)
    assert new == ["aux1.fc2", "aux2.fc2", "fc"]
    assert said.endswith("new: aux1.fc2, aux2.fc2, fc")


def test_a_new_classifier_has_a_new_bias_too(weights):
    model = network(3)
    model.fc.bias.data[...] = 7
    begin_with(model, weights, ("x", "y", "z"))
    np.testing.assert_array_equal(model.fc.bias.data, 7)


def test_for_other_channels_the_first_convolution_is_new(weights):
    assert new_layers(weights, network(channels=3), ("a", "b", "c"))[0] == ["conv1.conv"]


def test_without_heads(weights):
    assert new_layers(weights, network(heads=False), ("a", "b", "c"))[0] == []


def test_another_preset_is_refused(weights):
    message = r"--init: .*best.safetensors is for --preset plain, not paper: .* import .* -o OUT --preset paper makes"
    with pytest.raises(ValueError, match=message):
        begin_with(GoogLeNet(3, "paper", 1), weights, ("a", "b", "c"))


def test_weights_from_elsewhere(tmp_path):
    """They tell no options, no epoch and no data; what a run needs of them is there."""
    path, preprocessing = tmp_path / "imported.safetensors", Preprocessing(224, 3, order="BGR", std=(0.1,) * 3)
    save_network(path, GoogLeNet(7, "plain", 3, aux_heads=False), image_size=224, preprocessing=preprocessing)
    assert (preset_of(path), preprocessing_of_weights(path)) == ("plain", preprocessing)
    new, said = new_layers(path, network(5, 3), ("a", "b", "c", "d", "e"))
    assert new == [f"{head}.{layer}" for head in ("aux1", "aux2") for layer in ("conv.conv", "fc1", "fc2")] + ["fc"]
    assert said.startswith("weights of imported.safetensors: 114 of 128 arrays taken; new: aux1.conv.conv, ")
    path.unlink()


@pytest.mark.parametrize(("name", "number"), [("conv1", 0), ("conv3", 2), ("3a", 3), ("inception3a", 3), ("5b", 11)])
def test_the_blocks_have_numbers(name, number):
    assert block_number(name) == number


@pytest.mark.parametrize("name", ["", "3c", "fc", "conv", "aux1"])
def test_what_is_no_block(name):
    with pytest.raises(ValueError, match="--freeze: got .*, expected one of conv1, conv2, conv3, 3a, .*, 5b"):
        block_number(name)


@pytest.mark.parametrize("block", ["conv1", "3a", "4d"])
def test_what_is_frozen_has_no_gradient_and_all_else_has(block):
    model = network()
    freeze(model, block)
    x = Tensor(np.random.default_rng(0).standard_normal((4, 1, 32, 32)).astype(np.float32))
    loss(model(x), np.array([0, 1, 2, 0])).total.backward()
    frozen = BLOCKS[: BLOCKS.index(block) + 1]
    for name, parameter in model.named_parameters():
        is_frozen = name.partition(".")[0].removeprefix("inception") in frozen
        assert (parameter.grad is None) == is_frozen, name


def test_frozen_batch_norm_keeps_its_statistics():
    mc.manual_seed(2)
    model = GoogLeNet(3, "batchnorm", 1)
    freeze(model, "3a")
    model.train()
    keep_frozen_in_evaluation(model, "3a")
    before = {name: tensor.data.copy() for name, tensor in model.state_dict().items() if "running" in name}
    x = Tensor(np.random.default_rng(0).standard_normal((4, 1, 32, 32)).astype(np.float32))
    model(x)
    after = model.state_dict()
    moved = {name.partition(".")[0] for name in before if not np.array_equal(before[name], after[name].data)}
    assert not moved & {"conv1", "conv2", "conv3", "inception3a"}
    assert {"inception3b", "inception5b", "aux1"} <= moved
    assert isinstance(model.dropout, nn.Dropout)
    assert model.dropout.training
