"""Weights in a file, with what is needed to make the network that they fit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import minicnn as mc
from googlenet.model import GoogLeNet

if TYPE_CHECKING:
    from googlenet.training.options import Options


def save_model(path: Path, model: GoogLeNet, options: Options, row: dict[str, Any]) -> None:
    """The network's state dict; the metadata say how to make it again, and how good it is."""
    info = {
        "preset": options.preset,
        "num_classes": len(model.fc.weight),
        "in_channels": model.conv1.conv.weight.shape[1],
        "aux_heads": options.aux_heads,
        "image_size": options.image_size,
        "epoch": row["epoch"],
        "test_accuracy": row["test_accuracy"],
    }
    mc.save(model.state_dict(), path, {"googlenet": json.dumps(info)})


def load_model(path: Path) -> tuple[GoogLeNet, dict[str, Any]]:
    """The network in evaluation mode, and what `save_model` noted. Raises ValueError where the file is another kind."""
    state = mc.load(path)
    if "googlenet" not in state.metadata:
        raise ValueError(
            f"{path}: not written by train.py as best.safetensors: it does not say which network it is for"
        )
    try:
        info = json.loads(state.metadata["googlenet"])
        model = GoogLeNet(info["num_classes"], info["preset"], info["in_channels"], info["aux_heads"])
    except (ValueError, TypeError, KeyError) as error:
        raise ValueError(f"{path}: does not say which network it is for: {type(error).__name__}: {error}") from error
    model.load_state_dict(state)
    return model.eval(), info
