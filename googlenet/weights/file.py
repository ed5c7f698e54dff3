"""Weights in a file, with what is needed to make the network that they fit."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import minicnn as mc
from googlenet.model import GoogLeNet
from googlenet.report.metrics import Row, average_is_better, best_accuracy

if TYPE_CHECKING:
    from googlenet.training.options import Options


def save_model(path: Path, model: GoogLeNet, options: Options, row: Row) -> None:
    """The network's state dict; the metadata say how to make it again, how good it is, and whether it is an average."""
    info = {
        "preset": options.preset,
        "num_classes": len(model.fc.weight),
        "in_channels": model.conv1.conv.weight.shape[1],
        "aux_heads": options.aux_heads,
        "image_size": options.image_size,
        "epoch": row["epoch"],
        "test_accuracy": best_accuracy(row),
        "weights": "averaged" if average_is_better(row) else "as trained",
        "options": asdict(options),  # from which --resume can tell whose weights these are
    }
    mc.save(model.state_dict(), path, {"googlenet": json.dumps(info)})


def load_model(path: Path) -> tuple[GoogLeNet, dict[str, Any]]:
    """The network in evaluation mode, and what `save_model` noted.

    Raises ValueError, naming the file, where it is of another kind or its weights cannot be computed with.
    """
    state = mc.load(path)
    if "training" in state.metadata:
        raise ValueError(f"{path}: the state of a training, not the weights alone: those are in best.safetensors")
    if "googlenet" not in state.metadata:
        raise ValueError(
            f"{path}: not written by train.py as best.safetensors: it does not say which network it is for"
        )
    try:
        info = _checked(json.loads(state.metadata["googlenet"]))
        model = GoogLeNet(info["num_classes"], info["preset"], info["in_channels"], info["aux_heads"])
    except (ValueError, TypeError) as error:
        raise ValueError(f"{path}: does not say which network it is for: {error}") from error
    problems = [f"{name} {problem}" for name, tensor in state.items() if (problem := _problem(name, tensor.data))]
    if problems:
        more = f" (and so on: {len(problems)} such)" if len(problems) > 1 else ""
        raise ValueError(f"{path}: no weights to compute with: {problems[0]}{more}")
    try:
        model.load_state_dict(state)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error
    return model.eval(), info


def _checked(info: Any) -> dict[str, Any]:
    """What `save_model` noted, once it is known that all of it is there."""
    kinds = {"preset": str, "num_classes": int, "in_channels": int, "aux_heads": bool, "image_size": int}
    for name, kind in kinds.items():
        if not isinstance(info, dict) or not isinstance(info.get(name), kind):
            raise ValueError(f"{name} is missing, or not {kind.__name__}")
    return info


def _problem(name: str, array: np.ndarray) -> str | None:
    """What is wrong with an array of weights, or None."""
    if name.endswith("num_batches_tracked"):
        return None  # a count, with which nothing is computed
    if array.dtype.kind != "f":
        return f"is {array.dtype}, expected floating numbers"
    if not np.isfinite(array).all():
        return f"has {np.count_nonzero(~np.isfinite(array)):,} values that are infinite or no numbers"
    if name.endswith("running_var") and (array < 0).any():
        return f"has a variance of {array.min():.3g}, expected at least 0"
    return None
