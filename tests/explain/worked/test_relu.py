"""relu, in numbers."""

import numpy as np
import pytest
from worked_examples import array, compared, example, trace

import minicnn.functional as F
from minicnn import nn


def test_the_example():
    e = example("relu")
    assert array(e, "y").tolist() == [[0, 3, 0, 1], [5, 0, 4, 0]]
    assert array(e, "grad_x").tolist() == [[0, 2, 0, 3], [-2, 0, 2, 0]]
    assert trace(e, "y[1,2]") == (4, [4, 0])
    assert trace(e, "grad_x[1,2]") == (2, [2])


def test_differences_leave_the_kink_out_and_the_text_says_why():
    e = example("relu")
    assert compared(e)["grad_x (7 of 8 elements)"] == ["the mask", "differences"]
    assert "x[0,2] is 0, a kink" in str(e)
    assert "kink" not in str(example(F.relu, np.array([1.0, -1.0])))


@pytest.mark.parametrize("x", [np.zeros(1), np.array(-2.0), np.ones((1, 2, 1, 3, 1))], ids=["0", "number", "five axes"])
def test_odd_shapes(x):
    assert array(example(F.relu, x), "y").shape == x.shape


def test_in_place_leaves_the_learners_x_as_it_is():
    x = np.array([[-1.0, 2.0]])
    e = example(nn.ReLU(inplace=True), x)
    assert "over x" in str(e) and x.tolist() == array(e, "x").tolist() == [[-1, 2]]
