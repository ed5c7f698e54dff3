"""Which part of a network an operation belongs to, as a path: "inception3a.branch2.0.conv"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from minicnn.explain.picture.blocks import Block
from minicnn.explain.picture.operations import Operation
from minicnn.nn.module import Module

Path = tuple[str, ...]


def paths_of(
    listed: Sequence[Operation], found: Sequence[Block], names: Module | Mapping[Any, str] | None
) -> list[str]:
    """The path of each operation, "" where it has none.

    names: what `names_of_functions` has noted while the network ran (exact); or the network: then an operation with
    parameters belongs to the module that holds them, and one without to what those around it have in common (in a
    block: those of its branch, else those of the block; elsewhere: what comes before and what comes after it); or None:
    then blocks and their branches are numbered.
    """
    if names is None:
        return numbered(len(listed), found)
    if isinstance(names, Module):
        return by_parameters(listed, found, names)
    if not isinstance(names, Mapping):
        raise TypeError(f"names: got {type(names).__name__}, expected the network, or a dict of names")
    return [names.get(operation.at[0], "") for operation in listed]


def numbered(count: int, found: Sequence[Block]) -> list[str]:
    """ "block 2.branch 1" """
    paths = [""] * count
    for number, block in enumerate(found, 1):
        paths[block.join] = f"block {number}"
        for which, branch in enumerate(block.branches, 1):
            for one in branch:
                paths[one] = f"block {number}.branch {which}"
    return paths


def by_parameters(listed: Sequence[Operation], found: Sequence[Block], module: Module) -> list[str]:
    """By the modules that hold the parameters."""
    holder = {parameter: tuple(path.split(".")[:-1]) for path, parameter in module.named_parameters()}
    layers = [in_common([holder[p] for p in one.parameters if p in holder]) for one in listed]
    around = [None if path is None else path[:-1] for path in layers]  # a layer's own path is for itself alone
    for block in found:
        whole = in_common([around[one] for branch in block.branches for one in branch])
        for branch in block.branches:
            own = in_common([around[one] for one in branch])
            fill(around, branch, whole if own is None or whole is None else own[: len(whole) + 1])
        fill(around, [block.join], whole)
    before = list(around)
    for number, operation in enumerate(listed):
        if before[number] is None:
            before[number] = in_common([before[one] for one in operation.inputs])
    users: list[list[Path | None]] = [[] for _ in listed]
    for number in reversed(range(len(listed))):
        known = around[number]
        after = in_common(users[number]) if known is None else known
        for one in listed[number].inputs:
            users[one].append(after)
        if known is None and before[number] is not None and after is not None:
            around[number] = in_common([before[number], after])
    return [".".join(around[n] or () if path is None else path) for n, path in enumerate(layers)]


def fill(paths: list[Path | None], places: Sequence[int], path: Path | None) -> None:
    """Set the path where none is known."""
    for one in places:
        if paths[one] is None:
            paths[one] = path


def in_common(paths: Sequence[Path | None]) -> Path | None:
    """The beginning that those which are known have in common; None where none is."""
    known = [path for path in paths if path is not None]
    if not known:
        return None
    shortest = min(known, key=len)
    length = next((i for i, part in enumerate(shortest) if any(path[i] != part for path in known)), len(shortest))
    return shortest[:length]
