"""The arithmetic about the network agrees with the network."""

import numpy as np
import pytest

import minicnn as mc
from benchmarks import shapes
from googlenet import GoogLeNet
from minicnn import nn


@pytest.mark.parametrize(
    ("preset", "size"),
    [
        ("paper", 75),
        *(pytest.param(*case, marks=pytest.mark.everything("presets")) for case in [("plain", 64), ("batchnorm", 112)]),
    ],
)
def test_layers_and_multiply_adds(preset: str, size: int) -> None:
    model = GoogLeNet(10, preset, in_channels=1)
    inputs, multiply_adds = {}, 0

    def count(layer, taken, output) -> None:
        nonlocal multiply_adds
        places = output.shape[2] * output.shape[3] if output.ndim == 4 else 1
        multiply_adds += layer.weight.data.size * places

    for name, module in model.named_modules():
        module.register_forward_hook(lambda layer, taken, output, name=name: inputs.setdefault(name, taken[0].shape))
        if isinstance(module, nn.Conv2d | nn.Linear):
            module.register_forward_hook(count)
    with mc.no_grad():
        model(mc.Tensor(np.zeros((1, 1, size, size), np.float32)))

    layers = shapes.layers(size, channels=1, classes=10, preset=preset)
    assert sum(layer.multiply_adds for layer in layers) == multiply_adds
    for name, channels, height, _ in layers:
        assert inputs[name] == ((1, channels) if name == "fc" else (1, channels, height, height)), name
    top = {name for name in inputs if name and "." not in name and name != "dropout"}
    assert {layer.name for layer in layers} == top


def test_no_work_is_counted_for_the_gradient_of_the_images() -> None:
    first, *rest = [layer.multiply_adds for layer in shapes.layers(224)]
    assert first == 112 * 112 * 64 * 3 * 49
    assert shapes.training_gflop(224) == pytest.approx((2 * 2 * first + 2 * 3 * sum(rest)) / 1e9)


def test_every_preset_that_is_measured_has_layers() -> None:
    """Those of benchmarks/reference.py; the arithmetic here knows nothing of the others."""
    counts = {preset: len(shapes.layers(224, preset=preset)) for preset in ("plain", "paper", "batchnorm")}
    assert counts == {"plain": 20, "paper": 22, "batchnorm": 20}
