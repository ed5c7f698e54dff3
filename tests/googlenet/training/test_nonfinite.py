"""The layer in which the numbers blew up is found, and the network left as it was."""

import numpy as np
import pytest

import minicnn as mc
from googlenet import GoogLeNet
from googlenet.training.nonfinite import first_non_finite_layer
from minicnn import Tensor, nn

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")  # NumPy warns where numbers overflow, rightly


def images(n=1):
    return Tensor(np.random.default_rng(0).standard_normal((n, 1, 32, 32)).astype(np.float32))


@pytest.fixture
def network(small_blocks):
    return GoogLeNet(4, "plain", in_channels=1)


def test_where_all_is_finite_there_is_none(network):
    assert first_non_finite_layer(network, images()) is None


@pytest.mark.parametrize(
    "value", [np.nan, *(pytest.param(v, marks=pytest.mark.everything("more values")) for v in (np.inf, -np.inf))]
)
@pytest.mark.parametrize(
    "layer",
    ["conv1.conv", "inception3a.branch2.1.conv", "inception4c.branch4.1.conv", "aux1.fc1", "aux2.conv.conv", "fc"],
)
def test_the_first_layer_is_named(network, layer, value):
    modules = dict(network.named_modules())
    modules[layer].bias.data[0] = value
    assert first_non_finite_layer(network, images()) == layer


def test_the_first_of_several_is_named(network):
    network.fc.weight.data[:] = np.nan
    network.inception3b.branch1.conv.weight.data[0, 0] = np.nan
    assert first_non_finite_layer(network, images()) == "inception3b.branch1.conv"


def test_an_overflow_on_the_way_is_found_where_it_happens(network):
    network.inception4a.branch1.conv.weight.data[:] = 3e38
    assert first_non_finite_layer(network, images()) == "inception4a.branch1.conv"


def test_an_image_that_is_not_finite_shows_in_the_first_layer(network):
    x = images()
    x.data[0, 0, 3, 3] = np.nan
    assert first_non_finite_layer(network, x) == "conv1.conv"


def test_in_evaluation_mode_the_heads_are_left_out(network):
    network.aux1.fc1.bias.data[:] = np.nan
    assert first_non_finite_layer(network.eval(), images()) is None


def test_the_hooks_are_taken_away_and_no_gradients_appear(network):
    network.fc.bias.data[0] = np.nan
    first_non_finite_layer(network, images())
    assert all(not vars(module).get("_forward_hooks") for module in network.modules())
    assert all(parameter.grad is None for parameter in network.parameters())
    with pytest.raises(ValueError, match="GoogLeNet: x has shape"):
        first_non_finite_layer(network, Tensor(np.zeros((1, 3, 32, 32), np.float32)))
    assert all(not vars(module).get("_forward_hooks") for module in network.modules())


def test_no_graph_is_built(network):
    outputs = []
    network.register_forward_hook(lambda module, inputs, output: outputs.append(output))
    first_non_finite_layer(network, images())
    assert not any(logits.requires_grad for logits in outputs[0])


def test_any_module_will_do():
    network = nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 2))
    network[2].bias.data[:] = np.nan
    assert first_non_finite_layer(network, mc.tensor([[1.0, 2.0]])) == "2"
