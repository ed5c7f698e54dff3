"""Blocks are found where branches part and meet, and nowhere else; dominators against a search for ways around."""

import numpy as np
import pytest

from minicnn.explain.picture.blocks import OUTSIDE, Block, blocks, last_before_all_ways

INCEPTION = [(), (0,), (1,), (1,), (3,), (1,), (5,), (1,), (7,), (2, 4, 6, 8), (9,)]


def every(inputs):
    return [True] * len(inputs)


def test_an_inception_block():
    assert blocks(INCEPTION, every(INCEPTION)) == [Block(((2,), (3, 4), (5, 6), (7, 8)), 9, False)]


def test_blocks_in_a_row_part_where_the_one_before_met():
    two = [*INCEPTION[:10], (9,), (9,), (10, 11)]
    assert [(block.branches, block.join) for block in blocks(two, every(two))][1:] == [(((10,), (11,)), 12)]


def test_a_shortcut_is_an_empty_branch():
    inputs = [(), (0,), (1,), (2, 0)]
    assert blocks(inputs, every(inputs)) == [Block(((1, 2),), 3, True)]


@pytest.mark.parametrize(
    ("inputs", "why"),
    [
        ([(), (0,), (0,), (1, 2), (1,)], "a result inside is used elsewhere"),
        ([(), (), (0,), (1,), (2, 3)], "the branches have begun apart"),
        ([(), (0,), (1, 1)], "twice the same is no branch"),
    ],
)
def test_what_is_no_block(inputs, why):
    assert blocks(inputs, every(inputs)) == [], why


def test_a_formula_is_no_block():
    assert blocks(INCEPTION, [True, True] + [False] * 9) == []
    assert blocks(INCEPTION, [False] * 2 + [True] + [False] * 8) == []
    assert len(blocks(INCEPTION, [False] * 2 + [True, True] + [False] * 7)) == 1


def test_of_blocks_in_each_other_the_inner_one_counts():
    inputs = [(), (0,), (1,), (1,), (2, 3), (0,), (4, 5)]
    assert blocks(inputs, every(inputs)) == [Block(((2,), (3,)), 4, False)]


def reaches_without(inputs, target, left_out):
    """Whether a beginning reaches the target without that operation."""
    seen, waiting = set(), [target]
    while waiting:
        one = waiting.pop()
        if one == left_out or one in seen:
            continue
        seen.add(one)
        if not inputs[one]:
            return True
        waiting += inputs[one]
    return False


def test_dominators_against_the_definition():
    rng = np.random.default_rng(0)
    for _ in range(30):
        inputs = [()] + [
            tuple(int(i) for i in rng.integers(max(0, n - 5), n, rng.integers(0 if n % 7 == 0 else 1, 4)))
            for n in range(1, 18)
        ]
        for target, found in enumerate(last_before_all_ways(inputs)):
            on_all_ways = [one for one in range(target) if not reaches_without(inputs, target, one)]
            assert found == max(on_all_ways, default=OUTSIDE)
