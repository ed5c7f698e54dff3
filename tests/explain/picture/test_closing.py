"""Boxes of several operations: neighbors of one key, in an order that arrows can follow."""

from minicnn.explain.picture.closing import closed


def test_neighbors_of_a_key_share_a_box():
    inputs = [(), (0,), (1,), (2,), (3,)]
    assert closed(inputs, ["a", "a", None, "b", "b"]) == [[0, 1], [2], [3, 4]]


def test_a_key_that_comes_again_is_another_box():
    assert closed([(), (0,), (1,)], ["a", "b", "a"]) == [[0], [1], [2]]


def test_branches_are_one_box_where_what_joins_them_is_in_it():
    inputs = [(), (0,), (0,), (1, 2)]
    assert closed(inputs, [None, "block", "block", "block"]) == [[0], [1, 2, 3]]
    assert closed(inputs, [None, "block", "block", None]) == [[0], [1], [2], [3]]


def test_a_box_that_would_take_from_what_takes_from_it_stays_open():
    inputs = [(), (0,), (0, 1), (2,), (3,)]
    assert closed(inputs, ["m", None, "m", "n", "n"]) == [[0], [1], [2], [3, 4]]


def test_two_boxes_that_would_take_from_each_other_stay_open():
    inputs = [(), (), (0, 1), (0, 1)]
    keys = ["a", "b", "b", "a"]
    assert closed(inputs, keys) == [[0], [1], [2], [3]]


def test_no_key_keeps_the_order():
    inputs = [(), (0,), (0,), (2, 1), ()]
    assert closed(inputs, [None] * 5) == [[0], [1], [2], [3], [4]]
