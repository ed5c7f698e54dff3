"""Operations of one part of a network as one box: which of them stand together, and in what order the boxes come."""

from __future__ import annotations

import heapq
from collections.abc import Sequence

Inputs = Sequence[Sequence[int]]  # for each operation those that it takes from, which come before it


def closed(inputs: Inputs, keys: Sequence[str | None]) -> list[list[int]]:
    """The operations of each box, boxes in an order in which each comes after all that it takes from.

    Neighbors in the graph with the same key share a box; None keeps an operation by itself. So a module that is called
    twice is two boxes. Where a box would take from what takes from itself (something outside lies on a way through
    it), its operations stay by themselves.
    """
    keys = list(keys)
    while True:
        box_of = neighbors(inputs, keys)
        order = in_order(inputs, box_of)
        if len(order) == len(set(box_of)):
            break
        reached = set(order)
        for number, box in enumerate(box_of):
            if box not in reached:
                keys[number] = None
    members: dict[int, list[int]] = {box: [] for box in order}
    for number, box in enumerate(box_of):
        members[box].append(number)
    return list(members.values())


def neighbors(inputs: Inputs, keys: Sequence[str | None]) -> list[int]:
    """For each operation the number of the first in its box."""
    root = list(range(len(inputs)))

    def find(one: int) -> int:
        while root[one] != one:
            root[one] = root[root[one]]
            one = root[one]
        return one

    for number, taken in enumerate(inputs):
        for one in taken:
            if keys[one] is not None and keys[one] == keys[number]:
                a, b = sorted((find(one), find(number)))
                root[b] = a
    return [find(number) for number in range(len(inputs))]


def in_order(inputs: Inputs, box_of: Sequence[int]) -> list[int]:
    """The boxes whose inputs can all come before them, in such an order; among several the first in the graph."""
    takes: dict[int, set[int]] = {box: set() for box in box_of}
    users: dict[int, list[int]] = {box: [] for box in box_of}
    for number, taken in enumerate(inputs):
        for one in taken:
            if box_of[one] != box_of[number]:
                takes[box_of[number]].add(box_of[one])
    for box, taken_boxes in takes.items():
        for one in taken_boxes:
            users[one].append(box)
    waits_for = {box: len(taken_boxes) for box, taken_boxes in takes.items()}
    ready = [box for box, count in waits_for.items() if count == 0]
    heapq.heapify(ready)
    order = []
    while ready:
        box = heapq.heappop(ready)
        order.append(box)
        for user in users[box]:
            waits_for[user] -= 1
            if waits_for[user] == 0:
                heapq.heappush(ready, user)
    return order
