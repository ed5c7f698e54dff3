"""Arrays in a few characters."""

import numpy as np
import pytest
from support import put

from minicnn.explain.backward.amounts import amount, largest_of, norm_of


@pytest.mark.parametrize(
    ("array", "text"),
    [
        (np.float32(-0.25), "-0.25"),
        (np.array(1e-9), "1e-09"),
        (np.array([1, 0.5, -2.0]), "[1 0.5 -2]"),
        (np.array([[1, 2], [3, np.nan]]), "[[1 2] [3 nan]]"),
        (np.zeros((0, 3)), "[]"),
        (np.full((6, 1), -1.23e-5), "norm 3.01e-05, largest 1.23e-05"),
        (np.arange(8.0), "norm 11.8, largest 7"),
        (np.array([3e30, -4e30] * 4, np.float32), "norm 1e+31, largest 4e+30"),
        (np.array([3e200, -4e200] * 4), "norm 1e+201, largest 4e+200"),
        (np.zeros(8), "norm 0, largest 0"),
        (np.array([1.0, np.inf, -np.inf, np.nan, 0, 0, 0, 0]), "3 of 8 are not finite"),
    ],
)
def test_amount(array, text):
    assert amount(array) == text


def test_norm_and_largest_on_a_device(device):
    array = put(np.array([[3, -4], [0, 0]], np.float16), device)
    assert (norm_of(array), largest_of(array)) == (5, 4)
    assert norm_of(np.zeros(0)) == largest_of(np.zeros(0)) == 0
