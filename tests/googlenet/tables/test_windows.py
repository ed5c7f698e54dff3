"""Sizes, receptive fields and columns, held against the live network: gradients, shapes, and what im2col makes."""

import math
from dataclasses import replace

import numpy as np
import pytest

import minicnn as mc
import minicnn.functional as F
from googlenet import GoogLeNet, presets
from googlenet.table import INCEPTION
from googlenet.tables.layers import walk
from googlenet.tables.windows import Field, Window, columns, windows
from minicnn import Tensor, nn
from minicnn.functional import convolution

NARROW = {
    name: row._replace(in_channels=8, ch1x1=2, ch3x3red=1, ch3x3=2, ch5x5red=1, ch5x5=2, pool_proj=2)
    for name, row in INCEPTION.items()
}


def network_of(preset, monkeypatch):
    """A GoogLeNet with hardly any channels: its geometry is the same."""
    monkeypatch.setattr("googlenet.model.INCEPTION", NARROW)
    choice = replace(presets[preset], local_response_norm=False, batch_norm=False, transform_input=False)
    network = GoogLeNet(2, choice, aux_heads=False).eval()
    stem = {"conv1": (3, 1), "conv2": (1, 1), "conv3": (1, 8)}
    for name, channels in stem.items():
        wide = getattr(network, name).conv
        getattr(network, name).conv = nn.Conv2d(*channels, wide.kernel_size, wide.stride, wide.padding)
    return network


# ---- receptive fields ---------------------------------------------------------------------------------------------


def that_lets_everything_through(network):
    """Every weight the same, and means in place of maxima: each output then depends on every pixel that it sees."""
    for module in list(network.modules()):
        if isinstance(module, nn.Conv2d):
            module.weight.data[...] = 1 / module.weight.data[0].size
            if module.bias is not None:
                module.bias.data[...] = 0
        for name, child in list(module.named_children()):
            if isinstance(child, nn.MaxPool2d):
                mean = nn.AvgPool2d(child.kernel_size, child.stride, child.padding, child.ceil_mode)
                setattr(module, name, mean)
    return network.double()


def seen(network, names, width):
    """For each layer: the output column that is asked, and the first and last column of the image that reach it."""
    outputs = {}
    for name, module in network.named_modules():
        if name in names:
            module.register_forward_hook(lambda module, inputs, y, name=name: outputs.update({name: y}))
    height = network.preset.smallest_image
    x = Tensor(np.ones((1, 3, height, width)), requires_grad=True)
    network(x)
    found = {}
    for name, y in outputs.items():
        x.grad = None
        column = y.shape[3] // 2
        y[0, :, y.shape[2] // 2, column].sum().backward(retain_graph=True)
        reached = np.flatnonzero(np.abs(x.grad).sum(axis=(0, 1, 2)))
        found[name] = column, reached[0], reached[-1]
        assert len(reached) == reached[-1] - reached[0] + 1, f"{name} skips some"
    return found


def check_fields(preset, names, width, monkeypatch):
    network = network_of(preset, monkeypatch)
    size = network.preset.smallest_image
    fields = {window.name: window.field for window in windows(walk(network, (3, size, size)))}
    names = names or [name for name in fields if name != "avgpool"]  # which sees the whole image
    found = seen(that_lets_everything_through(network), names, width)
    assert sorted(found) == sorted(names)
    for name, (column, first, last) in found.items():
        field = fields[name]
        assert last - first + 1 == field.size, name
        assert first == column * field.jump - field.padding, name
        assert (first + last) / 2 == field.center + column * field.jump, name


def test_gradients_reach_the_receptive_field_and_no_pixel_more(monkeypatch):
    names = ["conv1.conv", "maxpool1", "conv3.conv", "inception3a.branch4.1.conv", "inception3b.branch3.1.conv",
             "maxpool3"]  # fmt: skip
    check_fields("paper", names, 256, monkeypatch)


@pytest.mark.everything("presets")
@pytest.mark.parametrize(("preset", "width"), [("paper", 800), ("torchvision", 800), ("mnist", 1216)])
def test_they_do_so_for_every_layer(preset, width, monkeypatch):
    check_fields(preset, None, width, monkeypatch)


def test_the_fields_of_the_paper_s_network(monkeypatch):
    found = {window.name: window.field for window in windows(walk(network_of("paper", monkeypatch), (3, 224, 224)))}
    assert found["conv1.conv"] == Field(7, 2, 3) and found["conv1.conv"].center == 0
    assert found["maxpool2"] == Field(27, 8, 7) and found["maxpool2"].center == 6
    assert found["inception5b.branch3.1.conv"] == Field(715, 32, 327)
    assert found["avgpool"] == Field(907, 32, 327) and found["avgpool"].center == 126


# ---- sizes --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("window", "formula"),
    [
        (Window("conv1", 224, 7, 2, 3, 112, Field()), "(224 - 7 + 6)/2 + 1 = 112.5 -> 112"),
        (Window("pool1", 112, 3, 2, 0, 56, Field()), "(112 - 3 + 0)/2 + 1 = 55.5 -> 56"),
        (Window("branch", 28, 5, 1, 2, 28, Field()), "(28 - 5 + 4)/1 + 1 = 28"),
        (Window("third", 9, 3, 3, 0, 3, Field()), "(9 - 3 + 0)/3 + 1 = 3"),
    ],
)
def test_the_size_formula_in_numbers(window, formula):
    assert window.formula == formula


@pytest.mark.parametrize(
    ("preset", "size"),
    [
        ("paper", 97),
        *(
            pytest.param(preset, size, marks=pytest.mark.everything("presets"))
            for preset in ("mnist", "torchvision")
            for size in (125, 130, 224)
        ),
    ],
)
def test_the_formula_rounded_is_the_live_size(preset, size, monkeypatch):
    """Down for convolutions; for max pools as the preset has it."""
    network = network_of(preset, monkeypatch)
    calls = [call for call in walk(network, (3, size, size)) if isinstance(call.module, nn.Conv2d | nn.MaxPool2d)]
    *found, last = windows(walk(network, (3, size, size)))
    assert [window.name for window in found] == [call.name for call in calls]
    for window, call in zip(found, calls, strict=True):
        places = (window.input_size - window.kernel + 2 * window.padding) / window.stride + 1
        ceil = isinstance(call.module, nn.MaxPool2d) and call.module.ceil_mode
        assert window.output_size == call.output_shape[1] == (math.ceil if ceil else math.floor)(places), window.name
    assert (last.name, last.kernel, last.output_size) == ("avgpool", found[-1].output_size, 1)


# ---- columns ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("conv", [nn.Conv2d(3, 4, 7, 2, 3), nn.Conv2d(5, 2, 1), nn.Conv2d(2, 3, 3, padding=1)])
def test_the_columns_are_those_of_im2col(conv):
    image = (conv.weight.shape[1], 20, 20)
    (found,) = columns(walk(nn.Sequential(conv), image))
    made = F.im2col(Tensor(np.zeros((1, *image), np.float32)), conv.kernel_size, conv.stride, conv.padding).data[0]
    assert (found.rows, found.columns) == made.shape
    assert found.bytes == made.nbytes
    assert found.image_bytes == 4 * math.prod(image)


@pytest.mark.parametrize("size", [6, 14, 40])
def test_minicnn_makes_them_for_so_many_images_at_once(size, monkeypatch):
    made, patches = [], convolution.patches

    def watched(x, *geometry):
        p = patches(x, *geometry)
        made.append((len(x), p.size * p.itemsize))
        return p

    monkeypatch.setattr(convolution, "patches", watched)
    conv = nn.Conv2d(2, 3, 3, padding=1)
    (found,) = columns(walk(nn.Sequential(conv), (2, size, size)))
    made.clear()
    with mc.no_grad():
        conv(Tensor(np.zeros((100, 2, size, size), np.float32)))
    assert max(made) == (found.images, found.bytes_at_once)


@pytest.mark.parametrize("conv", [nn.Conv2d(3, 4, 1), nn.Conv2d(3, 4, 1, stride=2)])
def test_a_1x1_convolution_needs_no_columns_where_it_takes_every_pixel(conv):
    (found,) = columns(walk(nn.Sequential(conv), (3, 8, 8)))
    assert (found.bytes_at_once == 0) == (conv.stride == (1, 1))
    assert found.bytes == 4 * 3 * found.columns
