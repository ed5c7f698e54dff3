"""Whose GoogLeNet is this? Arrays by the names of another program become a network of ours."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import isqrt

import numpy as np

from googlenet.data.preprocessing import Preprocessing
from googlenet.model import GoogLeNet
from googlenet.presets import Preset, presets
from googlenet.weights.file import usual_preprocessing
from googlenet.weights.folding import State, absorb_biases, embed_kernels, with_eps
from googlenet.weights.foreign import Foreign
from googlenet.weights.names import PARTS, by_names, by_order, layers_of, natural, place_of, without_prefix

SHOWN = 5  # problems that are named, of however many there are
PYTORCH_EPS = 1e-5  # of a batch norm, where a program does not say


@dataclass(frozen=True)
class Traits:
    """What the shapes tell of a network."""

    num_classes: int
    in_channels: int
    batch_norm: bool
    kernel_5x5: int  # what stands where the paper has 5x5
    aux_size: int | None  # the heads' fc1 has 128 * aux_size ** 2 inputs; None: no heads


def recognize(arrays: Mapping[str, np.ndarray], classes: tuple[str, ...] | None = None) -> Foreign:
    """The network that these arrays are of, whatever program has named them, in the order of its layers.

    Raises ValueError, in one line, where they are of no GoogLeNet: what is missing, has another shape, or is too much.
    """
    short = without_prefix(arrays)
    arrays = {name: as_float32(name, arrays[original]) for name, original in short.items()}
    arrays, notes = without_other_heads(arrays)
    traits = traits_of(arrays)
    shapes = shapes_of(traits)
    if is_ours := arrays.keys() <= shapes.keys():
        state = dict(arrays)
    else:
        state, is_ours, note = renamed(arrays, shapes)
        notes.append(note)
        if "conv3.conv.weight" in state and "conv2.conv.weight" not in state:
            state |= identity(traits.batch_norm)
            notes.append("it has no 1x1 convolution before the 3x3 one of the stem: there is one that changes nothing")
    state = absorb_biases(state) if traits.batch_norm else with_biases(state, shapes)
    check(state, shapes)
    if classes is not None and len(classes) != traits.num_classes:
        notes.append(f"the file names {len(classes)} classes, its network has {traits.num_classes}: names left out")
        classes = None
    return foreign(state, traits, is_ours, notes, classes)


def as_float32(name: str, array: np.ndarray) -> np.ndarray:
    """Weights as we compute with them. ValueError for what cannot be computed with."""
    if name.endswith("num_batches_tracked"):
        return array.astype(np.int64)
    if array.dtype.kind != "f":
        raise ValueError(f"no weights to compute with: {name} is {array.dtype}, expected floating numbers")
    with np.errstate(over="ignore"):
        array = array.astype(np.float32, copy=False)
    if not np.isfinite(array).all():
        raise ValueError(f"no weights to compute with: {name} has values that are infinite or no numbers")
    if name.endswith("running_var") and (array < 0).any():
        raise ValueError(f"no weights to compute with: {name} has a variance of {array.min():.3g}")
    return array


def without_other_heads(arrays: Mapping[str, np.ndarray]) -> tuple[dict[str, np.ndarray], list[str]]:
    """The arrays without the heads where these have other classes than the network, and a note on it.

    That is so where somebody has put another classifier on torchvision's network, and forgotten its heads.
    """
    classifiers = {name: len(array) for name, array in arrays.items() if array.ndim == 2 and array.shape[1] == 1024}
    of_heads = {number for name, number in classifiers.items() if (place_of(name, "linear") or "").startswith("aux")}
    of_network = {number for name, number in classifiers.items() if place_of(name, "linear") == "fc"}
    if len(of_network) != 1 or of_heads <= of_network:
        return dict(arrays), []
    kept = {n: array for n, array in arrays.items() if not (place_of(n, "linear") or "").startswith("aux")}
    return kept, [f"heads left out: they tell {max(of_heads)} classes apart, the network {max(of_network)}"]


def traits_of(arrays: Mapping[str, np.ndarray]) -> Traits:
    """By the shapes alone. What is not there is taken to be as in the paper, so that it is found missing later."""
    weights = [array for array in arrays.values() if array.ndim in (2, 4)]
    first = [w.shape[1] for w in weights if w.ndim == 4 and w.shape[0] == 64 and w.shape[2:] == (7, 7)]
    classifiers = [len(w) for w in weights if w.ndim == 2 and w.shape[1] == 1024]
    heads = [isqrt(w.shape[1] // 128) for w in weights if w.ndim == 2 and len(w) == 1024 and w.shape[1] != 1024]
    return Traits(
        num_classes=classifiers[-1] if classifiers else 1000,
        in_channels=first[0] if first else 3,
        batch_norm=any(name.endswith("running_mean") for name in arrays),
        kernel_5x5=5 if any(w.ndim == 4 and w.shape[2:] == (5, 5) for w in weights) else 3,
        aux_size=heads[0] if heads else None,
    )


@functools.cache
def shapes_of(traits: Traits) -> dict[str, tuple[int, ...]]:
    """The arrays of such a network by our names, in our order, with their shapes."""
    if traits.in_channels not in (1, 3):
        raise ValueError(f"a network for images of {traits.in_channels} channels, expected 1 (gray) or 3 (color)")
    graph = replace(
        presets["plain"],
        batch_norm=traits.batch_norm,
        kernel_5x5=traits.kernel_5x5,
        aux_size=traits.aux_size or presets["plain"].aux_size,
    )
    model = GoogLeNet(traits.num_classes, graph, traits.in_channels, traits.aux_size is not None)
    return {name: tensor.shape for name, tensor in model.state_dict().items()}


def renamed(arrays: Mapping[str, np.ndarray], shapes: Mapping[str, tuple[int, ...]]) -> tuple[State, bool, str]:
    """The arrays under our names as far as they have one; whether batch norms had it; how that was found out."""
    layers = layers_of(arrays)
    slots = {name.removesuffix(".weight"): shape for name, shape in shapes.items() if len(shape) in (2, 4)}
    wanted = {name.rpartition(".")[0] for name in shapes}
    found, note = by_names(layers, slots), "some names are not torchvision's: layers found by what the names tell"
    if len(set(found.values())) < len(layers) or found.keys() != wanted:
        in_order = by_order(layers, slots) or by_order(sorted(layers, key=lambda layer: natural(layer.name)), slots)
        if in_order is not None:
            found, note = in_order, "its names tell nothing: layers found by their order and their shapes"
        elif len(found) < len(wanted) / 2:
            raise ValueError(
                f"no GoogLeNet: neither the names of its {len(layers)} layers tell which is which nor their order "
                f"(a GoogLeNet's 57 convolutions and the classifier, as in Table 1 of the paper)"
            )
    state = dict(arrays)
    moved = {}
    for ours, theirs in found.items():
        for part in PARTS:
            if f"{theirs}.{part}" in state:
                moved[f"{ours}.{part}"] = state.pop(f"{theirs}.{part}")
    same = all(theirs.endswith(ours) for ours, theirs in found.items() if ours.endswith(".bn"))
    return {**state, **moved}, same, note


def identity(batch_norm: bool) -> State:
    """A 1x1 convolution of 64 channels, with the batch norm behind it, that changes nothing (in evaluation).

    Some tutorials leave out the one in front of the stem's 3x3 convolution. Nothing negative comes out of the pool
    before it, so ReLU changes nothing either.
    """
    state = {"conv2.conv.weight": np.eye(64, dtype=np.float32).reshape(64, 64, 1, 1)}
    if not batch_norm:
        return {**state, "conv2.conv.bias": np.zeros(64, np.float32)}
    zeros, ones = np.zeros(64, np.float32), np.ones(64, np.float32)
    parts = {"weight": ones * np.float32(np.sqrt(1 + PYTORCH_EPS)), "bias": zeros}
    parts |= {"running_mean": zeros, "running_var": ones}
    return {**state, **{f"conv2.bn.{part}": array for part, array in parts.items()}}


def with_biases(state: State, shapes: Mapping[str, tuple[int, ...]]) -> State:
    """Without batch norm our convolutions have biases; where the file has none at all they are zeros."""
    biases = [name for name in shapes if name.endswith(".conv.bias")]
    if any(name in state for name in biases):
        return state
    return {**state, **{name: np.zeros(shapes[name], np.float32) for name in biases}}


def check(state: Mapping[str, np.ndarray], shapes: Mapping[str, tuple[int, ...]]) -> None:
    """ValueError, naming the first few and how many there are, where the arrays are not those of the network."""
    missing = [
        f"missing: {name} {shape}"
        for name, shape in shapes.items()
        if name not in state and not name.endswith("num_batches_tracked")
    ]
    wrong = [
        f"{name} has shape {array.shape}, expected {shapes[name]}"
        for name, array in state.items()
        if name in shapes and array.shape != shapes[name]
    ]
    extra = [f"not expected: {name} {array.shape}" for name, array in state.items() if name not in shapes]
    if problems := wrong + missing + extra:
        more = f" (and {len(problems) - SHOWN} more)" if len(problems) > SHOWN else ""
        raise ValueError(f"no whole GoogLeNet: {'; '.join(problems[:SHOWN])}{more}")


def foreign(state: State, traits: Traits, is_ours: bool, notes: list[str], classes: tuple[str, ...] | None) -> Foreign:
    """The preset that fits, its preprocessing, and what had to be assumed, as notes."""
    if is_ours and traits.batch_norm and traits.kernel_5x5 == 3 and traits.in_channels == 3:
        notes += ["transform_input as in torchvision's pretrained weights; without it: --no-transform-input"]
        return Foreign("torchvision", "torchvision", state, Preprocessing(224), classes, tuple(notes))
    if traits.batch_norm and not is_ours:
        state = with_eps(state, PYTORCH_EPS)
        notes += [f"eps of the batch norms taken as {PYTORCH_EPS:g}, PyTorch's default: the file does not have it"]
    if not traits.batch_norm and traits.kernel_5x5 == 3:
        state = embed_kernels(state)
        notes += ["its 3x3 kernels in place of 5x5 set into the middle of 5x5 ones"]
    preset = preset_of(traits)
    if traits.aux_size not in (None, preset.aux_size):
        state = {name: array for name, array in state.items() if not name.startswith("aux")}
        notes += [f"heads left out: their fc1 is for {traits.aux_size}x{traits.aux_size} pixels"]
    preprocessing = usual_preprocessing(preset.image_size, traits.in_channels)
    if preprocessing is None or preprocessing.channels == 3:
        half = (0.5, 0.5, 0.5)
        preprocessing = Preprocessing(preset.image_size, 3, half, half, "RGB", "whole")
    notes += [
        f"weights tell neither pools, local response norm and dropout (taken as in preset {preset.name}; --preset) "
        "nor the preprocessing (taken as in most tutorials; --mean, --std, --crop, --image-size)"
    ]
    return Foreign("tutorial", preset.name, state, preprocessing, classes, tuple(notes))


def preset_of(traits: Traits) -> Preset:
    """The preset that computes what such a network usually does."""
    if traits.batch_norm:
        return presets["torchvision" if traits.kernel_5x5 == 3 else "batchnorm"]
    return presets["mnist" if traits.aux_size == presets["mnist"].aux_size else "plain"]
