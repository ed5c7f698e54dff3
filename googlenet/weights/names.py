"""Which layer is which: the names that tutorials give to the layers of a GoogLeNet, and ours for them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

PARTS = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")

# A block, and what stands behind it. Everything is compared in small letters.
BLOCKS = (
    r"(?:^|[._])(?:inception|incep|ince|inc|block)?[._]?([345])[._]?([a-e])[._](.+)",  # inception3a. ince_3a. 3a.
    r"(?:^|\.)(?P<letter>[a-e])_?(?P<number>[345])\.(?P<rest>.+)",  # a3.
)
# A branch, at the start of what stands behind the block.
BRANCHES = {
    "branch1": r"(?:branch|path|conv|b|p)_?1(?:[._]|$)|(?:branch|conv|ch|b)?_?1x1(?:[._]|$)",
    "branch2": r"(?:branch|path|conv|b|p)_?2(?:[._]|$)|(?:branch|conv|ch|b)?_?3x3",  # 3x3_reduce too
    "branch3": r"(?:branch|path|conv|b|p)_?3(?:[._]|$)|(?:branch|conv|ch|b)?_?5x5",
    "branch4": r"(?:branch|path|conv|b|p)_?4(?:[._]|$)|(?:branch|conv|ch|b)?_?(?:pool|proj)",
}
HEAD = r"(?:^|\.)(?:aux|auxiliary|loss)[a-z_]*([12])(?:[._]|$)"  # aux1. auxiliary_1. aux_classifier1.
CLASSIFIER = r"(?:^|\.)(?:fc|linear|classifier|dense|fully_?connected|output|out|logits)(?:[._\d]|$)"
STEM = r"(?:^|\.)(?:conv|bn|norm|batchnorm|pre|stem|feature)"  # conv1. pre_layers.0 features.3


class Layer(NamedTuple):
    """A module of the file that has weights."""

    name: str  # in the file
    kind: str  # convolution, linear, norm
    shape: tuple[int, ...]  # of its weight


def without_prefix(names: Iterable[str]) -> dict[str, str]:
    """The names without what stands before the first dot of all of them: "module." (DataParallel), "model."."""
    found = {name: name for name in names}
    while found and len({name.partition(".")[0] for name in found}) == 1:
        shorter = {name.partition(".")[2]: original for name, original in found.items()}
        if not all("." in name for name in shorter):
            break
        found = shorter
    return found


def layers_of(arrays: Mapping[str, np.ndarray]) -> list[Layer]:
    """The layers in the order of the arrays. ValueError for an array that belongs to no layer of a GoogLeNet."""
    found = []
    kinds = {4: "convolution", 2: "linear", 1: "norm"}
    for name, array in arrays.items():
        module, _, part = name.rpartition(".")
        if part not in PARTS or (part == "weight" and array.ndim not in kinds):
            raise ValueError(f"no GoogLeNet: {name} with shape {array.shape} belongs to no layer of one")
        if part == "weight":
            found.append(Layer(module, kinds[array.ndim], array.shape))
    return found


def place_of(name: str, kind: str) -> str | None:
    """Where a layer stands, as far as its name tells: stem, inception3a.branch1, aux1, fc; None where it does not."""
    name = name.lower()
    if head := re.search(HEAD, name):
        return f"aux{head[1]}"
    for pattern in BLOCKS:
        if block := re.search(pattern, name):
            letter, number = block.groupdict().get("letter"), block.groupdict().get("number")
            which = f"{number}{letter}" if letter else f"{block[1]}{block[2]}"
            for branch, start in BRANCHES.items():
                if re.match(start, block[3]):
                    return f"inception{which}.{branch}"
    if kind == "linear":
        return "fc" if re.search(CLASSIFIER, name) else None
    return "stem" if re.search(STEM, name) else None


def place_of_ours(name: str) -> str:
    """The same of one of our own layers."""
    if name.startswith("conv"):
        return "stem"
    return ".".join(name.split(".")[:2]) if name.startswith("inception") else name.split(".")[0]


def by_names(layers: Sequence[Layer], slots: Mapping[str, tuple[int, ...]]) -> dict[str, str]:
    """The file's layer for each of ours, by what the names tell of places, and by shapes within a place.

    slots: our convolutions and linear layers with the shapes of their weights. Those that are not found are not in the
    result; a layer of another shape is, where none fits: so that it can be said what is wrong with it.
    """
    found: dict[str, str] = {}
    at: dict[str | None, list[Layer]] = {}
    for layer in sorted(layers, key=lambda layer: natural(layer.name)):
        at.setdefault(place_of(layer.name, layer.kind), []).append(layer)
    for fits in (True, False):
        for name, shape in slots.items():
            candidates = at.get(place_of_ours(name), [])
            for layer in candidates:
                if name not in found and layer.kind == kind_of(shape) and (layer.shape == shape or not fits):
                    found[name] = layer.name
                    candidates.remove(layer)
                    break
    for name in [name for name in found if name.endswith(".conv")]:
        candidates = at.get(place_of_ours(name), [])
        for layer in candidates:  # the channels tell, but for the stem's 64 and 64, where the order does
            if layer.kind == "norm" and layer.shape == slots[name][:1]:
                found[norm_of(name)] = layer.name
                candidates.remove(layer)
                break
    return found


def by_order(layers: Sequence[Layer], slots: Mapping[str, tuple[int, ...]]) -> dict[str, str] | None:
    """The file's layer for each of ours where all of them have our shapes in our order; None where they do not.

    That is Table 1 from top to bottom, the branches from left to right, and the heads where they belong, or at the end,
    before the classifier or after it. A batch norm belongs to the convolution before it.
    """
    weighty = [layer for layer in layers if layer.kind != "norm"]
    for order in orders(list(slots)):
        if [layer.shape for layer in weighty] == [slots[name] for name in order]:
            break
    else:
        return None
    found = {}
    names = iter(order)
    name = ""
    for layer in layers:
        if layer.kind == "norm":
            if not name.endswith(".conv") or norm_of(name) in found or layer.shape != slots[name][:1]:
                return None
            found[norm_of(name)] = layer.name
        else:
            name = next(names)
            found[name] = layer.name
    return found


def orders(names: Sequence[str]) -> list[list[str]]:
    """The orders in which programs define the layers of a GoogLeNet; names: ours."""
    heads = [name for name in names if name.startswith("aux")]
    body = [name for name in names if name not in heads and name != "fc"]
    inside = []
    for name in body:
        inside.append(name)
        for head, block in (("aux1", "inception4a"), ("aux2", "inception4d")):
            if name == f"{block}.branch4.1.conv":
                inside += [name for name in heads if name.startswith(head)]
    return [[*inside, "fc"], [*body, *heads, "fc"], [*body, "fc", *heads]]


def norm_of(convolution: str) -> str:
    """Our batch norm behind our convolution."""
    return convolution.removesuffix("conv") + "bn"


def kind_of(shape: tuple[int, ...]) -> str:
    """What has a weight of this shape."""
    return "convolution" if len(shape) == 4 else "linear"


def natural(name: str) -> list[tuple[int, str]]:
    """To sort by: numbers in a name count as numbers, so that layer 10 comes after layer 9."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", name)]
