"""python -m googlenet import FILE -o OUT, as a user calls it."""

import argparse
import json
import os
import shutil
from dataclasses import replace

import numpy as np
import pytest
from caffe_files import caffe_weights, caffemodel
from onnx_files import googlenet_onnx
from PIL import Image
from random_networks import arrays_of, random_network

import googlenet.model
import minicnn as mc
from googlenet import GoogLeNet, import_command
from googlenet.__main__ import main
from googlenet.data.imagenet import IMAGENET_CLASSES
from googlenet.data.preprocessing import Preprocessing
from googlenet.import_command import asked_preprocessing, class_names, next_command, presets_of
from googlenet.presets import presets
from googlenet.weights import load_model
from googlenet.weights.foreign import Foreign


@pytest.fixture
def tmp_path(tmp_path):
    """These files have 25 MB each: away with them at once."""
    yield tmp_path
    shutil.rmtree(tmp_path, ignore_errors=True)


@pytest.fixture(autouse=True)
def quick_initial_weights(request, monkeypatch):
    """The classifiers' alone: random numbers for all layers would take most of the time."""
    if request.node.get_closest_marker("everything"):
        return
    monkeypatch.setattr(googlenet.model, "initialize", lambda model, _: model.fc.weight.data.fill(0.25))


def network(preset="plain", classes=3, kind="tutorial", **more):
    """What a reader makes of a file: weights of 1, 2, 3, ... by layer."""
    model = GoogLeNet(classes, preset, aux_heads=False)
    for number, tensor in enumerate(model.state_dict().values()):
        tensor.data[...] = number
    state = {name: tensor.data for name, tensor in model.state_dict().items()}
    return Foreign(kind, preset, state, Preprocessing(224), **more)


@pytest.fixture
def file(tmp_path, monkeypatch):
    """A file, which is read as the network in `found`."""
    path = tmp_path / "tutorial.pth"
    path.write_bytes(b"PK")
    found = {"network": network()}
    monkeypatch.setattr(import_command, "read_foreign", lambda path: found["network"])
    return path, found


@pytest.fixture
def saved(monkeypatch):
    """What is to be saved, by path, in place of files of 25 MB."""
    kept = {}
    monkeypatch.setattr(import_command, "save_network", lambda path, model, **info: kept.update({path: (model, info)}))
    return kept


def run(capsys, *arguments):
    """Exit status, standard output, standard error."""
    try:
        status = main(["import", *map(str, arguments)])
    except SystemExit as stop:
        status = stop.code
    out, err = capsys.readouterr()
    return status, out, err


def test_a_file_becomes_ours(capsys, file, tmp_path):
    path, found = file
    found["network"] = network(classes=3, notes=("found by their names",))
    out = tmp_path / "ours.safetensors"
    status, said, err = run(capsys, path, "-o", out)
    assert (status, err) == (0, "")
    model, info = load_model(out)
    for name, array in found["network"].state.items():
        np.testing.assert_array_equal(model.state_dict()[name].data, array, err_msg=name)
    assert (info["preset"], info["classes"], info["image_size"]) == ("plain", ("class 0", "class 1", "class 2"), 224)
    assert info["preprocessing"] == Preprocessing(224)
    assert info["imported"] == {"file": "tutorial.pth", "kind": "tutorial", "mode": "exact", "steps": []}
    assert "into preset plain, exact: the same logits" in said
    assert "note: found by their names" in said
    assert said.splitlines()[-1] == f"next:    python -m googlenet predict {out} photo.jpg"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["ours.safetensors", "tutorial.pth"]


def test_other_classes_are_new_and_said_to_be(capsys, file, saved, tmp_path):
    path, found = file
    out = tmp_path / "ours.safetensors"
    status, said, _ = run(capsys, path, "-o", out, "--classes", "cat,dog")
    assert status == 0
    model, info = saved[out]
    assert info["classes"] == ("cat", "dog")
    assert (model.fc.weight.data == 0.25).all() and model.fc.weight.shape == (2, 1024)
    np.testing.assert_array_equal(model.conv1.conv.weight.data, found["network"].state["conv1.conv.weight"])
    assert "2 classes, 3 in the file: the classifiers are new" in said
    assert said.splitlines()[-1] == f"next:    python train.py --init {out} --data photos/"


def test_json_is_the_same_as_a_record(capsys, file, saved, tmp_path):
    path, _ = file
    options = ["--classes", "2", "--mean", "0.4", "--crop", "whole"]
    status, said, _ = run(capsys, path, "-o", tmp_path / "x", "--json", *options)
    found = json.loads(said)
    assert status == 0
    assert (found["file"], found["out"], found["kind"]) == (str(path), str(tmp_path / "x"), "tutorial")
    assert (found["file_preset"], found["preset"], found["mode"]) == ("plain", "plain", "exact")
    assert (found["classes"], found["new"], found["layers"]) == (["class 0", "class 1"], ["fc"], [])
    assert found["preprocessing"]["mean"] == [0.4] * 3 and found["preprocessing"]["crop"] == "whole"
    assert found["aux_heads"] is False


def test_what_fits_is_copied_and_reported_layer_by_layer(capsys, file, saved, tmp_path):
    path, found = file
    found["network"] = network("torchvision", kind="torchvision")
    out = tmp_path / "x"
    status, said, _ = run(capsys, path, "-o", out, "--mode", "copy", "--preset", "paper")
    assert status == 0
    model, info = saved[out]
    taken = found["network"].state["conv1.conv.weight"]
    np.testing.assert_array_equal(model.conv1.conv.weight.data, taken)
    assert info["preprocessing"].mean == (0.5, 0.5, 0.5)  # what its kernels expect; preset paper has no such step
    lines = said.splitlines()
    assert "inception3a.branch1.conv     taken  weights; the file has no biases" in lines
    assert "inception3a.branch3.1.conv   new    32x16x5x5 here, 32x16x3x3 in the file" in lines
    assert "taken: 48 of 58 layers, 5,371,072 numbers" in lines
    assert "  - 57 layers of the file have no place here, such as conv1.bn" in lines
    assert lines[-1].startswith("next:    python train.py --init")
    assert max(len(line) for line in lines if str(tmp_path) not in line) <= 80
    status, said, _ = run(capsys, path, "-o", out, "--mode", "copy", "--preset", "paper", "--json")
    layers = {layer["name"]: layer for layer in json.loads(said)["layers"]}
    assert layers["conv1.conv"] == {"name": "conv1.conv", "taken": True, "numbers": 9408,
                                    "why": "weights; the file has no biases"}  # fmt: skip


@pytest.mark.everything("long runs")
@pytest.mark.parametrize("kind", ["caffe", "onnx"])
def test_from_caffe_s_or_onnx_s_file_of_imagenet_to_a_name(capsys, tmp_path, kind):
    """Two commands, import and predict: the photo comes to the network as Caffe's do."""
    model = random_network(1000, "paper")
    if kind == "caffe":
        (tmp_path / "net").write_bytes(caffemodel(caffe_weights(arrays_of(model))))
    else:
        pytest.importorskip("onnx")
        (tmp_path / "net").write_bytes(googlenet_onnx(model).SerializeToString())
    status, said, _ = run(capsys, tmp_path / "net", "-o", tmp_path / "x")
    assert status == 0 and "into preset paper, exact: the same logits" in said
    assert "224x224 BGR, center, mean 0.4078 0.4588 0.4824, std 0.003922" in said
    pixels = np.random.default_rng(0).integers(0, 256, (256, 256, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "photo.png")
    assert main(["predict", str(tmp_path / "x"), str(tmp_path / "photo.png"), "--json", "--top", "1"]) == 0
    [[best]] = [photo["predictions"] for photo in json.loads(capsys.readouterr().out)]
    x = pixels[16:240, 16:240, ::-1].astype(np.float32) - np.array([104, 117, 123], np.float32)
    logits = model(mc.Tensor(x.transpose(2, 0, 1)[None].copy())).data[0]
    assert best["class"] == IMAGENET_CLASSES[int(logits.argmax())]


# ---- what is refused -----------------------------------------------------------------------------------------------


def refused(capsys, *arguments):
    """The line on standard error, after a status of 2 and nothing else."""
    status, said, err = run(capsys, *arguments)
    assert (status, said, err.count("\n")) == (2, "", 1)
    return err


def test_a_preset_that_says_something_else(capsys, file, tmp_path):
    path, found = file
    found["network"] = network("torchvision", kind="torchvision")
    line = refused(capsys, path, "-o", tmp_path / "x", "--preset", "paper")
    assert "error: --preset paper cannot say the same as the file: local_response_norm is yes there" in line
    assert not (tmp_path / "x").exists()


def test_images_too_small_for_the_preset(capsys, file, tmp_path):
    path, found = file
    found["network"] = network("mnist")
    line = refused(capsys, path, "-o", tmp_path / "x", "--image-size", "64")
    assert "--image-size is 64, preset mnist needs at least 125" in line


def test_names_out_of_a_file_do_not_reach_the_terminal_as_they_are(capsys, file, tmp_path, monkeypatch):
    def read(path):
        raise ValueError(f"{path}: not expected: \x1b[2J\nfc")

    monkeypatch.setattr(import_command, "read_foreign", read)
    assert "not expected: \N{REPLACEMENT CHARACTER}[2J fc\n" in refused(capsys, file[0], "-o", tmp_path / "x")


def test_the_file_itself_is_not_overwritten(capsys, file, tmp_path):
    path, _ = file
    os.link(path, tmp_path / "other")
    for out in (path, tmp_path / "other"):
        assert "is the file itself, expected another name" in refused(capsys, path, "-o", out)
    assert path.read_bytes() == b"PK"


def test_only_a_file_of_ours_is_replaced(capsys, file, saved, tmp_path):
    path, _ = file
    out = tmp_path / "out"
    out.write_text("a diary")
    assert "is there, and not a file of ours" in refused(capsys, path, "-o", out)
    assert out.read_text() == "a diary"
    mc.save({}, out, {"googlenet": "{}"})
    assert run(capsys, path, "-o", out)[0] == 0 and out in saved


def test_no_place_to_write_to(capsys, file, tmp_path):
    path, _ = file
    assert "is a folder, expected the name of a file" in refused(capsys, path, "-o", tmp_path)
    assert "No such file or directory" in refused(capsys, path, "-o", tmp_path / "gone" / "x")
    assert "no regular file" in refused(capsys, path, "-o", os.devnull)


def test_without_a_file_or_an_output(capsys, tmp_path):
    assert "nowhere: No such file" in refused(capsys, tmp_path / "nowhere", "-o", tmp_path / "x")
    assert "-o/--out" in refused(capsys, "x")


# ---- the parts -----------------------------------------------------------------------------------------------------


def small(outputs=2, **more):
    """A network of which nothing but the number of classes and channels is looked at."""
    state = {"fc.weight": np.ones((outputs, 1)), "conv1.conv.weight": np.ones((1, 3, 1, 1))}
    return Foreign("torchvision", "torchvision", state, Preprocessing(224), **more)


def test_the_classes_of_the_file():
    assert class_names(None, small()) == ("class 0", "class 1")
    assert class_names(None, small(1000)) == IMAGENET_CLASSES
    assert class_names("1000", small(1000)) == IMAGENET_CLASSES
    assert class_names(None, small(classes=("a", "b"))) == ("a", "b")
    assert class_names("3", small()) == ("class 0", "class 1", "class 2")


def test_classes_by_name_from_the_command_line_or_a_file(tmp_path):
    assert class_names("cat, dog", small()) == ("cat", "dog")
    (tmp_path / "names.txt").write_text("\ufeffcat\n\nÜbung\n", encoding="utf-8")
    assert class_names(str(tmp_path / "names.txt"), small()) == ("cat", "Übung")


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ("0", "got 0, expected 1 to 100,000"),
        ("100001", "got 100001, expected 1 to 100,000"),
        ("cat", "got 'cat', expected a number, names with commas between them, or a file"),
        ("cat,dog,cat", "got 3 names, 2 of them different, expected each once"),
        (",", "got 0 names"),
    ],
)
def test_classes_that_cannot_be_meant(asked, message):
    with pytest.raises(ValueError, match=f"^--classes: {message}"):
        class_names(asked, small())


def test_files_that_are_no_list_of_classes(tmp_path):
    (tmp_path / "x").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ValueError, match="x is no text, expected a name a line"):
        class_names(str(tmp_path / "x"), small())
    with (tmp_path / "x").open("wb") as file:
        file.truncate(2**22 + 1)
    with pytest.raises(ValueError, match="x has more than 4,194,304 bytes"):
        class_names(str(tmp_path / "x"), small())


def asked(**more):
    return argparse.Namespace(**{"mean": None, "std": None, "crop": None, "image_size": None, **more})


def test_what_the_user_says_of_the_images_holds():
    usual = Preprocessing(224)
    assert asked_preprocessing(usual, asked()) == usual
    found = asked_preprocessing(usual, asked(mean=[0.5], std=[0.1, 0.2, 0.3], crop="whole", image_size=82))
    assert found == Preprocessing(82, mean=(0.5,) * 3, std=(0.1, 0.2, 0.3), crop="whole")
    with pytest.raises(ValueError, match="--std: got 2 numbers, expected 3"):
        asked_preprocessing(usual, asked(std=[0.5, 0.5]))


def test_around_a_tutorial_s_weights_is_the_preset_that_the_user_names():
    weights = replace(small(), kind="tutorial", preset="plain")
    assert presets_of(weights, None, None) == (presets["plain"], presets["plain"])
    source, target = presets_of(weights, "paper", None)
    assert (source, target) == (presets["paper"], presets["paper"])
    source, target = presets_of(replace(weights, preset="torchvision"), "paper", None)
    assert (source.local_response_norm, source.batch_norm, source.kernel_5x5) == (True, True, 3)
    assert presets_of(weights, "naive", None)[0].reductions
    assert not presets_of(replace(weights, preset="torchvision"), None, None)[0].transform_input


def test_around_torchvision_s_weights_is_torchvision_s_preset():
    assert presets_of(small(), "plain", None) == (presets["torchvision"], presets["plain"])
    source, target = presets_of(small(), None, False)
    assert source == replace(presets["torchvision"], transform_input=False)
    assert target == presets["torchvision"]


def test_a_tutorial_s_images_have_the_size_of_the_preset(capsys, file, saved, tmp_path):
    path, _ = file
    run(capsys, path, "-o", tmp_path / "x", "--preset", "catsdogs")
    [(_, info)] = saved.values()
    assert info["image_size"] == info["preprocessing"].image_size == 82


def test_what_to_type_next_can_be_typed():
    found = argparse.Namespace(new=(), out="my weights")
    assert next_command(found) == "python -m googlenet predict 'my weights' photo.jpg"
