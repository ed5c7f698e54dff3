"""The state of a run in a file: all of it comes back, the one before is kept, and a bad file is refused by name."""

import errno
import json
import os

import numpy as np
import pytest

import minicnn as mc
from googlenet.training.state import (
    CHECKPOINT,
    KIND,
    PREVIOUS,
    find_checkpoint,
    make_newest,
    read_state,
    restore_state,
    save_state,
    weights_of,
)
from minicnn import Tensor, nn, optim, rng
from minicnn.checkpoint import CheckpointError
from minicnn.optim import WeightAverage

FULL = OSError(errno.ENOSPC, "No space left on device")


def network():
    return nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Flatten(), nn.Dropout(0.5), nn.Linear(8, 3))


def make(kind="SGD"):
    model = network()
    options = {"SGD": {"lr": 0.1, "momentum": 0.9}, "Adam": {"lr": 0.01}, "AdamW": {"lr": 0.01}}[kind]
    return model, getattr(optim, kind)(model.parameters(), **options)


def train(model, optimizer, steps=1):
    x = Tensor(np.random.default_rng(0).standard_normal((4, 1, 4, 4)).astype(np.float32))
    for _ in range(steps):
        mc.functional.cross_entropy(model(x), [0, 1, 2, 0]).backward()
        optimizer.step()
        optimizer.zero_grad()


def arrays_of(model):
    return {name: tensor.data.copy() for name, tensor in model.state_dict().items()}


def bytes_of(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


# ---- there and back -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["SGD", "Adam", "AdamW"])
def test_a_run_goes_on_as_if_it_had_never_stopped(tmp_path, kind):
    """Weights, running statistics, the optimizer's memory and the masks of dropout: three steps more give the same."""
    mc.manual_seed(1)
    model, optimizer = make(kind)
    train(model, optimizer, 2)
    save_state(tmp_path, model, optimizer, {"epoch": 3, "rows": [{"lr": 0.1, "loss_aux1": None}]})
    train(model, optimizer, 3)
    expected = arrays_of(model)

    mc.manual_seed(99)
    model, optimizer = make(kind)
    train(model, optimizer)
    arrays, training = read_state(tmp_path / CHECKPOINT)
    restore_state(arrays, training, model, optimizer)
    train(model, optimizer, 3)
    for name, array in arrays_of(model).items():
        np.testing.assert_array_equal(array, expected[name], err_msg=name)


@pytest.mark.parametrize("decay", [None, 0.75])
@pytest.mark.parametrize("updates", [0, 2])
def test_averaged_weights_come_back(tmp_path, decay, updates):
    model, optimizer = make()
    average = WeightAverage(model.parameters(), decay)
    for _ in range(updates):
        train(model, optimizer)
        average.update()
    save_state(tmp_path, model, optimizer, {"epoch": 1}, average)
    arrays, training = read_state(tmp_path / CHECKPOINT)
    other, other_optimizer = make()
    restored = WeightAverage(other.parameters(), 0.1)
    restore_state(arrays, training, other, other_optimizer, restored)
    assert (restored.decay, restored.n_averaged) == (decay, updates)
    assert len(restored.averages) == len(average.averages)
    for found, expected in zip(restored.averages, average.averages, strict=True):
        np.testing.assert_array_equal(found, expected)
    assert not any(name.startswith("average") for name in weights_of(arrays))


def test_what_is_saved_comes_back(tmp_path):
    model, optimizer = make()
    train(model, optimizer)
    optimizer.param_groups[0]["lr"] = 0.0123
    progress = {"epoch": 3, "step": 7, "sums": {"total": 0.1 + 0.2}, "rows": [{"a": 1 / 3, "b": None}], "best": -1.0}
    save_state(tmp_path, model, optimizer, progress)
    state = rng.get_state()
    arrays, training = read_state(tmp_path / CHECKPOINT)
    assert {name: training[name] for name in progress} == progress  # floats to the last bit
    assert training["rng"] == state
    other, other_optimizer = make()
    mc.manual_seed(5)
    restore_state(arrays, training, other, other_optimizer)
    assert rng.get_state() == state
    assert other_optimizer.param_groups[0]["lr"] == 0.0123
    for index, values in optimizer.state.items():
        np.testing.assert_array_equal(other_optimizer.state[index]["momentum_buffer"], values["momentum_buffer"])


def test_the_weights_alone(tmp_path):
    model, optimizer = make()
    train(model, optimizer)
    save_state(tmp_path, model, optimizer, {"epoch": 1})
    weights = weights_of(read_state(tmp_path / CHECKPOINT)[0])
    assert {name: tensor.data.tobytes() for name, tensor in weights.items()} == {
        name: array.tobytes() for name, array in arrays_of(model).items()
    }


def test_before_the_first_step_there_is_no_optimizer_state(tmp_path):
    model, optimizer = make()
    save_state(tmp_path, model, optimizer, {"epoch": 0})
    arrays, training = read_state(tmp_path / CHECKPOINT)
    restore_state(arrays, training, model, optimizer)
    assert optimizer.state == {}


def test_the_same_state_gives_the_same_bytes(tmp_path):
    model, optimizer = make()
    train(model, optimizer)
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        save_state(tmp_path / name, model, optimizer, {"epoch": 1})
    assert (tmp_path / "a" / CHECKPOINT).read_bytes() == (tmp_path / "b" / CHECKPOINT).read_bytes()


# ---- the one before -----------------------------------------------------------------------------------------------


def test_the_one_before_is_kept(tmp_path):
    model, optimizer = make()
    saved = []
    for epoch in range(4):
        save_state(tmp_path, model, optimizer, {"epoch": epoch})
        saved.append((tmp_path / CHECKPOINT).read_bytes())
        assert (tmp_path / PREVIOUS).exists() == (epoch > 0)
        if epoch:
            assert (tmp_path / PREVIOUS).read_bytes() == saved[epoch - 1]
            assert read_state(tmp_path / PREVIOUS)[1]["epoch"] == epoch - 1
        train(model, optimizer)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([CHECKPOINT, PREVIOUS])


def two_saved(folder):
    """A folder with two checkpoints, and a third state that is not saved yet."""
    model, optimizer = make()
    for epoch in (0, 1):
        save_state(folder, model, optimizer, {"epoch": epoch})
        train(model, optimizer)
    return model, optimizer


def test_a_full_disk_leaves_both_files(tmp_path, monkeypatch):
    model, optimizer = two_saved(tmp_path)
    before = bytes_of(tmp_path)

    def full(descriptor):
        raise FULL

    monkeypatch.setattr("minicnn.checkpoint.os.fsync", full)
    with pytest.raises(OSError, match="No space left on device") as error:
        save_state(tmp_path, model, optimizer, {"epoch": 2})
    assert str(tmp_path) in str(error.value)
    assert bytes_of(tmp_path) == before


@pytest.mark.parametrize("failing", [0, 1, 2])
def test_whichever_rename_fails_there_is_a_whole_checkpoint_and_one_before(tmp_path, monkeypatch, failing):
    model, optimizer = two_saved(tmp_path)
    newest, replace, calls = (tmp_path / CHECKPOINT).read_bytes(), os.replace, []

    def sometimes(source, target):
        calls.append(target)
        if len(calls) == failing + 1:
            raise FULL
        replace(source, target)

    monkeypatch.setattr("os.replace", sometimes)
    with pytest.raises(OSError, match="No space left"):
        save_state(tmp_path, model, optimizer, {"epoch": 2})
    monkeypatch.undo()
    assert (tmp_path / CHECKPOINT).read_bytes() == newest
    assert read_state(tmp_path / PREVIOUS)[1]["epoch"] in (0, 1)
    save_state(tmp_path, model, optimizer, {"epoch": 2})  # and the next save works
    assert read_state(tmp_path / CHECKPOINT)[1]["epoch"] == 2
    assert read_state(tmp_path / PREVIOUS)[1]["epoch"] == 1


def test_killed_when_both_names_were_one_file_the_next_save_leaves_nothing(tmp_path):
    """After the one before has been named, and before the new one is: renaming a file to itself removes no name."""
    model, optimizer = two_saved(tmp_path)
    (tmp_path / PREVIOUS).unlink()
    os.link(tmp_path / CHECKPOINT, tmp_path / PREVIOUS)
    save_state(tmp_path, model, optimizer, {"epoch": 2})
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([CHECKPOINT, PREVIOUS])
    assert read_state(tmp_path / PREVIOUS)[1]["epoch"] == 1


def test_a_file_system_without_hard_links(tmp_path, monkeypatch):
    """exFAT, and some network drives: there must be a way to save there too, the one before included."""

    def refused(*_, **__):
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr("os.link", refused)
    two_saved(tmp_path)
    assert read_state(tmp_path / CHECKPOINT)[1]["epoch"] == 1
    assert read_state(tmp_path / PREVIOUS)[1]["epoch"] == 0


# ---- files that are no good ---------------------------------------------------------------------------------------


def damage(path, how):
    content = path.read_bytes()
    if how == "truncated":
        path.write_bytes(content[: len(content) // 2])
    elif how == "one bit":
        path.write_bytes(content[:-5] + bytes([content[-5] ^ 1]) + content[-4:])
    elif how == "empty":
        path.write_bytes(b"")
    elif how == "text":
        path.write_text("epoch,lr\n1,0.1\n")


@pytest.mark.parametrize("how", ["truncated", "one bit", "empty", "text"])
def test_a_damaged_file_is_refused_and_the_one_before_is_pointed_to(tmp_path, how):
    two_saved(tmp_path)
    damage(tmp_path / CHECKPOINT, how)
    with pytest.raises(CheckpointError) as error:
        read_state(tmp_path / CHECKPOINT)
    message = str(error.value)
    assert str(tmp_path / CHECKPOINT) in message
    assert f"--resume {tmp_path / PREVIOUS}" in message
    assert "\n" not in message
    assert read_state(tmp_path / PREVIOUS)[1]["epoch"] == 0  # and that one is good


def test_where_there_is_none_before_a_way_out_is_told(tmp_path):
    two_saved(tmp_path)
    (tmp_path / PREVIOUS).unlink()
    damage(tmp_path / CHECKPOINT, "truncated")
    with pytest.raises(CheckpointError, match="without this file --resume starts the run anew"):
        read_state(tmp_path / CHECKPOINT)
    (tmp_path / CHECKPOINT).unlink()
    assert find_checkpoint(tmp_path) is None


def test_a_damaged_previous_one_does_not_point_to_itself(tmp_path):
    two_saved(tmp_path)
    damage(tmp_path / PREVIOUS, "truncated")
    with pytest.raises(CheckpointError) as error:
        read_state(tmp_path / PREVIOUS)
    assert PREVIOUS in str(error.value)
    assert "--resume" not in str(error.value)


def test_weights_alone_are_no_state(tmp_path):
    model, _ = make()
    mc.save(model.state_dict(), tmp_path / "best.safetensors")
    with pytest.raises(CheckpointError, match=r"best\.safetensors: .*not the training state"):
        read_state(tmp_path / "best.safetensors")


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        ({}, "do not say where the training is"),
        ({"training": ""}, "do not say where the training is"),
        ({"training": "3"}, "do not say where the training is"),
        ({"training": "{}"}, "lack rng, optimizer_numbers, param_groups"),
        ({"training": '{"rng": {}, "param_groups": []}'}, "lack optimizer_numbers"),
    ],
)
def test_metadata_that_lack_something_are_refused(tmp_path, metadata, message):
    mc.save({"model.weight": np.ones(3)}, tmp_path / CHECKPOINT, {"kind": KIND, **metadata})
    with pytest.raises(CheckpointError, match=f"{CHECKPOINT}: its metadata {message}"):
        read_state(tmp_path / CHECKPOINT)


# ---- which one is gone on from ------------------------------------------------------------------------------------


def test_the_checkpoint_of_a_run_is_found(tmp_path):
    assert find_checkpoint(tmp_path) is None
    assert find_checkpoint(tmp_path / "other.safetensors") == tmp_path / "other.safetensors"
    two_saved(tmp_path)
    assert find_checkpoint(tmp_path) == tmp_path / CHECKPOINT
    (tmp_path / CHECKPOINT).unlink()
    with pytest.raises(CheckpointError, match=f"is gone. The one before is still there: --resume .*{PREVIOUS}"):
        find_checkpoint(tmp_path)


@pytest.mark.parametrize("how", ["truncated", "gone", "whole"])
def test_the_one_before_is_not_lost_when_it_is_gone_on_from(tmp_path, how, monkeypatch):
    """Killed between the two renames of the next save, a run would have two damaged checkpoints."""
    model, optimizer = two_saved(tmp_path)
    newest = (tmp_path / CHECKPOINT).read_bytes()
    if how == "gone":
        (tmp_path / CHECKPOINT).unlink()
    else:
        damage(tmp_path / CHECKPOINT, how)
    make_newest(tmp_path / PREVIOUS)
    assert read_state(tmp_path / PREVIOUS)[1]["epoch"] == 0
    replace, calls = os.replace, []

    def killed(source, target):
        calls.append(target)
        if len(calls) == 3:  # the temporary file; the newest to the one before; the new one to the newest
            raise FULL
        replace(source, target)

    monkeypatch.setattr("os.replace", killed)
    with pytest.raises(OSError, match="No space left"):
        save_state(tmp_path, model, optimizer, {"epoch": 1})
    expected = newest if how == "whole" else (tmp_path / PREVIOUS).read_bytes()
    assert (tmp_path / CHECKPOINT).read_bytes() == expected
    assert read_state(tmp_path / CHECKPOINT)[1]["epoch"] == (1 if how == "whole" else 0)


def test_the_newest_itself_stays_as_it_is(tmp_path):
    two_saved(tmp_path)
    damage(tmp_path / CHECKPOINT, "truncated")
    before = bytes_of(tmp_path)
    make_newest(tmp_path / CHECKPOINT)
    assert bytes_of(tmp_path) == before


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        read_state(tmp_path / "nowhere.safetensors")


def test_the_state_of_another_network_is_refused(tmp_path):
    two_saved(tmp_path)
    arrays, training = read_state(tmp_path / CHECKPOINT)
    model = nn.Linear(2, 2)
    with pytest.raises(ValueError, match="missing: weight"):
        restore_state(arrays, training, model, optim.SGD(model.parameters(), 0.1))


def test_the_metadata_are_json_that_others_can_read(tmp_path):
    two_saved(tmp_path)
    metadata = mc.load(tmp_path / CHECKPOINT).metadata
    assert "googlenet" in metadata["kind"]
    assert json.loads(metadata["training"])["epoch"] == 1
