"""Where the boxes of a graph stand: in rows, each above all that it takes, and in columns, branches side by side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

Edge = tuple[int, int]
Inputs = Sequence[Sequence[int]]  # for each box the boxes that it takes from, which come before it
ASIDE = 1.5  # columns from the last of the trunk to the first branch beside it


@dataclass
class Layout:
    """The row of each box (0 is at the bottom) and its column (0 is the first box's; halves and negative ones occur).

    ways: the column in which the arrow from one box to another goes up, where it passes rows.
    """

    rows: list[int]
    columns: list[float]
    ways: dict[Edge, float] = field(default_factory=dict)


def layout(inputs: Inputs) -> Layout:
    """Rows and columns, such that no two boxes stand in one place.

    Where a result is used several times, the branches stand side by side until they meet, and what they meet in stands
    above their fork again. A branch that does not meet most others (an auxiliary head) stands beside all of these.
    """
    users = users_of(inputs)
    followed = follow(inputs, users)
    columns = [0.0] * len(inputs)
    forks: list[tuple[float, ...]] = [()] * len(inputs)  # the columns of the forks whose branches have not met yet
    aside: dict[int, int] = {}  # the boxes beside the trunk, and which branch each of them belongs to
    direct: dict[Edge, float] = {}  # arrows that are a branch without a box
    for box, taken in enumerate(inputs):
        if taken and (len(taken) > 1 or len(users[taken[0]]) == 1):
            first = taken[0]
            columns[box], forks[box] = columns[first], forks[first]
            if first in aside:
                aside[box] = aside[first]
            if len(taken) > 1 and forks[first]:
                columns[box], forks[box] = forks[first][-1], forks[first][:-1]
        if len(users[box]) < 2:
            continue
        branches = [(user, *followed[user]) for user in users[box]]
        meeting = Counter(end for _, _, end in branches).most_common(1)[0][0]
        left = columns[box] - sum(width for _, width, end in branches if end == meeting) / 2
        for user, width, end in branches:
            if end != meeting and len(inputs[user]) == 1:
                aside[user] = user
            elif end == meeting:
                middle, left = left + width / 2, left + width
                if len(inputs[user]) > 1:
                    direct[box, user] = middle
                    continue
                columns[user], forks[user] = middle, (*forks[box], columns[box])
                if box in aside:
                    aside[user] = aside[box]
    found = Layout(rows_of(inputs), columns, direct)
    move_aside(found, aside)
    part_neighbors(found)
    find_ways(found, inputs)
    return found


def users_of(inputs: Inputs) -> list[list[int]]:
    """For each box the boxes that take from it, each once."""
    users: list[list[int]] = [[] for _ in inputs]
    for box, taken in enumerate(inputs):
        for one in dict.fromkeys(taken):
            users[one].append(box)
    return users


def rows_of(inputs: Inputs) -> list[int]:
    """For each box the length of the longest way to it."""
    rows: list[int] = []
    for taken in inputs:
        rows.append(1 + max((rows[one] for one in taken), default=-1))
    return rows


def follow(inputs: Inputs, users: Sequence[Sequence[int]]) -> list[tuple[int, int | None]]:
    """The branch that begins with each box: how many columns wide it is, and the box in which it meets others.

    Forks on the way that meet again inside of the branch are a part of it. None where it meets nothing.
    """
    found: list[tuple[int, int | None]] = [(1, None)] * len(inputs)
    for box in reversed(range(len(inputs))):  # so that all that comes behind a box is known
        if len(inputs[box]) > 1:
            found[box] = 1, box
        elif len(users[box]) == 1:
            found[box] = found[users[box][0]]
        elif users[box]:
            inner = [found[user] for user in users[box]]
            end = Counter(meets for _, meets in inner).most_common(1)[0][0]
            width = sum(one for one, meets in inner if meets == end)
            if end is not None and len(users[end]) == 1:
                further, end = found[users[end][0]]
                width = max(width, further)
            found[box] = width, end
    return found


def move_aside(found: Layout, aside: dict[int, int]) -> None:
    """Put the branches beside the trunk at its right, one above the other where their rows allow it."""
    right = max(column for box, column in enumerate(found.columns) if box not in aside) + ASIDE
    taken: list[set[int]] = []  # the rows that are taken in each column there
    for branch in dict.fromkeys(aside.values()):
        boxes = [box for box, of in aside.items() if of == branch]
        rows = set(range(min(found.rows[box] for box in boxes), max(found.rows[box] for box in boxes) + 1))
        place = next((i for i, others in enumerate(taken) if not others & rows), len(taken))
        taken[place:place] = [set()] if place == len(taken) else []
        taken[place] |= rows
        for box in boxes:
            found.columns[box] += right + place


def part_neighbors(found: Layout) -> None:
    """Where boxes of a row are nearer than a column to each other, move those at the right."""
    for row in set(found.rows):
        boxes = sorted((box for box, at in enumerate(found.rows) if at == row), key=lambda box: found.columns[box])
        for one, other in zip(boxes, boxes[1:], strict=False):
            found.columns[other] = max(found.columns[other], found.columns[one] + 1)


def find_ways(found: Layout, inputs: Inputs) -> None:
    """Set `ways`: a column in which no box is passed, one at the right of all where there is none."""
    lane = max(found.columns) + 0.7
    for box, taken in enumerate(inputs):
        for one in taken:
            first, last = found.rows[one] + 1, found.rows[box]
            passed = [column for row, column in zip(found.rows, found.columns, strict=True) if first <= row < last]
            wanted = [found.ways.get((one, box), found.columns[one]), found.columns[one], found.columns[box]]
            free = [column for column in wanted if all(abs(column - other) >= 1 for other in passed)]
            found.ways[one, box] = free[0] if free else lane
            lane += 0 if free else 0.2
