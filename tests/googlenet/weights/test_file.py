"""Weights in a file that says for which network they are."""

import json

import numpy as np
import pytest

import minicnn as mc
from googlenet import GoogLeNet
from googlenet.training.options import Options
from googlenet.weights import file, load_model, save_model
from googlenet.weights.card import model_card
from googlenet.weights.file import metadata, save_network
from minicnn import Tensor

pytestmark = pytest.mark.usefixtures("small_blocks")


def saved(path, preset="paper", classes=4, channels=1, heads=True):
    mc.manual_seed(3)
    model = GoogLeNet(classes, preset, channels, heads)
    options = Options(preset=preset, aux_heads=heads, image_size=48)
    save_model(path, model, options, {"epoch": 7, "test_accuracy": 0.875})
    return model


@pytest.mark.parametrize(
    ("preset", "classes", "channels", "heads"),
    [("paper", 4, 1, True), ("plain", 2, 3, False), ("batchnorm", 10, 1, True), ("batchnorm", 3, 2, False)],
)
def test_a_network_comes_back_whole(tmp_path, preset, classes, channels, heads):
    path = tmp_path / "best.safetensors"
    model = saved(path, preset, classes, channels, heads)
    loaded, info = load_model(path)
    assert isinstance(loaded, GoogLeNet)
    assert not any(module.training for module in loaded.modules())
    state = loaded.state_dict()
    assert list(state) == list(model.state_dict())
    for name, tensor in model.state_dict().items():
        np.testing.assert_array_equal(state[name].data, tensor.data, err_msg=name)
    x = Tensor(np.random.default_rng(0).standard_normal((2, channels, 40, 40)).astype(np.float32))
    np.testing.assert_array_equal(loaded(x).data, model.eval()(x).data)
    assert (info["epoch"], info["test_accuracy"], info["image_size"]) == (7, 0.875, 48)
    assert (info["preset"], info["num_classes"], info["in_channels"]) == (preset, classes, channels)


def test_the_weights_have_torchvision_s_names_and_nothing_is_around_them(tmp_path):
    path = tmp_path / "best.safetensors"
    saved(path)
    names = set(mc.load(path))
    assert {"conv1.conv.weight", "inception3a.branch2.0.conv.weight", "aux1.fc1.weight", "fc.weight"} <= names


def test_any_network_can_be_saved_with_notes_of_its_own(tmp_path):
    path = tmp_path / "w.safetensors"
    model = GoogLeNet(2, "plain", 1, False)
    save_network(path, model, image_size=40, classes=["a", "b"], source="somewhere", card="no card")
    _, info = load_model(path)
    assert (info["image_size"], info["classes"], info["source"]) == (40, ("a", "b"), "somewhere")
    assert json.loads(mc.load(path).metadata["googlenet"]).get("card") is None
    again = metadata(model, info, aux_heads=True)
    noted = json.loads(again["googlenet"])
    assert noted["aux_heads"] is True and noted["classes"] == ["a", "b"] and noted["source"] == "somewhere"
    assert noted["preprocessing"]["image_size"] == 40
    assert "resized to 40x40, gray" in again["card"]


def test_the_card_is_the_one_in_the_file_and_an_older_file_gets_one(tmp_path):
    path = tmp_path / "w.safetensors"
    model = saved(path, "plain", heads=False)
    state = mc.load(path)
    assert load_model(path)[1]["card"] == state.metadata["card"]
    for card in ("mine", None):
        notes = {"googlenet": state.metadata["googlenet"], **({"card": card} if card else {})}
        mc.save(dict(state), path, notes)
        info = load_model(path)[1]
        assert info["card"] == (card or model_card(model, info))


def test_weights_that_do_not_say_for_which_network_are_refused(tmp_path):
    path = tmp_path / "foreign.safetensors"
    mc.save({"fc.weight": np.ones((2, 2), np.float32)}, path)
    with pytest.raises(ValueError, match=r"foreign\.safetensors: .*which network"):
        load_model(path)


def spoil(name, value):
    def change(state):
        state[name].data.flat[1] = value

    return change


def as_whole_numbers(state):
    state["fc.weight"] = Tensor(state["fc.weight"].data.astype(np.int32))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (spoil("conv1.conv.weight", np.nan), r"conv1\.conv\.weight has 1 values that are infinite or no numbers$"),
        (spoil("fc.bias", np.inf), r"fc\.bias has 1 values"),
        (lambda state: [spoil(name, np.nan)(state) for name in ("fc.bias", "fc.weight")], r"\(and so on: 2 such\)"),
        (spoil("conv1.bn.running_var", -0.5), r"conv1\.bn\.running_var has a variance of -0\.5, expected at least 0"),
        (as_whole_numbers, r"fc\.weight is int32, expected floating numbers"),
        (lambda state: state.pop("fc.bias"), r"missing: fc\.bias"),
    ],
)
def test_weights_that_cannot_be_computed_with_are_said_to_be_so(tmp_path, change, message):
    path = tmp_path / "best.safetensors"
    saved(path, "batchnorm", heads=False)
    state = mc.load(path)
    change(state)
    mc.save(state, path)
    with pytest.raises(ValueError, match=rf"best\.safetensors: .*{message}"):
        load_model(path)


def test_the_state_of_a_training_is_not_taken_for_weights(tmp_path):
    path = tmp_path / "checkpoint.safetensors"
    mc.save({"model.fc.weight": np.ones((2, 2), np.float32)}, path, {"kind": "x", "training": "{}"})
    with pytest.raises(ValueError, match=r"checkpoint\.safetensors: the state of a training.*in best\.safetensors"):
        load_model(path)


@pytest.mark.parametrize("keep", [0.5, 0.0])
def test_a_truncated_file_is_refused_by_name(tmp_path, keep):
    path = tmp_path / "best.safetensors"
    saved(path)
    content = path.read_bytes()
    path.write_bytes(content[: int(keep * len(content))])
    with pytest.raises(ValueError, match=r"best\.safetensors"):
        load_model(path)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"num_classes": 10**6}, r"num_classes is 1,000,000, but fc\.weight has shape \(4, "),
        ({"in_channels": 10**6}, r"in_channels is 1,000,000, but conv1\.conv\.weight has shape \(64, 1, 7, 7\)"),
        ({"aux_heads": False}, r"not expected: aux1"),
    ],
)
def test_weights_that_do_not_fit_their_own_description_are_refused(tmp_path, monkeypatch, wrong, message):
    path = tmp_path / "best.safetensors"
    saved(path)
    state = mc.load(path)
    info = json.loads(state.metadata["googlenet"])
    mc.save(dict(state), path, {"googlenet": json.dumps({**info, **wrong, "classes": None, "preprocessing": None})})
    if "aux_heads" not in wrong:  # a network of that size would take all memory
        monkeypatch.setattr(file, "GoogLeNet", pytest.fail)
    with pytest.raises(ValueError, match=rf"best\.safetensors: .*{message}"):
        load_model(path)


WRONG = [
    "{",
    "[]",
    "{}",
    '{"preset": "paper"}',
    '{"preset": 3, "num_classes": 10, "in_channels": 1, "aux_heads": true}',
]


@pytest.mark.parametrize("text", WRONG)
def test_a_description_that_is_no_good_is_a_value_error_too(tmp_path, text):
    path = tmp_path / "best.safetensors"
    mc.save({"fc.weight": np.ones((2, 2), np.float32)}, path, {"googlenet": text})
    with pytest.raises(ValueError, match=r"best\.safetensors"):
        load_model(path)


@pytest.mark.parametrize("name", ["googlenet.pth", "bvlc_googlenet.CAFFEMODEL", "googlenet-12.onnx"])
def test_weights_that_were_not_imported_yet(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(b"\x80\x02anything")
    with pytest.raises(ValueError, match=rf"{name}: no weights of ours yet: .* import /.*/{name} -o OUT\.safetensors "):
        load_model(path)
    path.rename(path := tmp_path / "any.safetensors")
    with pytest.raises(ValueError, match="a PyTorch file|not a whole safetensors file"):
        load_model(path)
    mc.save({"fc.weight": np.ones((2, 2), np.float32)}, path)
    with pytest.raises(ValueError, match=r"other program: python -m googlenet import .*/any.* -o OUT\.safetensors$"):
        load_model(path)


def test_for_the_folder_of_a_run_its_weights_are_named(tmp_path):
    (tmp_path / "best.safetensors").touch()
    with pytest.raises(ValueError, match=r": the folder of a run, expected a file of weights: .*best\.safetensors$"):
        load_model(tmp_path)
    with pytest.raises(OSError, match="is a folder, expected a file"):
        load_model(tmp_path.parent)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        load_model(tmp_path / "nowhere.safetensors")
