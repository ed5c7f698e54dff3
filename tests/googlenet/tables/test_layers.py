"""The walk through the live network: every call, its shapes, and what it costs, counted one product at a time."""

import itertools

import numpy as np
import pytest

import minicnn as mc
from googlenet import GoogLeNet, Inception, presets
from googlenet.tables.layers import Call, inside, multiply_adds, own_params, walk, weights
from minicnn import Tensor, nn


def counted_one_by_one(conv, size):
    """A convolution as loops over everything, of one image: the products that it takes."""
    (outputs, inputs, kh, kw), products = conv.weight.shape, 0
    for top in range(-conv.padding[0], size + conv.padding[0] - kh + 1, conv.stride[0]):
        for left in range(-conv.padding[1], size + conv.padding[1] - kw + 1, conv.stride[1]):
            for _ in itertools.product(range(outputs), range(inputs), range(top, top + kh), range(left, left + kw)):
                products += 1
    return products


def test_multiply_adds_of_a_tiny_block_are_those_of_naive_loops():
    calls = walk(nn.Sequential(Inception(3, 2, 2, 3, 1, 2, 1)), (3, 5, 5))
    counts = {call.name: multiply_adds(call) for call in calls if multiply_adds(call)}
    block = calls[-1].module
    loops = {
        name: counted_one_by_one(module, 5) for name, module in block.named_modules() if isinstance(module, nn.Conv2d)
    }
    assert counts == {f"0.{name}": products for name, products in loops.items()}
    assert len(counts) == 6


@pytest.mark.parametrize(("stride", "padding"), [(1, 0), (2, 1), (3, 2)])
def test_multiply_adds_with_strides_and_padding(stride, padding):
    conv = nn.Conv2d(2, 3, 3, stride, padding)
    assert multiply_adds(walk(nn.Sequential(conv), (2, 8, 8))[0]) == counted_one_by_one(conv, 8)


def test_a_linear_layer_takes_one_for_each_weight_and_all_else_none():
    layers = nn.Sequential(nn.MaxPool2d(2), nn.BatchNorm2d(3), nn.Flatten(), nn.Linear(12, 5))
    calls = walk(layers, (3, 4, 4))
    assert [multiply_adds(call) for call in calls] == [0, 0, 0, 60]
    assert [weights(call.module) for call in calls] == [0, 0, 0, 60]
    assert [own_params(call.module) for call in calls] == [0, 6, 0, 65]
    assert own_params(layers) == 0  # its layers have them


def test_calls_stand_in_the_order_of_their_ends_with_the_shapes_of_one_image():
    shared = nn.ReLU()
    network = nn.Sequential(nn.Sequential(nn.Conv2d(1, 2, 3), shared), shared)
    found = [(call.name, call.input_shape, call.output_shape) for call in walk(network, (1, 6, 5))]
    assert found == [
        ("0.0", (1, 6, 5), (2, 4, 3)),
        ("0.1", (2, 4, 3), (2, 4, 3)),
        ("0", (1, 6, 5), (2, 4, 3)),
        ("0.1", (2, 4, 3), (2, 4, 3)),
    ]


def test_no_hook_is_left_behind_and_nothing_for_a_gradient_is_kept():
    network, kept = nn.Sequential(nn.Conv2d(1, 2, 3), nn.Linear(7, 3)), []
    network[0].register_forward_hook(lambda module, inputs, y: kept.append(y.requires_grad))
    with pytest.raises(ValueError, match="linear"):
        walk(network, (1, 6, 6))
    assert not network[1].has_hooks()
    network[0](Tensor(np.zeros((1, 1, 6, 6), np.float32)))
    assert kept == [False, True]


def test_what_is_inside_a_module():
    call = Call("inception4a.branch1", nn.ReLU(), (), ())
    assert inside(call, "inception4a") and inside(call, "inception4a.branch1")
    assert not inside(call, "inception4") and not inside(call, "inception4a.branch1.conv")


@pytest.mark.everything("presets")
@pytest.mark.parametrize("preset", ["paper", "batchnorm"])
def test_torch_counts_the_same_in_the_network_written_in_pytorch(preset):
    torch = pytest.importorskip("torch")
    from torch.utils.flop_counter import FlopCounterMode

    from benchmarks import reference

    theirs = reference.GoogLeNet(1000, preset).eval()
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        theirs(torch.zeros(1, 3, 224, 224))
    calls = walk(GoogLeNet(preset=preset, aux_heads=False), (3, 224, 224))
    assert 2 * sum(map(multiply_adds, calls)) == counter.get_total_flops() == 2 * 1_582_671_872
    by_layer = {name.partition(".")[2]: sum(flops.values()) for name, flops in counter.get_flop_counts().items()}
    for call in calls:
        if weights(call.module):
            assert 2 * multiply_adds(call) == by_layer[call.name], call.name


@pytest.mark.everything("presets")
@pytest.mark.parametrize("preset", presets)
def test_every_parameter_of_every_preset_is_met_on_the_walk(preset):
    choice = presets[preset]
    network = GoogLeNet(2, choice, choice.in_channels)
    size = choice.smallest_image
    with mc.no_grad():
        calls = walk(network, (choice.in_channels, size, size))
    assert sum(own_params(call.module) for call in calls) == sum(p.data.size for p in network.parameters())
