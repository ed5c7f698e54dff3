import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings
from support import Case, OperationTest, leaf, raises, tensor, torch

import minicnn as mc
import minicnn.functional as F
from minicnn import backend


def naive_linear(x, weight, bias=None):
    """y[..., o] = bias[o] + sum over i of x[..., i] weight[o, i]."""
    y = np.zeros((*x.shape[:-1], len(weight)))
    for row in np.ndindex(x.shape[:-1]):
        for o in range(len(weight)):
            for i in range(x.shape[-1]):
                y[row][o] += x[row][i] * weight[o, i]
            if bias is not None:
                y[row][o] += bias[o]
    return y


class TestLinear(OperationTest):
    name, arguments, optional = "linear", ("x", "weight", "bias"), ("bias",)
    cases = [
        Case("rows", (3, 4), (5, 4), (5,)),
        Case("without bias", (3, 4), (5, 4)),
        Case("one row", (1, 4), (3, 4), (3,)),
        Case("a vector", (4,), (3, 4), (3,)),
        Case("rows of rows", (2, 3, 4), (5, 4), (5,)),
        Case("one output", (3, 4), (1, 4), (1,)),
        Case("one input", (3, 1), (2, 1), (2,)),
        Case("seven outputs for three threads", (5, 2), (7, 2), (7,)),
    ]

    def operation(self, case, *tensors):
        return F.linear(*tensors)

    def naive(self, case, *arrays):
        return naive_linear(*arrays)

    def torch_operation(self, case, *tensors):
        return torch.nn.functional.linear(*tensors)


def naive_matmul(a, b):
    """y[..., i, k] = sum over j of a[..., i, j] b[..., j, k]; a vector is a row on the left, a column on the right."""
    rows, columns = a[None, :] if a.ndim == 1 else a, b[:, None] if b.ndim == 1 else b
    stack = np.broadcast_shapes(rows.shape[:-2], columns.shape[:-2])
    y = np.zeros((*stack, rows.shape[-2], columns.shape[-1]))
    rows = np.broadcast_to(rows, (*stack, *rows.shape[-2:]))
    columns = np.broadcast_to(columns, (*stack, *columns.shape[-2:]))
    for matrix in np.ndindex(stack):
        for i, j, k in np.ndindex(*rows.shape[-2:], columns.shape[-1]):
            y[matrix][i, k] += rows[matrix][i, j] * columns[matrix][j, k]
    lost = [axis for axis, vector in ((-2, a), (-1, b)) if vector.ndim == 1]
    return y.squeeze(axis=tuple(lost))


class TestMatMul(OperationTest):
    name, arguments = "matmul", ("a", "b")
    arrays_allowed = True
    cases = [
        Case("matrices", (3, 4), (4, 2)),
        Case("matrix and vector", (3, 4), (4,)),
        Case("vector and matrix", (3,), (3, 4)),
        Case("vectors", (4,), (4,)),
        Case("stacks", (2, 3, 4), (2, 4, 2)),
        Case("a stack and one matrix", (2, 3, 4), (4, 2)),
        Case("one matrix and a stack", (3, 4), (2, 4, 2)),
        Case("stacks that broadcast", (2, 1, 3, 2), (3, 2, 2)),
        Case("a stack and a vector", (2, 3, 4), (4,)),
        Case("a vector and a stack", (3,), (2, 3, 4)),
        Case("one by one", (1, 1), (1, 1)),
    ]

    def operation(self, case, a, b):
        return F.matmul(a, b)

    def naive(self, case, a, b):
        return naive_matmul(a, b)

    def torch_operation(self, case, a, b):
        return torch.matmul(a, b)


# ---- known values -------------------------------------------------------------------------------------------------


def test_linear_by_hand():
    x, weight, bias = leaf([[1.0, 2.0]]), leaf([[3.0, 4.0], [5.0, 6.0]]), leaf([10.0, 20.0])
    y = F.linear(x, weight, bias)
    np.testing.assert_array_equal(y.data, [[1 * 3 + 2 * 4 + 10, 1 * 5 + 2 * 6 + 20]])
    y.backward(np.array([[1.0, 100.0]]))
    np.testing.assert_array_equal(x.grad, [[3 + 500, 4 + 600]])
    np.testing.assert_array_equal(weight.grad, [[1, 2], [100, 200]])
    np.testing.assert_array_equal(bias.grad, [1, 100])


def test_linear_of_no_rows():
    x, weight, bias = tensor(0, 4), tensor(3, 4, requires_grad=True), tensor(3, requires_grad=True)
    y = F.linear(x, weight, bias)
    assert y.shape == (0, 3)
    y.backward(np.ones((0, 3)))
    np.testing.assert_array_equal(weight.grad, np.zeros((3, 4)))
    np.testing.assert_array_equal(bias.grad, np.zeros(3))


def test_linear_is_one_block_for_each_thread(monkeypatch):
    """A block for every output would be many small matrix products."""
    sizes = []

    def walk(run, length, xp, size):
        sizes.append((length, size))
        return [run([slice(0, length)])]

    monkeypatch.setattr(backend.blocks, "_walk", walk)
    x, weight = tensor(2, 4, requires_grad=True), tensor(3, 4, requires_grad=True)
    F.linear(x, weight).backward(np.ones((2, 3)))
    assert sizes == [(3, 3), (4, 4), (3, 3)]  # the outputs; in backward the inputs, then the outputs


def test_matmul_takes_arrays_on_either_side():
    array, x = np.arange(6.0).reshape(2, 3), leaf(np.ones((3, 2)))
    for y, expected in [(x @ array, x.data @ array), (array @ x, array @ x.data)]:
        assert isinstance(y, mc.Tensor)
        assert y.requires_grad
        np.testing.assert_array_equal(y.data, expected)


# ---- what is refused ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        (((3, 4), (5, 3), (5,)), "x has shape (3, 4), weight (5, 3) expects (..., 3)"),
        (((), (5, 3), (5,)), "x has shape (), weight (5, 3) expects (..., 3)"),
        (((3, 4), (4,), (4,)), "weight has shape (4,), expected 2 axes (out, in)"),
        (((3, 4), (5, 4, 1), (5,)), "weight has shape (5, 4, 1), expected 2 axes (out, in)"),
        (((3, 4), (5, 4), (4,)), "bias has shape (4,), expected (5,)"),
        (((3, 4), (5, 4), (1,)), "bias has shape (1,), expected (5,)"),
        (((3, 4), (5, 4), (1, 5)), "bias has shape (1, 5), expected (5,)"),
        (((3, 4), (5, 4), ()), "bias has shape (), expected (5,)"),
    ],
)
def test_wrong_shapes_for_linear_are_refused(shapes, message):
    with raises(ValueError, f"linear: {message}"):
        F.linear(*(tensor(*shape) for shape in shapes))


@pytest.mark.parametrize(
    "shapes",
    [((3, 4), (3, 4)), ((4,), (3,)), ((2, 3, 4), (3, 4, 2)), ((3, 4), (3,)), ((), (3,)), ((3, 3), ())],
    ids=str,
)
def test_wrong_shapes_for_matmul_are_refused(shapes):
    a, b = shapes
    with raises(ValueError, f"matmul: shapes {a} and {b}"):
        F.matmul(tensor(*a), tensor(*b))


@pytest.mark.parametrize("number", [2, 2.5, np.float64(2.5)])
def test_matmul_with_a_number_is_refused(number):
    with raises((TypeError, ValueError), "matmul: b"):
        tensor(2, 2) @ number
    with raises((TypeError, ValueError), "matmul: a"):
        number @ tensor(2, 2)


# ---- properties -----------------------------------------------------------------------------------------------------


@given(st.lists(st.integers(1, 3), max_size=2), *[st.integers(1, 4)] * 2, st.booleans())
@settings(max_examples=30, deadline=None, derandomize=True)
def test_linear_of_random_shapes(rows, inputs, outputs, bias):
    TestLinear().agrees(Case("random", (*rows, inputs), (outputs, inputs), *[(outputs,)] * bias))
