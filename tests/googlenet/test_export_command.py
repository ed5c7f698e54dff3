"""python -m googlenet export WEIGHTS, as a user calls it."""

import json
import os
import sys

import numpy as np
import pytest

import minicnn as mc
from googlenet import GoogLeNet, export_command
from googlenet.__main__ import main
from googlenet.weights import load_model
from googlenet.weights.file import save_network
from googlenet.weights.torch_export import python_lines, why_not_torchvision


def run(capsys, *arguments):
    """Exit status, standard output, standard error."""
    try:
        status = main(["export", *map(str, arguments)])
    except SystemExit as stop:
        status = stop.code
    out, err = capsys.readouterr()
    return status, out, err


def needs(*packages):
    for name in packages:
        pytest.importorskip(name, reason=f"{name} is not installed")


@pytest.fixture
def weights(tmp_path_factory, small_blocks):
    """Weights of two classes, gray images of 40x40."""
    path = tmp_path_factory.mktemp("weights") / "pets.safetensors"
    save_network(path, GoogLeNet(2, "plain", 1, False), image_size=40, classes=("cats", "dogs"))
    return path


@pytest.mark.parametrize("any_size", [False, True])
def test_onnx(capsys, tmp_path, weights, any_size):
    needs("onnx", "onnxruntime")
    path = tmp_path / "net.onnx"
    status, out, err = run(capsys, weights, "--onnx", path, *(["--any-size"] if any_size else []))
    assert (status, err) == (0, "")
    first, _, *lines = out.splitlines()
    assert first == f"{path}: ONNX, opset 17, {path.stat().st_size / 1e6:.1f} MB (preset plain)"
    assert lines[2] == ("# images: float32 (N, 1, H, W)" if any_size else "# images: float32 (N, 1, 40, 40)")
    size = (47, 41) if any_size else (40, 40)
    names = {"images": np.random.default_rng(0).standard_normal((2, 1, *size)).astype(np.float32)}
    exec("\n".join(lines), names)
    expected = load_model(weights)[0](mc.Tensor(names["images"])).numpy()
    np.testing.assert_allclose(names["logits"], expected, rtol=0, atol=1e-5 * np.abs(expected).max())


def test_safetensors_for_pytorch(capsys, tmp_path, weights):
    path = tmp_path / "w.safetensors"
    status, out, err = run(capsys, weights, "--torch", path)
    assert (status, err) == (0, "")
    model, info = load_model(path)
    first, *others = out.splitlines()
    size = f"{path.stat().st_size / 1e6:.1f} MB"
    assert first == f"{path}: a state dict for PyTorch, with torchvision's names, {size} (preset plain)"
    assert " ".join(others[: others.index("")]) == (
        f"torchvision's googlenet does not load it, as this network has {why_not_torchvision(model)}."
    )
    assert max(map(len, others[: others.index("")])) <= 80
    assert others[others.index("") + 1 :] == python_lines(path, model)
    assert info["classes"] == ("cats", "dogs")


def test_json(capsys, tmp_path, weights):
    path = tmp_path / "w.safetensors"
    status, out, _ = run(capsys, weights, "--torch", path, "--json")
    model, _ = load_model(path)
    assert status == 0
    assert json.loads(out) == {
        "file": str(path), "kind": "torch", "bytes": path.stat().st_size, "preset": "plain", "num_classes": 2,
        "python": python_lines(path, model), "torchvision_differs": why_not_torchvision(model),
    }  # fmt: skip


def test_pth(capsys, tmp_path, weights, monkeypatch):
    asked = []
    monkeypatch.setattr(export_command, "try_torch", lambda: asked.append("torch"))
    monkeypatch.setattr(export_command, "write_torch", lambda path, *_: path.write_bytes(b"12"))
    status, out, _ = run(capsys, weights, "--torch", tmp_path / "w.pth")
    assert status == 0 and asked == ["torch"] and "torch.load(" in out


def test_a_file_that_is_there_is_replaced_and_nothing_is_left_beside_it(capsys, tmp_path, weights):
    path = tmp_path / "w.safetensors"
    path.write_text("old")
    assert run(capsys, weights, "--torch", path)[0] == 0
    load_model(path)
    assert [file.name for file in tmp_path.iterdir()] == ["w.safetensors"]


def test_what_cannot_be_done_is_one_line_and_nothing_is_written(capsys, tmp_path, weights):
    (tmp_path / "folder.safetensors").mkdir()
    (tmp_path / "link.safetensors").symlink_to(weights)
    (tmp_path / "text.safetensors").write_text("text")
    before = weights.read_bytes(), sorted(os.listdir(tmp_path))
    for arguments, message in [
        ([weights, "--onnx", tmp_path / "x.pth"], "--onnx: got {}/x.pth, expected a name that ends in .onnx"),
        ([weights, "--torch", tmp_path / "x.onnx"], "expected a name that ends in .pth, .pt, .safetensors"),
        ([weights, "--torch", tmp_path / "x"], "--torch: got {}/x, expected a name that ends in"),
        ([weights, "--torch", weights], "pets.safetensors is the file that is exported; choose another name"),
        ([weights, "--torch", tmp_path / "link.safetensors"], "link.safetensors is the file that is exported"),
        ([weights, "--torch", tmp_path / "x.pt", "--any-size"], "--any-size: does nothing beside --torch"),
        ([weights, "--torch", tmp_path / "folder.safetensors"], "is a folder, expected a file"),
        ([weights, "--torch", tmp_path / "no" / "x.safetensors"], "/no/x.safetensors: No such file or directory"),
        ([tmp_path / "gone", "--torch", tmp_path / "x.safetensors"], "gone: No such file or directory"),
        ([tmp_path / "text.safetensors", "--torch", tmp_path / "x.safetensors"], "not a whole safetensors file"),
        ([weights], "one of the arguments --onnx --torch is required"),
        ([weights, "--onnx", "a.onnx", "--torch", "a.pth"], "not allowed with"),
        ([weights, "--onnx", ""], "got nothing between the quotes"),
    ]:
        status, out, err = run(capsys, *arguments)
        assert (status, out, len(err.splitlines())) == (2, "", 1), (arguments, err)
        assert message.format(tmp_path) in err
    assert (weights.read_bytes(), sorted(os.listdir(tmp_path))) == before


@pytest.mark.parametrize(("option", "name", "package"), [("--onnx", "x.onnx", "onnx"), ("--torch", "x.pt", "torch")])
def test_a_missing_package_is_found_out_before_the_weights_are_read(
    capsys, tmp_path, monkeypatch, option, name, package
):
    monkeypatch.setitem(sys.modules, package, None)
    status, out, err = run(capsys, "weights", option, tmp_path / name)
    assert (status, out, len(err.splitlines())) == (2, "", 1)
    assert "pip install" in err and "weights" not in err
