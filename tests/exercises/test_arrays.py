"""Arrays in a message: number below number, wrong ones marked, large ones cut down to where they are wrong."""

import numpy as np
import pytest

from exercises.arrays import array_lines, compared_lines, neighborhood, number


def compared(came, expected):
    return "\n".join(compared_lines("y", came, expected, came != expected))


def test_wrong_numbers_are_marked_and_stand_below_each_other():
    assert compared(np.array([[1.0, 2.5], [30, 4]]), np.array([[1.0, 2], [-3, 4]])) == (
        "  y, shape (2, 2), came\n"
        "      [[  1.0  *2.5]\n"
        "       [*30.0   4.0]]\n"
        "  expected\n"
        "      [[  1.0   2.0]\n"
        "       [ -3.0   4.0]]"
    )


def test_a_small_difference_is_written_out():
    text = compared(np.array([1.0, 2.000001]), np.array([1.0, 2.0]))
    assert "*2.000001" in text and "2.000000" in text


@pytest.mark.parametrize("scale", [1e9, 1e-9])
def test_very_large_and_small_numbers(scale):
    assert f"{2 * scale:.3e}" in "\n".join(array_lines("x", np.array([1.0, 2.0]) * scale))


def test_rounding_leaves_no_minus_zero():
    assert array_lines("x", np.array([-1e-17, 1.5])) == ["  x, shape (2,)", "      [0.0 1.5]"]


def test_a_large_array_is_shown_around_the_first_wrong_number():
    came = np.zeros((2, 3, 20, 20))
    expected = came.copy()
    expected[1, 2, 10, 19] = 7
    text = compared(came, expected)
    assert "y, shape (2, 3, 20, 20); of it y[1, 2, 8:13, 14:20], came" in text
    assert text.count("*") == 1 and "7" in text and len(text.splitlines()) == 12
    assert array_lines("x", expected) == ["  x, shape (2, 3, 20, 20), from 0 to 7"]


@pytest.mark.parametrize("shape", [(100,), (9, 9), (80, 1), (2, 50)])
def test_the_neighborhood_holds_the_place(shape):
    for place in ([0] * len(shape), [length - 1 for length in shape]):
        marked = np.zeros(shape)
        marked[tuple(place)] = 1
        index = neighborhood(shape, np.array(place))
        assert all(index_part.start >= 0 for index_part in index)
        part = marked[index]
        assert part.sum() == 1 and part.size <= 30


def test_it_fits_80_columns_and_takes_every_kind_of_number():
    for value in (np.full((1, 1, 2, 30), 1.23456), np.array([np.nan, np.inf, -np.inf]), np.zeros((0, 3))):
        assert max(map(len, array_lines("x", value))) <= 80
    assert "[False  True]" in array_lines("x", np.array([False, True]))[1]
    assert number(np.array(True)) == "True" and number(np.float64(2)) == "2"
