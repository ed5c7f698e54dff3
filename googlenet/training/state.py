"""The whole state of a training run in one file, from which it goes on as if it had never stopped."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import minicnn as mc
from minicnn import rng
from minicnn.checkpoint import CheckpointError
from minicnn.nn import Module
from minicnn.optim.optimizer import Optimizer

CHECKPOINT, PREVIOUS = "checkpoint.safetensors", "checkpoint-previous.safetensors"
KIND = "googlenet training state 1"


def save_state(folder: Path, model: Module, optimizer: Optimizer, progress: Mapping[str, Any]) -> None:
    """Write checkpoint.safetensors; the one before stays as checkpoint-previous.safetensors.

    The arrays are the model's and the optimizer's; all else (progress, random state, the optimizer's numbers) is JSON
    in the metadata. Raises OSError where it cannot be written; both files are then as they were.
    """
    arrays: dict[str, Any] = {f"model.{name}": tensor for name, tensor in model.state_dict().items()}
    state = optimizer.state_dict()
    numbers: dict[str, dict[str, Any]] = {}
    for index, values in state["state"].items():
        numbers[str(index)] = {name: value for name, value in values.items() if not hasattr(value, "shape")}
        arrays |= {f"optimizer.{index}.{name}": value for name, value in values.items() if hasattr(value, "shape")}
    training = {
        **progress, "rng": rng.get_state(), "optimizer_numbers": numbers, "param_groups": state["param_groups"],
    }  # fmt: skip
    fresh = folder / f"{CHECKPOINT}.new"
    mc.save(arrays, fresh, {"kind": KIND, "training": json.dumps(training)})
    with suppress(FileNotFoundError):  # there is no checkpoint before the first
        os.replace(os.fspath(_second_name(folder / CHECKPOINT)), folder / PREVIOUS)
    os.replace(fresh, folder / CHECKPOINT)


def _second_name(file: Path) -> Path:
    """A second name for a file: when it is moved, the first stays, so that there is a checkpoint at every moment."""
    link = file.with_suffix(".link")
    link.unlink(missing_ok=True)
    try:
        os.link(file, link)
    except FileNotFoundError:
        raise
    except OSError:  # a file system without hard links
        shutil.copyfile(file, link)
    return link


def read_state(path: Path) -> tuple[mc.checkpoint.StateDict, dict[str, Any]]:
    """The arrays and the progress in a checkpoint. Raises CheckpointError, naming the file, where it is none."""
    try:
        arrays = mc.load(path)
    except CheckpointError as error:
        raise CheckpointError(f"{error}{_older(path)}") from error
    if arrays.metadata.get("kind") != KIND:
        raise CheckpointError(
            f"{path}: not the training state of a run (weights alone cannot be resumed){_older(path)}"
        )
    return arrays, json.loads(arrays.metadata["training"])


def _older(path: Path) -> str:
    older = path.with_name(PREVIOUS)
    return f". The one before is still there: --resume {older}" if path.name == CHECKPOINT and older.exists() else ""


def restore_state(arrays: Mapping[str, Any], training: dict[str, Any], model: Module, optimizer: Optimizer) -> None:
    """Set model, optimizer and random numbers to what `read_state` returned."""
    model.load_state_dict({name[6:]: value for name, value in arrays.items() if name.startswith("model.")})
    state: dict[int, dict[str, Any]] = {int(i): dict(values) for i, values in training["optimizer_numbers"].items()}
    for name, value in arrays.items():
        if name.startswith("optimizer."):
            _, index, kind = name.split(".", 2)
            state[int(index)][kind] = value.data
    optimizer.load_state_dict({"state": state, "param_groups": training["param_groups"]})
    rng.set_state(training["rng"])
