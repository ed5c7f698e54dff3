"""Blocks in a graph: where a result is used several times, and all branches meet again. An Inception block is one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

Inputs = Sequence[Sequence[int]]  # for each operation those that it takes from, which come before it
OUTSIDE = -1  # the number of what stands before all operations


@dataclass(frozen=True)
class Block:
    """branches: for each that is not empty, its operations in order. join: the operation in which all of them meet.

    shortcut: whether one branch is empty, as around a residual block.
    """

    branches: tuple[tuple[int, ...], ...]
    join: int
    shortcut: bool


def blocks(inputs: Inputs, has_parameters: Sequence[bool]) -> list[Block]:
    """The blocks that have no other block inside, in order; none of them shares an operation with another.

    There are at least two layers with parameters in a block: x * sigmoid(x) is a formula, not an architecture.
    """
    entries = last_before_all_ways(inputs)
    users: list[list[int]] = [[] for _ in inputs]
    for number, taken in enumerate(inputs):
        for one in taken:
            users[one].append(number)
    found: list[Block] = []
    members_of_blocks: set[int] = set()
    for join, taken in enumerate(inputs):
        entry = entries[join]
        if len(set(taken)) < 2 or entry == OUTSIDE:
            continue
        inside = between(entry, join, inputs, members_of_blocks)
        if sum(has_parameters[one] for one in inside) < 2:
            continue
        if all(user in inside or user == join for one in inside for user in users[one]):  # nothing else leaves it
            found.append(Block(parts(inside, inputs), join, entry in taken))
            members_of_blocks |= {*inside, join}
    return found


def last_before_all_ways(inputs: Inputs) -> list[int]:
    """For each operation the nearest one that every way to it goes through (its immediate dominator), or OUTSIDE."""
    above: list[int] = []
    height: list[int] = []

    def meeting(a: int, b: int) -> int:
        while a != b:
            if b == OUTSIDE or (a != OUTSIDE and height[a] > height[b]):
                a = above[a]
            else:
                b = above[b]
        return a

    for taken in inputs:
        entry = taken[0] if taken else OUTSIDE
        for one in taken[1:]:
            entry = meeting(entry, one)
        above.append(entry)
        height.append(0 if entry == OUTSIDE else height[entry] + 1)
    return above


def between(entry: int, join: int, inputs: Inputs, forbidden: set[int]) -> set[int]:
    """The operations on the ways from one to the other, without both; none where one of these is forbidden."""
    inside: set[int] = set()
    waiting = [one for one in inputs[join] if one != entry]
    while waiting:
        one = waiting.pop()
        if one in forbidden:
            return set()
        if one not in inside:
            inside.add(one)
            waiting += [before for before in inputs[one] if before != entry]
    return inside


def parts(inside: set[int], inputs: Inputs) -> tuple[tuple[int, ...], ...]:
    """The operations, divided into those that are connected with each other."""
    root = {one: one for one in inside}

    def find(one: int) -> int:
        while root[one] != one:
            one = root[one]
        return one

    for one in sorted(inside):
        for before in inputs[one]:
            if before in inside:
                a, b = sorted((find(before), find(one)))
                root[b] = a
    found: dict[int, list[int]] = {}
    for one in sorted(inside):
        found.setdefault(find(one), []).append(one)
    return tuple(map(tuple, found.values()))
