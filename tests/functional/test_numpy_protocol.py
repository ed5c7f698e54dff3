"""NumPy's functions on Tensors: the right result with its graph, or an error that says what to write."""

import numpy as np
import pytest
from support import leaf, raises, share_memory

import minicnn as mc
import minicnn.functional as F
from minicnn import Tensor
from minicnn.functional.numpy_protocol import LOSE_NOTHING, WRITE

A, B = np.array([[0.5, 2.0], [1.5, 1.0]]), np.array([1.0, 2.0])

OURS = {
    np.add: lambda a, b: a + b, np.subtract: lambda a, b: a - b, np.multiply: lambda a, b: a * b,
    np.true_divide: lambda a, b: a / b, np.divide: lambda a, b: a / b, np.power: lambda a, b: a**b,
    np.matmul: lambda a, b: a @ b,
    np.negative: lambda a: -a, np.exp: lambda a: a.exp(), np.log: lambda a: a.log(), np.sqrt: lambda a: a.sqrt(),
    np.tanh: F.tanh,
    np.equal: lambda a, b: a == b, np.not_equal: lambda a, b: a != b, np.less: lambda a, b: a < b,
    np.less_equal: lambda a, b: a <= b, np.greater: lambda a, b: a > b, np.greater_equal: lambda a, b: a >= b,
}  # fmt: skip


@pytest.mark.parametrize("ufunc", OURS, ids=lambda ufunc: ufunc.__name__)
def test_a_ufunc_that_is_an_operation_of_ours_keeps_the_graph(ufunc):
    x = leaf(A)
    for order in (lambda *inputs: inputs, lambda *inputs: inputs[::-1]):
        inputs = order(x, B)[: ufunc.nin] if ufunc.nin == 2 else (x,)
        y, expected = ufunc(*inputs), OURS[ufunc](*inputs)
        assert type(y) is Tensor
        assert y.requires_grad == expected.requires_grad == (expected.dtype != np.bool_)
        np.testing.assert_array_equal(y.data, ufunc(*(i.data if i is x else i for i in inputs)))
        if y.requires_grad:
            y.sum().backward()
            found, x.grad = x.grad, None
            expected.sum().backward()
            np.testing.assert_array_equal(found, x.grad)
            x.grad = None


def test_a_scalar_of_numpy_on_the_left_takes_the_dtype_of_the_tensor():
    x = leaf([1.0, 2.0], np.float32)
    y = np.float64(2) * x - np.int64(1)
    assert y.dtype == np.float32
    y.sum().backward()
    np.testing.assert_array_equal(x.grad, [2, 2])


# ---- a gradient would be lost ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda t: np.mean(t), "np.mean: NumPy's functions lose the gradient...; write t.mean(), or np.mean of t.data"),
        (lambda t: np.sum(t, axis=0), "np.sum: ...; write t.sum(), or "),
        (lambda t: np.max(t), "np.max: ...; write t.max(), or "),
        (lambda t: np.concatenate([t, t]), "np.concatenate: ...; write F.concat([t, u], axis=0), or "),
        (lambda t: np.stack((A, t)), "np.stack: ...; write F.concat"),
        (lambda t: np.dot(t, t), "np.dot: ...; write t @ u, or "),
        (lambda t: np.dot(A, t), "np.dot: "),
        (lambda t: np.einsum("ij,jk", A, t), "np.einsum: "),
        (lambda t: np.where(A > 1, A, t), "np.where: ...; write it with the operations of Tensor and F, or "),
        (lambda t: np.clip(A, a_min=t, a_max=3), "np.clip: "),
        (lambda t: np.sin(t), "np.sin: ...; write it with the operations of Tensor and F, or np.sin of t.data"),
        (lambda t: np.square(t), "np.square: ...; write t * t, or "),
        (lambda t: np.maximum(t, 0), "np.maximum: ...; write F.relu(t - u) + u, or "),
        (lambda t: np.add.reduce(t), "np.add: "),
        (lambda t: np.exp(t, dtype=np.float64), "np.exp: "),
        (lambda t: np.linalg.norm(t), "np.norm: "),
        (lambda t: np.copy(t), "np.copy: ...; write t * 1, or "),
    ],
)
def test_what_would_lose_the_gradient_is_refused_and_told_what_to_write(function, message):
    with raises(TypeError, message, "where no gradient is wanted"):
        function(leaf(A))
    expected = function(A)
    for result in (function(Tensor(A)), function_without_a_graph(function)):
        assert type(result) is type(expected)  # an array, or a number
        np.testing.assert_array_equal(result, expected)


@mc.no_grad()
def function_without_a_graph(function):
    return function(leaf(A))


@pytest.mark.parametrize("instead", [entry for entry in WRITE.values() if "reshaped" not in entry])
def test_what_is_told_to_write_can_be_written(instead):
    names = {"t": leaf(A), "u": leaf(A.T.copy()), "F": F, "a": 0, "b": 1}
    assert eval(instead.replace("reshape(...)", "reshape(4)").replace("transpose(...)", "transpose()"), names).creator


def test_the_maximum_is_what_it_is_said_to_be():
    t, u = leaf(A), leaf(A.T.copy())
    np.testing.assert_allclose((F.relu(t - u) + u).data, np.maximum(A, A.T))


@pytest.mark.parametrize(
    "write", [lambda a, t: np.add(a, t, out=a), lambda a, t: a.__iadd__(t), lambda a, t: np.exp(t, out=t)]
)
def test_a_result_is_not_written_to_an_array(write):
    array, tensor = A.copy(), Tensor(A)
    with raises(TypeError, "np.", ": a Tensor's result cannot be written to an array", "array = array + t"):
        write(array, tensor)
    np.testing.assert_array_equal(array, A)
    np.testing.assert_array_equal(tensor.data, A)


# ---- nothing to lose ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "function",
    [
        lambda t: np.allclose(t, A), lambda t: np.array_equal(t, A), lambda t: np.isclose(A, t), np.shape, np.ndim,
        np.size, np.argmax, lambda t: np.argsort(t, axis=1), np.isfinite, np.isnan, np.sign, np.all, np.count_nonzero,
        np.zeros_like, np.array_repr, np.array2string, lambda t: np.argmax(t, axis=1),
    ],
)  # fmt: skip
def test_functions_without_a_gradient_work(function):
    result, expected = function(leaf(A)), function(A)
    assert type(result) is type(expected)
    np.testing.assert_array_equal(result, expected)


def test_what_loses_nothing_exists():
    for name in LOSE_NOTHING:
        assert hasattr(np, name), name


def test_asarray_printing_and_numpys_own_tests_work():
    x = leaf(A)
    assert share_memory(np.asarray(x), x.data)
    np.testing.assert_allclose(x, A)
    np.testing.assert_array_equal(A, x)
    with pytest.raises(AssertionError):
        np.testing.assert_allclose(x, A + 1)
    assert str(x) == repr(x)
    assert f"{np.asarray(x)}" == f"{A}"


@pytest.mark.devices("strict", "cuda")
def test_arrays_of_a_device_meet_tensors(device):
    x = mc.tensor(A, requires_grad=True, device=device)
    ours = mc.backend.to_device(B, device)
    y = ours * x + np.float64(2) * x
    assert y.requires_grad and y.device == "cuda:0"
    y.sum().backward()
    np.testing.assert_array_equal(mc.backend.to_device(x.grad, "cpu"), [[3, 4], [3, 4]])
    with raises(TypeError, "np.mean: NumPy's functions lose the gradient"):
        np.mean(x)
