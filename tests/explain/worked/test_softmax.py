"""softmax, in numbers."""

import numpy as np
import pytest
from worked_examples import array, compared, example, trace

import minicnn.functional as F
from minicnn.tensor import Tensor

X = np.array([[1.0, 2, 4], [3, 0, 0]])


def test_the_example_is_what_the_library_computes():
    e, x = example("softmax"), Tensor(X, requires_grad=True)
    y = F.softmax(x, 1)
    y.backward(np.array([[1, 2, -1], [3, -2, 1]]))
    assert np.array_equal(array(e, "y"), y.data) and np.allclose(array(e, "grad_x"), x.grad, atol=1e-15)
    assert compared(e)["grad_x"] == ["the Jacobian", "the dot product", "F.softmax's backward", "differences"]


def test_the_jacobian_of_a_row():
    y = F.softmax(Tensor(X), 1).data[1]
    e = example("softmax")
    assert np.allclose(array(e, "Jacobian"), [[y[i] * ((i == j) - y[j]) for j in range(3)] for i in range(3)])
    assert np.allclose(trace(e, "grad_x[1,1]")[1], [3 * -y[0] * y[1], -2 * y[1] * (1 - y[1]), 1 * -y[2] * y[1]])


@pytest.mark.everything("more cases of operations")
@pytest.mark.parametrize("axis", [0, -1, 1])
def test_an_axis_becomes_rows(axis):
    x = np.arange(24.0).reshape(2, 3, 4) % 7
    e = example(F.softmax, x, axis, at=(1, 2, 0))
    whole = F.softmax(Tensor(x), axis).data
    (value, _), *_ = [trace(e, name) for name in ("y[8,1]", "y[5,0]", "y[4,2]") if f"{name} =" in str(e)]
    assert value == pytest.approx(whole[1, 2, 0])


@pytest.mark.parametrize("x", [X, X - 2000, X * 300, np.zeros((1, 1))], ids=["example", "small", "far", "one"])
def test_large_numbers_overflow_without_the_largest_and_not_with_it(x):
    e = example(F.softmax, x, 1)
    assert np.isinf(array(e, "e^x")).any() and np.isnan(array(e, "e^x / sum")).any()
    assert any(what.startswith("softmax of x + ") for what in compared(e))


@pytest.mark.parametrize("at", [(0, 0), (0, 1)])
def test_one_that_is_almost_certain(at):
    """1 - y is made of the last digits of y there, which the Jacobian and the dot product round in other ways."""
    e = example(F.softmax, [[35.5, 0.0, 1.0], [0, 0, 0]], at=at, grad_y=[[3, 2, -1], [1, 0, 0]])
    value, terms = trace(e, f"grad_x[{at[0]},{at[1]}]")
    assert abs(value) < 1e-14 and value == pytest.approx(sum(terms))
