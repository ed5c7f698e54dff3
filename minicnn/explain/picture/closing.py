"""Operations of one part of a network as one box: which of them stand together, and in what order the boxes come."""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence, Set

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
        takes: dict[int, set[int]] = {box: set() for box in box_of}
        for number, taken in enumerate(inputs):
            takes[box_of[number]] |= {box_of[one] for one in taken} - {box_of[number]}
        order = in_order(takes)
        if len(order) == len(takes):
            break
        stuck = takes.keys() - set(order)  # in circles, or above them: in none is also what does not hold up others
        held_up = {box: {user for user in stuck if box in takes[user]} for box in stuck}
        circles = stuck - set(in_order(held_up))
        keys = [None if box in circles else key for box, key in zip(box_of, keys, strict=True)]
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


def in_order(takes: Mapping[int, Set[int]]) -> list[int]:
    """The boxes, each after all that it takes from, as far as there is such an order; of several the first number."""
    users: dict[int, list[int]] = {box: [] for box in takes}
    for box, taken in takes.items():
        for one in taken:
            users[one].append(box)
    waits_for = {box: len(taken) for box, taken in takes.items()}
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
