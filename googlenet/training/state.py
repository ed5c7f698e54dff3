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
from minicnn.optim import WeightAverage
from minicnn.optim.optimizer import Optimizer

CHECKPOINT, PREVIOUS, BEST = "checkpoint.safetensors", "checkpoint-previous.safetensors", "best.safetensors"
UNFINISHED, SECOND_NAME = f"{CHECKPOINT}.new", "checkpoint.link"  # for a moment, while one is written
KIND = "googlenet training state 1"


def save_state(
    folder: Path, model: Module, optimizer: Optimizer, progress: Mapping[str, Any], average: WeightAverage | None = None
) -> None:
    """Write checkpoint.safetensors; the one before stays as checkpoint-previous.safetensors.

    The arrays are the model's, the optimizer's and the averaged weights; all else (progress, random state, the
    optimizer's numbers) is JSON in the metadata. Raises OSError where it cannot be written; both files are then as they
    were.
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
    if average is not None:
        mean = average.state_dict()
        arrays |= {f"average.{index}": value for index, value in mean.pop("averages").items()}
        training["average"] = mean
    fresh = folder / UNFINISHED
    mc.save(arrays, fresh, {"kind": KIND, "training": json.dumps(training)})
    with suppress(FileNotFoundError):  # there is no checkpoint before the first
        _name_also(folder / CHECKPOINT, folder / PREVIOUS)
    os.replace(fresh, folder / CHECKPOINT)


def _name_also(file: Path, name: Path) -> None:
    """Give a file a second name, in place of what has that: so there is a checkpoint at every moment."""
    link = file.with_name(SECOND_NAME)
    link.unlink(missing_ok=True)
    try:
        os.link(file, link)
    except FileNotFoundError:
        raise
    except OSError:  # a file system without hard links
        shutil.copyfile(file, link)
    os.replace(link, name)
    link.unlink(missing_ok=True)  # it is still there where both names are one file already


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
    try:
        training = json.loads(arrays.metadata["training"])
        missing = [name for name in ("rng", "optimizer_numbers", "param_groups") if name not in training]
    except (KeyError, TypeError, RecursionError, json.JSONDecodeError) as error:
        raise CheckpointError(f"{path}: its metadata do not say where the training is{_older(path)}") from error
    if missing:
        raise CheckpointError(f"{path}: its metadata lack {', '.join(missing)}{_older(path)}")
    return arrays, training


def _older(path: Path) -> str:
    """What else can be gone on from than a checkpoint that is no good."""
    if path.name != CHECKPOINT:
        return ""
    if path.with_name(PREVIOUS).exists():
        return f". The one before is still there: --resume {path.with_name(PREVIOUS)}"
    return ". There is none before it: without this file --resume starts the run anew"


def find_checkpoint(run: Path) -> Path | None:
    """The checkpoint that `--resume RUN` means: RUN itself, or the one in that folder; None where it has none yet.

    Raises CheckpointError where that is gone and the one before is not.
    """
    if not run.is_dir():
        return run
    if not (run / CHECKPOINT).exists() and (run / PREVIOUS).exists():
        raise CheckpointError(f"{run / CHECKPOINT} is gone{_older(run / CHECKPOINT)}")
    return run / CHECKPOINT if (run / CHECKPOINT).exists() else None


def make_newest(path: Path) -> None:
    """Give the checkpoint that is gone on from the name of the newest, where that is gone or damaged.

    Else the next save would keep the damaged one as the one before, in place of the good one.
    """
    newest = path.with_name(CHECKPOINT)
    if path.name != CHECKPOINT:
        try:
            read_state(newest)
        except (OSError, CheckpointError):
            _name_also(path, newest)


def weights_of(arrays: Mapping[str, Any]) -> dict[str, Any]:
    """The model's part of the arrays in a checkpoint."""
    return {name[6:]: value for name, value in arrays.items() if name.startswith("model.")}


def restore_state(
    arrays: Mapping[str, Any],
    training: dict[str, Any],
    model: Module,
    optimizer: Optimizer,
    average: WeightAverage | None = None,
) -> None:
    """Set model, optimizer, averaged weights and random numbers to what `read_state` returned."""
    model.load_state_dict(weights_of(arrays))
    state: dict[int, dict[str, Any]] = {int(i): dict(values) for i, values in training["optimizer_numbers"].items()}
    for name, value in arrays.items():
        if name.startswith("optimizer."):
            _, index, kind = name.split(".", 2)
            state[int(index)][kind] = value.data
    optimizer.load_state_dict({"state": state, "param_groups": training["param_groups"]})
    if average is not None:
        average.load_state_dict(average_of(arrays, training))
    rng.set_state(training["rng"])


def average_of(arrays: Mapping[str, Any], training: dict[str, Any]) -> dict[str, Any]:
    """The state of the WeightAverage in a checkpoint."""
    averages = {int(name[8:]): value.data for name, value in arrays.items() if name.startswith("average.")}
    return {**training["average"], "averages": averages}
