"""Files of PyTorch programs: what is in them, and that nothing of it is executed."""

import os
import pickle
import sys
import zipfile

import numpy as np
import pytest
from support import needs_torch, torch

import minicnn as mc
from googlenet.data.preprocessing import Preprocessing
from googlenet.weights import torch_file
from googlenet.weights.torch_file import classes_in, read_safetensors, read_torch, weights_in
from minicnn import nn

ARRAYS = {"conv.weight": np.arange(6, dtype=np.float32).reshape(2, 3), "conv.bias": np.ones(2, np.float32)}


@pytest.fixture
def recognized(monkeypatch):
    """What `recognize` is given, in place of what it makes of it."""
    given = []
    monkeypatch.setattr(torch_file, "recognize", lambda arrays, classes=None: given.append((arrays, classes)))
    return given


def tensors(dtype=None):
    return {name: torch.tensor(array).to(dtype or torch.float32) for name, array in ARRAYS.items()}


# ---- .pth ----------------------------------------------------------------------------------------------------------


@needs_torch
@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize(
    ("wrap", "names"),
    [
        (lambda state: state, None),
        (lambda state: {"epoch": 3, "state_dict": state, "class_to_idx": {"b": 1, "a": 0}}, ("a", "b")),
        (lambda state: {"model": {"state_dict": state}, "classes": ["a", "b"]}, ("a", "b")),
    ],
)
def test_a_state_dict_however_it_is_wrapped(tmp_path, recognized, zipped, wrap, names):
    torch.save(wrap(tensors()), tmp_path / "x", _use_new_zipfile_serialization=zipped)
    read_torch(tmp_path / "x")
    [(arrays, classes)] = recognized
    assert list(arrays) == list(ARRAYS)
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(arrays[name], array)
    assert classes == names


@needs_torch
def test_other_precisions_and_counts(tmp_path, recognized):
    state = {**tensors(torch.bfloat16), "bn.num_batches_tracked": torch.tensor(3), "version": 2}
    torch.save(state, tmp_path / "x")
    read_torch(tmp_path / "x")
    [(arrays, _)] = recognized
    assert [array.dtype.name for array in arrays.values()] == ["float32", "float32", "int64"]


class Evil:
    """A pickle of it, where it is executed, makes a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


@needs_torch
@pytest.mark.parametrize("how", ["zip", "old", "pickle"])
def test_code_in_a_pickle_is_not_run(tmp_path, how):
    evil = {"conv.weight": Evil(tmp_path / "made")}
    if how == "pickle":
        (tmp_path / "x").write_bytes(pickle.dumps(evil, protocol=2))
    else:
        torch.save(evil, tmp_path / "x", _use_new_zipfile_serialization=how == "zip")
    with pytest.raises(ValueError, match=r"x: needs code to be loaded \((posix|nt)\.mkdir\), and none is run\. Save"):
        read_torch(tmp_path / "x")
    assert not (tmp_path / "made").exists()
    pickle.loads(pickle.dumps(evil))  # it does, where it is let
    assert (tmp_path / "made").exists()


@needs_torch
def test_a_whole_module_needs_code(tmp_path):
    torch.save(torch.nn.Linear(2, 2), tmp_path / "x")
    with pytest.raises(ValueError, match=r"needs code to be loaded \(torch\.nn\.modules\.linear\.Linear\)"):
        read_torch(tmp_path / "x")


@needs_torch
@pytest.mark.everything("long runs")
def test_a_torchscript_program_is_refused(tmp_path):
    torch.jit.save(torch.jit.script(torch.nn.Linear(2, 2)), tmp_path / "x")
    with pytest.raises(ValueError, match="x: a TorchScript program"):
        read_torch(tmp_path / "x")


@needs_torch
@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_a_file_cut_off(tmp_path, zipped, share):
    torch.save(tensors(), tmp_path / "x", _use_new_zipfile_serialization=zipped)
    content = (tmp_path / "x").read_bytes()
    (tmp_path / "x").write_bytes(content[: int(share * len(content))])
    with pytest.raises(ValueError, match=r"x: no whole file of PyTorch's \(.*copy or download it again$"):
        read_torch(tmp_path / "x")


@needs_torch
def test_a_zip_that_unpacks_to_more_than_any_googlenet_is_not_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr(torch_file, "LARGEST", 10**6)
    with zipfile.ZipFile(tmp_path / "x", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x/data.pkl", bytes(10**6 + 1))
    monkeypatch.setattr(torch, "load", pytest.fail)
    assert (tmp_path / "x").stat().st_size < 10_000
    with pytest.raises(ValueError, match="x: unpacks to 1,000,001 bytes, expected at most 1,000,000"):
        read_torch(tmp_path / "x")


@needs_torch
def test_a_pickle_that_is_larger_than_any_is_not_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr(torch_file, "LARGEST_PICKLE", 10**5)
    with zipfile.ZipFile(tmp_path / "x", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x/data.pkl", bytes(10**5 + 1))
    monkeypatch.setattr(zipfile.ZipFile, "read", pytest.fail)
    with pytest.raises(ValueError, match="x: its pickle has over 100,000 bytes, which no weights need"):
        read_torch(tmp_path / "x")


class Zeros:
    """A pickle of it makes so many zeros."""

    def __init__(self, length):
        self.length = length

    def __reduce__(self):
        return bytearray, (self.length,)


@needs_torch
@pytest.mark.parametrize("zipped", [True, False])
def test_zeros_of_any_length_are_not_made(tmp_path, monkeypatch, zipped):
    torch.save({"fc.weight": Zeros(1000)}, tmp_path / "x", _use_new_zipfile_serialization=zipped)
    monkeypatch.setattr(torch, "load", pytest.fail)
    with pytest.raises(ValueError, match="x: makes a bytearray, which no weights need"):
        read_torch(tmp_path / "x")


@needs_torch
def test_a_damaged_zip(tmp_path):
    torch.save(tensors(), tmp_path / "x")
    content = (tmp_path / "x").read_bytes()
    (tmp_path / "x").write_bytes(content.replace(b"conv.weight", b"conv.weighs", 1))  # the checksum tells
    with pytest.raises(ValueError, match=r"x: no whole file of PyTorch's \(Bad CRC-32"):
        read_torch(tmp_path / "x")


@needs_torch
def test_one_number_seen_as_a_million_is_not_copied(tmp_path, monkeypatch):
    monkeypatch.setattr(torch_file, "LARGEST", 10**6)
    torch.save({"fc.weight": torch.zeros(1).expand(1000, 1000)}, tmp_path / "x")
    assert (tmp_path / "x").stat().st_size < 10_000
    with pytest.raises(ValueError, match=r"x: its arrays have 4,000,000 bytes, expected at most 1,000,000"):
        read_torch(tmp_path / "x")


@needs_torch
@pytest.mark.parametrize(
    ("content", "message"),
    [
        ([1, 2], "x: holds a list, expected a state dict"),
        ({}, "x: holds no weights"),
        ({"epoch": 3}, "x: holds no weights"),
        ({1: 2}, "x: holds a dict, expected a state dict"),
        ({"fc.weight": "meta"}, "x: its weights are no plain numbers"),
    ],
)
def test_other_content(tmp_path, content, message):
    if content == {"fc.weight": "meta"}:
        content = {"fc.weight": torch.ones(2, device="meta")}  # a shape without numbers
    torch.save(content, tmp_path / "x")
    with pytest.raises(ValueError, match=message):
        read_torch(tmp_path / "x")


def test_without_torch_it_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    (tmp_path / "x.pth").write_bytes(b"PK\x03\x04")
    with pytest.raises(ImportError, match=r"x\.pth: a file of PyTorch needs torch to be read: pip install torch\."):
        read_torch(tmp_path / "x.pth")


@pytest.mark.parametrize(
    ("content", "names"),
    [
        ({"class_names": ["b", "a"]}, ("b", "a")),
        ({"class_to_idx": {"b": 0, "a": 1}}, ("b", "a")),
        ({"class_to_idx": {"b": 0, "a": 2}}, None),
        ({"class_to_idx": {"b": 0, "a": "1"}}, None),
        ({"classes": [1, 2]}, None),
        ({"classes": 2}, None),
        ([1], None),
    ],
)
def test_the_names_of_classes_in_a_checkpoint(content, names):
    assert classes_in(content) == names


def test_a_wrapper_is_one_only_where_it_holds_something():
    assert weights_in({"model": {"a": 1}, "net": 3}) == {"a": 1}
    assert weights_in({"net": 3}) == {"net": 3}


def test_what_holds_itself_does_not_last_for_ever():
    content = {"a": 1}
    content["model"] = content
    assert weights_in(content) is content


# ---- .safetensors --------------------------------------------------------------------------------------------------


def test_safetensors_need_no_torch(tmp_path, recognized, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    mc.save(ARRAYS, tmp_path / "x")
    read_safetensors(tmp_path / "x")
    [(arrays, classes)] = recognized
    assert arrays.keys() == ARRAYS.keys() and classes is None


def test_what_is_wrong_in_safetensors_names_the_file(tmp_path):
    mc.save({"fc.weight": np.ones((2, 2), np.int32)}, tmp_path / "x")
    with pytest.raises(ValueError, match=r"x: no weights to compute with: fc\.weight is int32"):
        read_safetensors(tmp_path / "x")


def test_our_own_file_keeps_what_it_says(tmp_path, monkeypatch):
    layer, preprocessing = nn.Linear(2, 2), Preprocessing(82, crop="whole")
    info = {"preset": "catsdogs", "preprocessing": preprocessing, "classes": ("cat", "dog"), "in_channels": 3}
    monkeypatch.setattr(torch_file, "load_model", lambda path: (layer, info))
    mc.save(ARRAYS, tmp_path / "x", {"googlenet": "{}"})
    found = read_safetensors(tmp_path / "x")
    assert (found.kind, found.preset, found.classes) == ("ours", "catsdogs", ("cat", "dog"))
    assert found.preprocessing == preprocessing
    assert found.state["weight"] is layer.weight.data
    info |= {"preprocessing": None, "in_channels": 2}
    with pytest.raises(ValueError, match=r"x: for images of 2 channels, expected 1 \(gray\) or 3 \(color\)"):
        read_safetensors(tmp_path / "x")


def test_the_state_of_a_training_is_no_file_of_weights(tmp_path):
    mc.save(ARRAYS, tmp_path / "x", {"training": "{}"})
    with pytest.raises(ValueError, match="the state of a training"):
        read_safetensors(tmp_path / "x")
