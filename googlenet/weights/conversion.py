"""From one preset to another without changing what the network says: where that can be done."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import NamedTuple

import numpy as np

from googlenet.data.preprocessing import Preprocessing
from googlenet.data.transforms import IMAGENET_MEAN, IMAGENET_STD
from googlenet.differences import written
from googlenet.presets import Preset, presets
from googlenet.weights.folding import State, embed_kernels, fold_batch_norms

# Fields that change nothing in the logits of a trained network. (Nothing negative reaches the pool in a block, so a
# ReLU behind it changes nothing.) A new field of Preset counts as a difference until it is listed here.
NO_MATTER = {
    "name", "dropout", "aux_dropout", "aux_first_dropout", "aux_pool", "aux_size", "sum_logits", "pool_relu",
    "initial_weights", "initial_bias", "bias_lr", "bias_decay", "num_classes", "in_channels", "image_size",
}  # fmt: skip
CONVERTED = {"batch_norm", "kernel_5x5", "transform_input"}


class Converted(NamedTuple):
    """A network in another preset."""

    state: State
    preprocessing: Preprocessing
    steps: tuple[str, ...]  # what was done, for the user


def obstacles(source: Preset, target: Preset) -> list[str]:
    """Why the target cannot say the same as the source; empty where it can."""
    found = []
    for name in [field.name for field in fields(Preset) if field.name not in NO_MATTER | CONVERTED]:
        here, there = getattr(target, name), getattr(source, name)
        if here != there:
            found.append(f"{name} is {written(here)} there, {written(there)} in the file")
    if target.batch_norm and not source.batch_norm:
        found.append("it has batch norm, the file has none")
    if target.kernel_5x5 < source.kernel_5x5:
        size, larger = target.kernel_5x5, source.kernel_5x5
        found.append(f"its {size}x{size} kernels cannot hold the file's {larger}x{larger} ones")
    return found


def convert(state: State, preprocessing: Preprocessing, source: Preset, target: Preset) -> Converted:
    """The weights of a network of the preset `source` in one of the preset `target`: the same logits in evaluation.

    Batch norms are folded into weights and biases, smaller kernels set into larger ones, and where one of the two
    brings images to [-1, 1] itself (`transform_input`) the preprocessing does it for the other.
    Raises ValueError where the two compute other things, naming what differs and the presets into which it can be done.
    """
    if problems := obstacles(source, target):
        others = [preset.name for preset in presets.values() if not obstacles(source, preset)]
        into = f"Exact into {', '.join(others)}" if others else "Exact into none"
        raise ValueError(
            f"--preset {target.name} cannot say the same as the file: {'; '.join(problems)}. {into}; "
            "what fits is copied by --mode copy"
        )
    steps = []
    norms = sum(name.endswith(".bn.weight") for name in state)
    if source.batch_norm and not target.batch_norm:
        state = fold_batch_norms(state)
        steps.append(f"{norms} batch norms folded into weights and biases")
    if source.kernel_5x5 != target.kernel_5x5:
        state = embed_kernels(state, target.kernel_5x5)
        size, larger = source.kernel_5x5, target.kernel_5x5
        steps.append(f"the {size}x{size} kernels in place of 5x5 set into the middle of {larger}x{larger} ones")
    if "aux1.fc1.weight" in state:
        if source.aux_size != target.aux_size:
            state = {name: array for name, array in state.items() if not name.startswith("aux")}
            sizes = f"{source.aux_size}x{source.aux_size}, not {target.aux_size}x{target.aux_size}"
            steps.append(f"heads left out: they are for {sizes} pixels")
        elif source.aux_pool != target.aux_pool:
            steps.append(f"heads pool {target.aux_pool} here, {source.aux_pool} there: they train on, not quite alike")
    preprocessing, moved = adapted(preprocessing, source, target)
    return Converted(state, preprocessing, (*steps, *moved))


def adapted(preprocessing: Preprocessing, source: Preset, target: Preset) -> tuple[Preprocessing, tuple[str, ...]]:
    """The preprocessing with which the target's first convolution gets what the source's got, and what was done."""
    if source.transform_input == target.transform_input or preprocessing.channels != len(IMAGENET_MEAN):
        return preprocessing, ()
    if source.transform_input:
        step = "the step to [-1, 1] (transform_input) is in the preprocessing now"
    else:
        step = "the preprocessing allows for the step to [-1, 1] that the network does (transform_input)"
    return other_side(preprocessing, within=source.transform_input), (step,)


def other_side(preprocessing: Preprocessing, within: bool) -> Preprocessing:
    """The preprocessing with transform_input in it (`within`), or without, where the network does it from now on.

    The network's step is a x + b with a = std / 0.5, b = (mean - 0.5) / 0.5, of ImageNet's mean and std (`model.py`);
    x = (pixel - m) / s. In one: (pixel - (m - b s / a)) / (s / a).
    The other way: (x - b) / a = (pixel - (m + b s)) / (a s).
    """
    a, b = np.array(IMAGENET_STD) / 0.5, (np.array(IMAGENET_MEAN) - 0.5) / 0.5
    m, s = np.array(preprocessing.mean), np.array(preprocessing.std)
    mean, std = (m - b * s / a, s / a) if within else (m + b * s, a * s)
    return replace(preprocessing, mean=rounded(mean), std=rounded(std))


def rounded(values: np.ndarray) -> tuple[float, ...]:
    """Ten digits, so that 0.5 is 0.5."""
    return tuple(round(float(value), 10) for value in values)
