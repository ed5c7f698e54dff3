"""Weights in a file, with what is needed to make the network that they fit."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import minicnn as mc
from googlenet.data.preprocessing import Preprocessing
from googlenet.data.source import DIGITS
from googlenet.data.transforms import MNIST_MEAN, MNIST_STD
from googlenet.model import GoogLeNet
from googlenet.report.metrics import Row, average_is_better, best_accuracy
from googlenet.weights.card import model_card
from minicnn.checkpoint import CheckpointError

if TYPE_CHECKING:
    from googlenet.training.options import Options

ELSEWHERE = (".pth", ".pt", ".caffemodel", ".onnx")  # endings of files that other programs write


def save_model(
    path: Path,
    model: GoogLeNet,
    options: Options,
    row: Row,
    classes: Sequence[str] | None = None,
    preprocessing: Preprocessing | None = None,
    data: Mapping[str, Any] | None = None,
) -> None:
    """The network's state dict; the metadata say how to make it again, what to feed it with, how good it is, and
    whether its weights are an average.

    classes: the names of its outputs; data: what it was trained on. Where they are not given, the network is taken for
    one of digits, or of classes without names.
    """
    save_network(
        path,
        model,
        image_size=options.image_size,
        classes=classes,
        preprocessing=preprocessing,
        epoch=row["epoch"],
        test_accuracy=best_accuracy(row),
        weights="averaged" if average_is_better(row) else "as trained",
        options=asdict(options),  # from which --resume can tell whose weights these are
        data=None if data is None else dict(data),
    )


def save_network(
    path: Path,
    model: GoogLeNet,
    *,
    image_size: int,
    classes: Sequence[str] | None = None,
    preprocessing: Preprocessing | None = None,
    **more: Any,
) -> None:
    """Any network, wherever its weights are from. `more` is noted as it is; it has to be JSON."""
    info = {"image_size": image_size, "classes": classes, "preprocessing": preprocessing, **more}
    mc.save(model.state_dict(), path, metadata(model, info))


def metadata(model: GoogLeNet, info: Mapping[str, Any], *, aux_heads: bool | None = None) -> dict[str, str]:
    """The text that a file has beside its weights, by name: "googlenet" for programs, JSON with all that it takes to
    make the network again, and "card", the model card, for people.

    info: what `load_model` returns, of which "image_size" is needed. aux_heads: whether the file has the heads, where
    that is not as in the network.
    """
    classes, preprocessing = info.get("classes"), info.get("preprocessing")
    record = {
        "preset": model.preset.name,
        "num_classes": len(model.fc.weight),
        "in_channels": model.conv1.conv.weight.shape[1],
        "aux_heads": model.aux1 is not None if aux_heads is None else aux_heads,
        "image_size": info["image_size"],
        "classes": None if classes is None else list(classes),
        "preprocessing": None if preprocessing is None else preprocessing.to_record(),
    }
    rest = {name: value for name, value in info.items() if name not in {*record, "card"}}
    return {"googlenet": json.dumps({**record, **rest}), "card": model_card(model, info)}


def load_model(path: Path) -> tuple[GoogLeNet, dict[str, Any]]:
    """The network in evaluation mode, and what `save_model` noted.

    In that, "classes" are the names of its outputs, and "preprocessing" is a Preprocessing, with what held for all
    networks where an older version has written the file (None for other than 1 or 3 channels). "card" is the model
    card; a file without one gets it now.

    Raises ValueError, naming the file, where it is of another kind or its weights cannot be computed with.
    """
    if (inside := path / "best.safetensors").is_file():
        raise ValueError(f"{path}: the folder of a run, expected a file of weights: {inside}")
    to_import = f"python -m googlenet import {path} -o OUT.safetensors"
    try:
        state = mc.load(path)
    except CheckpointError as error:
        if path.suffix.lower() in ELSEWHERE:
            raise ValueError(f"{path}: no weights of ours yet: {to_import} makes them of it") from error
        raise
    if "training" in state.metadata:
        raise ValueError(f"{path}: the state of a training, not the weights alone: those are in best.safetensors")
    if "googlenet" not in state.metadata:
        raise ValueError(
            f"{path}: not written by train.py as best.safetensors: it does not say which network it is for. If it is a "
            f"GoogLeNet of another program: {to_import}"
        )
    try:
        info = _checked(json.loads(state.metadata["googlenet"]), {name: array.shape for name, array in state.items()})
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
    info["card"] = state.metadata.get("card") or model_card(model, info)
    return model.eval(), info


def _checked(info: Any, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Any]:
    """What `save_model` noted, once it is known that all of it is there, and of sizes that the arrays have.

    A few bytes can say a billion classes, whose names alone would take all memory.
    """
    kinds = {"preset": str, "num_classes": int, "in_channels": int, "aux_heads": bool, "image_size": int}
    for name, kind in kinds.items():
        if not isinstance(info, dict) or not isinstance(info.get(name), kind):
            raise ValueError(f"{name} is missing, or not {kind.__name__}")
    for name, layer, axis in (("num_classes", "fc.weight", 0), ("in_channels", "conv1.conv.weight", 1)):
        if (shape := shapes.get(layer, ()))[axis : axis + 1] != (info[name],):
            raise ValueError(f"{name} is {info[name]:,}, but {layer} has shape {shape}")
    count, channels = info["num_classes"], info["in_channels"]
    classes = info.get("classes") or (DIGITS if count == len(DIGITS) else [f"class {i}" for i in range(count)])
    if not isinstance(classes, list | tuple) or len(classes) != count or not all(isinstance(n, str) for n in classes):
        raise ValueError(f"classes are {classes!r:.80}, expected {count} names")
    preprocessing = usual_preprocessing(info["image_size"], channels)
    if info.get("preprocessing") is not None:
        preprocessing = Preprocessing.from_record(info["preprocessing"])
        if preprocessing.channels != channels:
            raise ValueError(f"the preprocessing is for {preprocessing.channels} channels, the network for {channels}")
    return {**info, "classes": tuple(classes), "preprocessing": preprocessing, "data": info.get("data")}


def usual_preprocessing(image_size: int, channels: int) -> Preprocessing | None:
    """That of the digits for gray images, of photos for color; None for other than 1 or 3 channels."""
    if channels == 1:
        return Preprocessing(image_size, 1, (MNIST_MEAN,), (MNIST_STD,), "L", "whole")
    return Preprocessing(image_size) if channels == 3 else None


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
