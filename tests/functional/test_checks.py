import numpy as np
import pytest
from support import put, raises, tensor

from minicnn.functional import checks


@pytest.mark.parametrize(
    ("value", "expected"),
    [(3, (3, 3)), ((1, 2), (1, 2)), ([1, 2], (1, 2)), (np.int64(3), (3, 3)), ((np.int32(1), 2), (1, 2)), (0, (0, 0))],
    ids=repr,
)
def test_pair(value, expected):
    found = checks.pair("conv2d", "stride", value)
    assert found == expected
    assert all(type(n) is int for n in found)


@pytest.mark.parametrize(
    "value",
    [None, 1.0, "11", True, (1,), (1, 2, 3), (1, 2.0), (1, None), (True, 1), [], np.array([1, 2]), {1, 2}],
    ids=repr,
)
def test_what_is_no_pair(value):
    with raises(TypeError, f"conv2d: stride is {value!r}, expected an int or a pair of ints"):
        checks.pair("conv2d", "stride", value)


@pytest.mark.parametrize(("value", "minimum"), [(0, 1), ((1, 0), 1), ((0, 1), 1), (-1, 0), ((3, -1), 0)])
def test_a_pair_below_the_minimum(value, minimum):
    with raises(ValueError, f"pool: padding is {value!r}, expected at least {minimum}"):
        checks.pair("pool", "padding", value, minimum)
    assert checks.pair("pool", "padding", minimum, minimum) == (minimum, minimum)


def test_ndim():
    checks.ndim("conv2d", "x", np.ones((2, 3, 4, 5)), 4, "(N, C, H, W)")
    for shape in [(2, 3), (1, 2, 3, 4, 5), ()]:
        with raises(ValueError, f"conv2d: x has shape {shape}, expected 4 axes (N, C, H, W)"):
            checks.ndim("conv2d", "x", np.ones(shape), 4, "(N, C, H, W)")


def test_shape():
    checks.shape("conv2d", "bias", None, (3,))
    checks.shape("conv2d", "bias", np.ones(3), (3,))
    with raises(ValueError, "conv2d: bias has shape (1,), expected (3,)"):
        checks.shape("conv2d", "bias", np.ones(1), (3,))


@pytest.mark.parametrize(("value", "expected"), [(0, 0), (2, 2), (-1, 2), (-3, 0), (np.int64(1), 1)])
def test_axis(value, expected):
    assert checks.axis("sum", value, 3) == expected


@pytest.mark.parametrize("value", [3, -4, 100])
def test_an_axis_that_is_not_there(value):
    with raises(ValueError, f"sum: axis is {value}, expected -3 to 2"):
        checks.axis("sum", value, 3)


@pytest.mark.parametrize("value", [1.0, None, "0", True, (0,)])
def test_what_is_no_axis(value):
    with raises(TypeError, f"sum: axis is {value!r}, expected an int"):
        checks.axis("sum", value, 3)


@pytest.mark.parametrize(
    ("value", "expected"), [(None, (0, 1, 2)), (1, (1,)), (-1, (2,)), ((0, -1), (0, 2)), ([2, 1], (2, 1)), ((), ())]
)
def test_axes(value, expected):
    assert checks.axes("sum", value, 3) == expected


@pytest.mark.parametrize("value", [(0, 0), (0, -3), (1, 2, 1)])
def test_axes_named_twice(value):
    with raises(ValueError, f"sum: axis is {value}, which names an axis twice"):
        checks.axes("sum", value, 3)


def test_axes_of_which_one_is_not_there():
    with raises(ValueError, "sum: axis is 5, expected -3 to 2"):
        checks.axes("sum", (0, 5), 3)


def test_axis_of():
    assert checks.axis_of("softmax", -1, np.ones((0, 3))) == 1
    with raises(ValueError, "softmax: x has shape (2, 0), expected at least one element along axis 1"):
        checks.axis_of("softmax", 1, np.ones((2, 0)))
    with raises(ValueError, "softmax: axis is 2, expected -2 to 1"):
        checks.axis_of("softmax", 2, np.ones((2, 3)))


def test_tensor():
    x = tensor(2)
    assert checks.tensor("relu", "x", x) is x
    for wrong in (None, 1.0, np.ones(2), [1.0]):
        with raises(TypeError, f"relu: x is {type(wrong).__name__}, expected a Tensor"):
            checks.tensor("relu", "x", wrong)


def test_like():
    x = np.ones((2, 3), np.float32)
    checks.like("batch_norm", "running_mean", None, x)
    checks.like("batch_norm", "running_mean", np.ones(3, np.float32), x)
    with raises(TypeError, "batch_norm: running_mean is float64", "x is float32"):
        checks.like("batch_norm", "running_mean", np.ones(3), x)
    with raises(TypeError, "batch_norm: running_mean is list, expected an array or a Tensor"):
        checks.like("batch_norm", "running_mean", [1.0, 2.0], x)


@pytest.mark.devices("strict", "cuda")
def test_like_wants_the_same_device(device):
    here, there = np.ones(3), put(np.ones(3), device)
    checks.like("batch_norm", "running_mean", there, there)
    with raises(TypeError, "batch_norm: running_mean is float64 on cpu, x is float64 on cuda:0"):
        checks.like("batch_norm", "running_mean", here, there)
    with raises(TypeError, "batch_norm: running_mean is float64 on cuda:0, x is float64 on cpu"):
        checks.like("batch_norm", "running_mean", there, here)


@pytest.mark.parametrize("value", [0, 1, 0.0, 0.5, 1.0, np.float64(0.25), np.float32(0.25)], ids=repr)
def test_probability(value):
    found = checks.probability("dropout", "p", value)
    assert found == value
    assert type(found) is float


@pytest.mark.parametrize(
    ("value", "expected"), [(3, True), (np.int8(3), True), (True, False), (3.0, False), ("3", False)]
)
def test_is_integer(value, expected):
    assert checks.is_integer(value) == expected


@pytest.mark.parametrize("value", [-0.1, 1.1, float("nan"), True, None, "0.5", [0.5]])
def test_what_is_no_probability(value):
    with raises((TypeError, ValueError), f"dropout: p is {value!r}, expected a number from 0 to 1"):
        checks.probability("dropout", "p", value)
