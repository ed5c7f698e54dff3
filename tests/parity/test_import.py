"""Imported networks beside the programs they come from: torchvision's googlenet, and PyTorch networks of tutorials.

Weights, biases and running statistics are random. The files are written by torch.save; the command reads them.
"""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from support import REPOSITORY, needs_torch, torch
from vision import torchvision

import minicnn as mc
from googlenet.__main__ import main
from googlenet.data.preprocessing import Preprocessing
from googlenet.weights import load_model

pytestmark = [
    pytest.mark.parity,
    pytest.mark.everything("long runs"),
    needs_torch,
    pytest.mark.skipif(torchvision is None, reason="torchvision is not installed: pip install torchvision"),
]
TOLERANCE = 1e-4  # of the logits, relative to the largest
CLASSES = 12
DATA = Path(os.environ.get("MINICNN_DATA", REPOSITORY.parent / "shared" / "data"))
PHOTOS = DATA / "flowers" / "train" / "daisy"
PRESETS = ["torchvision", "batchnorm", "plain"]


@pytest.fixture
def tmp_path(tmp_path):
    """These files have 25 to 53 MB each: away with them at once."""
    yield tmp_path
    shutil.rmtree(tmp_path, ignore_errors=True)


def network(heads=True, transform=True, eps=1e-3):
    """torchvision's own, in evaluation, with random everything."""
    torch.manual_seed(0)
    model = torchvision.models.googlenet(
        num_classes=CLASSES, aux_logits=heads, transform_input=transform, init_weights=False
    )
    for name, tensor in (*model.named_parameters(), *model.named_buffers()):
        with torch.no_grad():
            if name.endswith("running_var"):
                tensor.uniform_(0.3, 2)
            elif name.endswith("bn.weight"):
                tensor.uniform_(0.5, 1.5)
            elif tensor.ndim > 1:
                torch.nn.init.kaiming_normal_(tensor)
            elif tensor.is_floating_point():
                tensor.normal_(0, 0.3)
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.eps = eps
    return model.eval()


def imported(tmp_path, content, *options):
    """The content in a file, imported: the network and what its file says."""
    torch.save(content, tmp_path / "theirs.pth")
    assert main(["import", str(tmp_path / "theirs.pth"), "-o", str(tmp_path / "ours.safetensors"), *options]) == 0
    return load_model(tmp_path / "ours.safetensors")


def images(size, count=1):
    return np.random.default_rng(size).integers(0, 256, (count, size, size, 3), dtype=np.uint8)


def agree(ours, theirs, tolerance=TOLERANCE):
    theirs = theirs.detach().numpy()
    assert theirs.std() > 0.1  # else nothing is compared
    assert np.abs(ours.data - theirs).max() / np.abs(theirs).max() < tolerance


def says_the_same(model, info, theirs, theirs_preprocessing, pixels):
    ours = model(mc.Tensor(np.stack([info["preprocessing"].normalize(image) for image in pixels])))
    with torch.no_grad():
        x = torch.tensor(np.stack([theirs_preprocessing.normalize(image) for image in pixels]))
        agree(ours, theirs(x))


@pytest.mark.parametrize("preset", PRESETS)
def test_torchvision_s_network_says_the_same_in_each_preset(tmp_path, preset):
    theirs = network(heads=False)
    model, info = imported(tmp_path, theirs.state_dict(), "--preset", preset)
    assert info["preset"] == preset and model.aux1 is None
    for size, count in ((64, 2), (97, 1)):
        says_the_same(model, info, theirs, Preprocessing(size), images(size, count))


@pytest.mark.parametrize("preset", PRESETS)
def test_a_photo_has_the_same_logits(tmp_path, preset):
    if not PHOTOS.is_dir():
        pytest.skip("needs the photos of flowers")
    from PIL import Image

    theirs = network()
    content = {"epoch": 1, "state_dict": {f"module.{name}": value for name, value in theirs.state_dict().items()}}
    model, info = imported(tmp_path, content, "--preset", preset)
    path = next(path for path in sorted(PHOTOS.iterdir()) if path.suffix == ".jpg")
    with Image.open(path) as photo:
        ours = model(mc.Tensor(info["preprocessing"](photo)[None]))
    with Image.open(path) as photo, torch.no_grad():
        agree(ours, theirs(torch.tensor(Preprocessing(224)(photo)[None])))


@pytest.mark.parametrize("preset", PRESETS)
def test_the_heads_come_along(tmp_path, preset):
    """Of features that both pool alike: 4x4 stay as they are."""
    theirs = network()
    model, _ = imported(tmp_path, theirs.state_dict(), "--preset", preset)
    rng = np.random.default_rng(0)
    for ours, other, channels in ((model.aux1, theirs.aux1, 512), (model.aux2, theirs.aux2, 528)):
        features = rng.random((3, channels, 4, 4)).astype(np.float32)
        with torch.no_grad():
            agree(ours(mc.Tensor(features)), other(torch.tensor(features)))


@pytest.mark.parametrize("preset", PRESETS)
def test_a_network_without_transform_input(tmp_path, preset):
    theirs = network(heads=False, transform=False)
    model, info = imported(tmp_path, theirs.state_dict(), "--preset", preset, "--no-transform-input")
    says_the_same(model, info, theirs, Preprocessing(64), images(64, 2))


def as_in_a_tutorial(state):
    """a3.b2.3 for the second convolution of 3a's second branch, a3.b2.4 for the batch norm behind it."""
    found = {}
    for name, value in state.items():
        name = re.sub(r"^inception(\d)(\w)\.branch", r"\2\1.b", name)
        name = re.sub(r"(b1)\.(conv|bn)", r"\1.0.\2", name)
        name = re.sub(r"(\d)\.(conv|bn)\.", lambda m: f"{3 * int(m[1]) + (m[2] == 'bn')}.", name)
        found[name.replace("fc.", "linear.")] = value
    return found


@pytest.mark.parametrize("preset", PRESETS)
def test_a_tutorial_with_its_own_names_and_eps(tmp_path, preset):
    """Normalized by 0.5, as tutorials do."""
    theirs = network(heads=False, transform=False, eps=1e-5)
    with torch.no_grad():
        for name, buffer in theirs.named_buffers():
            if name.endswith("running_var"):
                buffer.mul_(0.01)  # so that eps counts
        for name, parameter in theirs.named_parameters():
            if name.endswith("bn.weight"):
                parameter.mul_(0.1)
    model, info = imported(tmp_path, as_in_a_tutorial(theirs.state_dict()), "--preset", preset)
    half = (0.5, 0.5, 0.5)
    says_the_same(model, info, theirs, Preprocessing(64, mean=half, std=half), images(64, 2))


@pytest.mark.parametrize("order", ["as defined", "sorted, in safetensors"])
def test_names_that_tell_nothing(tmp_path, order):
    """Modules in a row, 0, 1, 2: by their order, which safetensors loses, but numbers keep."""
    theirs = network(heads=False, transform=False, eps=1e-5)
    numbers = {}
    state = {}
    for name, value in theirs.state_dict().items():
        module, _, part = name.rpartition(".")
        state[f"{numbers.setdefault(module, len(numbers))}.{part}"] = value
    path = tmp_path / "theirs"
    if order == "as defined":
        torch.save(state, path)
    else:
        mc.save({name: value.numpy() for name, value in sorted(state.items())}, path)
    assert main(["import", str(path), "-o", str(tmp_path / "ours"), "--preset", "plain"]) == 0
    model, info = load_model(tmp_path / "ours")
    half = (0.5, 0.5, 0.5)
    says_the_same(model, info, theirs, Preprocessing(64, mean=half, std=half), images(64, 2))


def test_the_way_over_a_file_of_ours_is_the_same(tmp_path):
    theirs = network()
    imported(tmp_path, theirs.state_dict())
    first, second = tmp_path / "ours.safetensors", tmp_path / "second"
    assert main(["import", str(first), "-o", str(second), "--preset", "plain"]) == 0
    direct, _ = imported(tmp_path, theirs.state_dict(), "--preset", "plain")
    model, _ = load_model(second)
    for name, tensor in direct.state_dict().items():
        np.testing.assert_array_equal(model.state_dict()[name].data, tensor.data, err_msg=name)


def test_what_is_wrong_with_a_real_file(tmp_path, capsys):
    state = dict(network().state_dict())
    del state["inception4c.branch2.1.conv.weight"]
    state["fc.bias"] = state["fc.bias"][:-1]
    torch.save(state, tmp_path / "x.pth")
    assert main(["import", str(tmp_path / "x.pth"), "-o", str(tmp_path / "out")]) == 2
    line = capsys.readouterr().err
    assert (
        "fc.bias has shape (11,), expected (12,); missing: inception4c.branch2.1.conv.weight (256, 128, 3, 3)" in line
    )
    assert line.count("\n") == 1 and not (tmp_path / "out").exists()
