"""What worked examples share."""

import numpy as np
import pytest
from support import raises

from minicnn.explain.worked import ways


def test_differences_have_nothing_to_say_at_a_kink():
    x = np.array([1.0, 0.0, -2.0, 3.0])
    found = ways.differences(lambda: np.abs(x), x, np.array([1.0, 2, 3, 4]), [(0,), (1,), (2,), (3,)])
    assert np.allclose(found, [1, np.nan, -3, 4], equal_nan=True)
    assert x.tolist() == [1, 0, -2, 3]


def test_differences_are_exact_for_small_and_for_large_numbers():
    for size in (1e-4, 1.0, 1e5):
        x = size * np.array([1.0, 2.0, -3.0])
        found = ways.differences(lambda x=x: x**3, x, np.ones(3), [(0,), (1,), (2,)])
        assert np.allclose(found, 3 * x**2, rtol=1e-7)


def test_gradients_are_compared_where_there_is_a_slope():
    x = np.array([1.0, 0.0])
    found = {"by hand": np.array([1.0, 5.0]), "library": np.array([1.0, 5.0])}
    whole, part = ways.gradient_agreements("grad_x", found, lambda: np.abs(x), x, np.ones(2))
    assert (whole.what, list(whole.ways)) == ("grad_x", ["by hand", "library"])
    assert (part.what, list(part.ways)) == ("grad_x (1 of 2 elements)", ["by hand", "differences"])
    with raises(AssertionError, "grad_x (1 of 2 elements): by hand and differences differ by 0.5"):
        ways.gradient_agreements("grad_x", {"by hand": np.array([1.5, 0])}, lambda: np.abs(x), x, np.ones(2))


def test_kinks_of_several_outputs_may_cancel_in_their_sum():
    x = np.array([0.0, 2.0])
    by_hand = {"by hand": np.array([7.0, 0.0])}  # |x| - |x| has the slope 0, and each has none at 0
    (part,) = ways.gradient_agreements("grad_x", by_hand, lambda: np.stack([np.abs(x), -np.abs(x)]), x, np.ones((2, 2)))
    assert part.what == "grad_x (1 of 2 elements)"
    assert x.tolist() == [0, 2]
    with raises(AssertionError, "grad_x: by hand and differences differ by 7"):
        ways.gradient_agreements("grad_x", by_hand, lambda: np.stack([x**2, -(x**2)]), x, np.ones((2, 2)))


@pytest.mark.parametrize("largest", [1e13, 1e300, 1e-320])
def test_numbers_that_differences_cannot_follow_are_refused(largest):
    with raises(ValueError, f"relu: the largest number of x is {largest:.3g}, expected from 1e-100 to 1e+12"):
        ways.as_array("relu", "x", [0, largest, -largest / 2])
    assert ways.as_array("relu", "x", [0.0, 1e-320, 1e12]).tolist() == [0.0, 1e-320, 1e12]


def test_a_step_that_is_lost_beside_a_large_number_says_nothing():
    x = np.array([1e-6, 2e-6, 3e-6, 1e12])
    found = ways.differences(lambda: 2 * x, x, np.ones(4), [(0,), (3,)])
    assert found[0] == pytest.approx(2) and np.isnan(found[1])


def test_an_array_as_rows():
    x = np.arange(24).reshape(2, 3, 4)
    for axis in range(3):
        rows = ways.as_rows(x, axis)
        assert rows.shape == (24 // x.shape[axis], x.shape[axis])
        for index in np.ndindex(x.shape):
            assert rows[ways.as_row(index, x.shape, axis), index[axis]] == x[index]


def test_code_says_what_it_is_for():
    def loops(x):
        """A docstring that is longer than a terminal is wide,
        even where it has two lines in the file: it is put into others."""
        return x

    assert ways.code(loops).lines == (
        "def loops(x):",
        '    """A docstring that is longer than a terminal is wide, even where it has',
        '    two lines in the file: it is put into others."""',
        "    return x",
    )
