"""Weights for PyTorch: read back by PyTorch and by torchvision's own network."""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

import minicnn as mc
from googlenet import GoogLeNet
from googlenet.presets import presets
from googlenet.weights import load_model
from googlenet.weights.torch_export import python_lines, try_torch, why_not_torchvision, write_torch
from minicnn import nn

NOTES = {"image_size": 64, "classes": None, "preprocessing": None}


@pytest.fixture
def model(small_blocks):
    return make()


def make(preset="torchvision", classes=3, channels=3, heads=False):
    """In evaluation mode, with random running statistics."""
    mc.manual_seed(2)
    made = GoogLeNet(classes, preset, channels, heads).eval()
    rng = np.random.default_rng(1)
    for layer in made.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.running_mean.data[:] = rng.normal(0, 0.5, layer.running_mean.shape)
            layer.running_var.data[:] = rng.uniform(0.5, 2, layer.running_var.shape)
            layer.num_batches_tracked.data += 7
    return made


def assert_same(state, model):
    expected = {name: tensor.numpy() for name, tensor in model.state_dict().items()}
    assert set(state) == set(expected)
    for name, array in expected.items():
        found = np.asarray(state[name])
        assert (found.shape, found.dtype) == (array.shape, array.dtype), name
        np.testing.assert_array_equal(found, array, err_msg=name)


def test_safetensors_hold_the_state_dict_and_are_a_file_of_ours_too(tmp_path, model, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    path = tmp_path / "w.safetensors"
    write_torch(path, model, {**NOTES, "classes": ("a", "b", "c"), "epoch": 4})
    assert_same(load_file(path), model)
    assert mc.load(path).metadata["format"] == "pt"  # what transformers asks for
    again, info = load_model(path)
    assert (info["preset"], info["classes"], info["epoch"]) == ("torchvision", ("a", "b", "c"), 4)
    assert_same({name: tensor.numpy() for name, tensor in again.state_dict().items()}, model)


@pytest.mark.parametrize("suffix", [".pth", ".PT"])
def test_pth_is_read_by_pytorch_as_weights_only(tmp_path, model, suffix):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed: pip install -e '.[parity]'")
    path = tmp_path / f"w{suffix}"
    write_torch(path, model, NOTES)
    state = torch.load(path, weights_only=True)
    assert_same(state, model)
    assert all(tensor.is_contiguous() for tensor in state.values())
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


@pytest.mark.everything("presets")
@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
@pytest.mark.parametrize("heads", [False, True])
def test_the_lines_load_it_into_torchvision_s_network_strictly_and_the_logits_agree(tmp_path, heads, suffix):
    from vision import torchvision

    if torchvision is None:
        pytest.skip("torchvision is not installed")
    import torch

    path, ours = tmp_path / f"w{suffix}", make(heads=heads)
    write_torch(path, ours, NOTES)
    names = {}
    exec("\n".join(python_lines(path, ours)), names)
    theirs = names["model"]
    assert isinstance(theirs, torchvision.models.GoogLeNet) and (theirs.aux1 is not None) == heads
    x = np.random.default_rng(3).standard_normal((2, 3, 65, 81)).astype(np.float32)
    with torch.no_grad():
        logits = theirs(torch.from_numpy(x)).numpy()
    np.testing.assert_allclose(ours(mc.Tensor(x)).numpy(), logits, rtol=0, atol=1e-5 * np.abs(logits).max())


def test_the_lines_that_load_a_file(model):
    lines = python_lines(Path("it's.pt"), model)
    assert lines[:2] == ["import torch", """state = torch.load("it's.pt", weights_only=True)"""]
    assert "\n".join(lines[3:5]) == (
        "model = googlenet(num_classes=3, aux_logits=False,\n"
        "                  transform_input=True, init_weights=False)"
    )  # fmt: skip
    lines = python_lines(Path("a.safetensors"), model)
    assert lines[:2] == ["from safetensors.torch import load_file", "state = load_file('a.safetensors')"]
    lines = python_lines(Path("w.pth"), make("plain"))
    assert "torchvision" not in "".join(lines) and lines[-1].startswith("model.load_state_dict(state)")


class Described:
    """What is asked of a network, without its weights."""

    def __init__(self, preset, channels, heads):
        self.preset, self.aux1 = preset, object() if heads else None
        self.conv1 = nn.Sequential()
        self.conv1.conv = nn.Conv2d(channels, 1, 1)


@pytest.mark.parametrize(
    ("preset", "channels", "heads", "reasons"),
    [
        (presets["torchvision"], 3, True, ""),
        (replace(presets["torchvision"], transform_input=False, dropout=0.5), 3, True, ""),
        (presets["torchvision"], 1, True, "images of 1 channel"),
        (presets["plain"], 3, True, "no batch norm, 5x5 kernels where it has 3x3"),
        (presets["batchnorm"], 2, True, "5x5 kernels where it has 3x3, images of 2 channels"),
        (presets["naive"], 3, True, "no batch norm, 5x5 kernels where it has 3x3, no reductions, local response "
         "normalization, another last max pool"),
        (presets["mnist"], 3, True, "no batch norm, 5x5 kernels where it has 3x3, pools in floor mode, another last "
         "max pool, heads of 3x3 pixels"),
        (presets["mnist"], 3, False, "no batch norm, 5x5 kernels where it has 3x3, pools in floor mode, another last "
         "max pool"),
    ],
)  # fmt: skip
def test_why_torchvision_s_network_is_another(preset, channels, heads, reasons):
    assert why_not_torchvision(Described(preset, channels, heads)) == reasons


def test_without_pytorch_it_says_what_needs_none(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(ImportError, match=r"^a \.pth file needs PyTorch: pip install torch, or write a \.safetensors"):
        try_torch()
