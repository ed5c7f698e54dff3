"""What is shown of an array."""

import numpy as np
import pytest

from minicnn.explain.document import Numbers, Trace
from minicnn.explain.matrices import aligned, base_of, matrices, number, places, trace_rows


def shown(array, marked=(), name="x", room=10**6):
    """Of each matrix its name and rows as text, marked numbers in brackets; and how many are left out."""
    found, left_out = matrices(Numbers(name, np.asarray(array), marked), room)
    return [
        (one.name, [" ".join(f"[{t}]" if mark else t for t, _, mark in row) for row in one.cells]) for one in found
    ], left_out


@pytest.mark.parametrize(("values", "texts"), [
    ([1, -2, 10], [" 1", "-2", "10"]),
    ([1.0, -0.0], ["1", "0"]),
    ([0.5, 0.25], ["0.50", "0.25"]),
    ([1 / 3, 20], [" 0.33", "20.00"]),
    ([1 / 3], ["0.3333"]),
    ([1234.5678], ["1234.6"]),
    ([1e-5, 0], ["1.000e-05", "        0"]),
    ([2.5e9], ["2.500e+09"]),
    ([np.nan, np.inf, 1], ["nan", "inf", "  1"]),
    ([0.0095454], ["0.009545"]),
    ([-1e-12, 2e-10], ["-1.000e-12", " 2.000e-10"]),
    ([-1e-12, 1], ["0", "1"]),
    ([-1e-16], ["0"]),
])  # fmt: skip
def test_numbers_have_the_digits_that_they_need(values, texts):
    assert aligned(values) == texts


def test_a_number_by_itself():
    assert [number(value) for value in (3.0, 0.125, 1 / 3)] == ["3", "0.125", "0.3333"]


def test_matrix_by_matrix():
    assert shown(np.arange(8).reshape(1, 2, 2, 2), [(0, 1, 1, 0)]) == (
        [("x[0,0]", ["0 1", "2 3"]), ("x[0,1]", ["4 5", "[6] 7"])], 0
    )  # fmt: skip
    assert shown([1, 2], [(1,)]) == ([("x", ["1 [2]"])], 0)
    assert shown(5.5) == ([("x", ["5.5"])], 0)
    assert shown(np.zeros((0, 3))) == ([("x", [])], 0)


def test_a_part_of_an_array_has_the_indices_of_the_whole():
    (matrix,), _ = matrices(Numbers("weight[3]", np.arange(4).reshape(1, 2, 2)))
    assert matrix.name == "weight[3,0]"
    assert matrix.cells[1][0] == ("2", (3, 0, 1, 0), False)
    assert [base_of(name) for name in ("weight[1,2]", "a[i]", "x")] == [("weight", (1, 2)), ("a[i]", ()), ("x", ())]


def test_of_a_large_array_the_surroundings_of_what_is_marked():
    image = np.arange(40 * 40).reshape(1, 40, 40)
    (one,), left_out = shown(image, [(0, 20, 30)])
    assert one == ("x[0,19:22,29:32]", [
        ".. .. .. .. ..",
        ".. 789 790 791 ..",
        ".. 829 [830] 831 ..",
        ".. 869 870 871 ..",
        ".. .. .. .. ..",
    ])  # fmt: skip
    assert left_out == 0


def test_of_many_matrices_those_with_marks():
    found, left_out = shown(np.zeros((9, 2, 2)), [(4, 0, 0)])
    assert ("x[4]", ["[0] 0", "0 0"]) in found
    assert len(found) + left_out == 9 and left_out >= 5
    assert shown(np.zeros((9, 2, 2))) == ([("x[0]", ["0 0", "0 0"])], 8)


def test_none_is_wider_than_there_is_room():
    marked = tuple((0, column) for column in range(10, 20))
    ((_, (row,)),) = shown(np.full((1, 30), 1234567), marked, room=50)[0]
    assert row.replace("[", "").replace("]", "") == ".. 1234567 .. 1234567 .."


@pytest.mark.parametrize(("length", "marked", "most", "expected"), [
    (5, [], 5, [0, 1, 2, 3, 4]),
    (20, [], 5, [0, 1, 2, 3, None]),
    (20, [0], 7, [0, 1, None]),
    (20, [19], 7, [None, 18, 19]),
    (20, [10], 5, [None, 9, 10, 11, None]),
    (20, list(range(20)), 7, [0, 1, None, 18, 19]),
    (20, list(range(2, 8)), 7, [None, 2, 3, None, 6, 7, None]),
    (20, list(range(2, 12)), 7, [None, 2, 3, None, 10, 11, None]),
])  # fmt: skip
def test_which_rows_are_shown(length, marked, most, expected):
    found = places(length, marked, most)
    assert found == expected
    assert len(found) <= most


def test_of_many_terms_the_first_and_the_last_and_the_sum_of_the_rest():
    rows, result = trace_rows(Trace("y", 190, tuple((f"t{i}", (i, 1), i) for i in range(20))))
    assert rows[0] == ("t0", " 0 * 1", "  0")
    assert rows[8:] == [
        ("t8", " 8 * 1", "  8"), ("... and 9 more", "", "117"), ("t18", "18 * 1", " 18"), ("t19", "19 * 1", " 19")
    ]  # fmt: skip
    assert result == "190"


def test_terms_without_factors_stand_among_those_with_some():
    rows, _ = trace_rows(Trace("y", 7, (("bias", (), 1), ("x * w", (-2, -3), 6))))
    assert rows == [("bias", "", "1"), ("x * w", "-2 * -3", "6")]
