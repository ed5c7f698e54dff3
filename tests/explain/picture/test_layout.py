"""Rows and columns of boxes."""

import numpy as np
import pytest

from minicnn.explain.picture.layout import layout

# box 0 forks into 1x1, reduce-3x3, reduce-5x5, pool-1x1; 8 is their concat
INCEPTION = [(), (0,), (0,), (2,), (0,), (4,), (0,), (6,), (1, 3, 5, 7)]


def test_a_chain_stands_in_one_column():
    found = layout([(), (0,), (1,)])
    assert (found.rows, found.columns) == ([0, 1, 2], [0, 0, 0])
    assert found.ways == {(0, 1): 0, (1, 2): 0}


def test_branches_stand_side_by_side_and_meet_above_their_fork():
    found = layout([*INCEPTION, (8,)])
    assert found.rows == [0, 1, 1, 2, 1, 2, 1, 2, 3, 4]
    assert found.columns == [0, -1.5, -0.5, -0.5, 0.5, 0.5, 1.5, 1.5, 0, 0]
    assert found.ways[1, 8] == -1.5  # past the row in which the others have a second box


def test_a_head_stands_aside_and_its_arrow_passes_no_box():
    # two heads on 0 and 8, each of two boxes; both take part in the sum at the end
    inputs = [*INCEPTION, (0,), (9,)]  # 9, 10: the first head
    inputs += [tuple(10 + i if i else 8 for i in one) for one in INCEPTION[1:]]  # 11 to 18: the second block
    inputs += [(8,), (19,), (18, 10), (21, 20)]  # 19, 20: the second head; 21, 22: the sum
    found = layout(inputs)
    assert found.columns[8] == found.columns[18] == found.columns[21] == found.columns[22] == 0
    assert found.columns[9] == found.columns[10] == found.columns[19] == found.columns[20] > 2.5
    assert found.ways[20, 22] == found.columns[20]
    assert found.ways[10, 21] > found.columns[20]  # the second head is in its way


def test_heads_in_the_same_rows_stand_side_by_side():
    # 0 forks into 1, 2, which meet in 5, and two heads, 3 and 4 with 6; all of it is added up in 7 and 8
    found = layout([(), (0,), (0,), (0,), (0,), (1, 2), (4,), (5, 3), (7, 6)])
    assert found.columns[5] == found.columns[7] == found.columns[8] == 0
    assert found.columns[4] == found.columns[6] == found.columns[3] + 1
    assert found.columns[3] > found.columns[2] + 1


def test_a_shortcut_is_a_branch_without_a_box():
    found = layout([(), (0,), (1,), (2, 0)])
    assert found.columns == [0, -0.5, -0.5, 0]
    assert found.ways[0, 3] == 0.5


def test_a_fork_within_a_branch_has_room():
    # 0 forks into 1 and 2; 1 forks into 3 and 4, which meet in 5; 6 joins 5 and 2
    found = layout([(), (0,), (0,), (1,), (1,), (3, 4), (5, 2)])
    assert found.columns == [0, -0.5, 1, -1, 0, -0.5, 0]


def test_a_second_fork_within_a_branch_has_room():
    # 0 forks into 1 and 2; 1 into 3 and 4, which meet in 5; 6 into 7, 8 and 9, which meet in 10; 11 joins 10 and 2
    found = layout([(), (0,), (0,), (1,), (1,), (3, 4), (5,), (6,), (6,), (6,), (7, 8, 9), (10, 2)])
    assert found.columns[2] - found.columns[1] == 2  # half of three columns, and of one
    assert [found.columns[box] - found.columns[6] for box in (7, 8, 9)] == [-1, 0, 1]


def test_a_fork_in_every_step_of_thousands():
    inputs = [(), (0,)]
    for state in range(0, 2000, 2):  # a recurrent network: each state is used for the next one, and in the loss
        inputs += [(state,), (state + 1, state + 2)]
    assert len(layout(inputs).rows) == 2002


def test_a_box_that_nothing_is_made_of_stands_beside():
    found = layout([(), (), (0, 1)])
    assert found.rows == [0, 0, 1] and found.columns[1] - found.columns[0] >= 1


def test_a_use_twice_is_one_arrow():
    found = layout([(), (0, 0)])
    assert (found.columns, found.ways) == ([0, 0], {(0, 1): 0})


@pytest.mark.parametrize("seed", range(30))
def test_in_any_graph_no_box_hides_another(seed):
    rng = np.random.default_rng(seed)
    inputs = [()]
    for box in range(1, 25):
        inputs.append(tuple(int(i) for i in rng.integers(0, box, size=rng.integers(1, 4))))
    found = layout(inputs)
    for box, taken in enumerate(inputs):
        assert found.rows[box] == 1 + max((found.rows[one] for one in taken), default=-1)
        for one in taken:
            way = found.ways[one, box]
            for row, column in zip(found.rows, found.columns, strict=True):
                if found.rows[one] < row < found.rows[box]:
                    assert abs(column - way) > 0.6  # a box is less than a column wide
    places = sorted(zip(found.rows, found.columns, strict=True))
    assert all(a[0] != b[0] or b[1] - a[1] >= 1 for a, b in zip(places, places[1:], strict=False))
