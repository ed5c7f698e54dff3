import math

import numpy as np
import pytest
from support import Case, OperationTest, assert_close, fetch, leaf, negative, raises, tensor, threads, ties, torch

import minicnn as mc
import minicnn.functional as F
from minicnn import backend


class ElementByElement(OperationTest):
    """What the tests of relu, sigmoid and tanh have in common: `formula` says what becomes of one number."""

    arguments = ("x",)
    cases = [
        Case("matrix", (3, 4)),
        Case("images", (5, 2, 3, 3)),
        Case("a number", ()),
    ]

    def operation(self, case, x):
        return getattr(F, self.name)(x)

    def naive(self, case, x):
        return np.array([self.formula(float(x[index])) for index in np.ndindex(x.shape)]).reshape(x.shape)

    def torch_operation(self, case, x):
        return getattr(torch, self.name)(x)


class TestReLU(ElementByElement):
    name = "relu"
    cases = [
        *ElementByElement.cases,
        Case("some at the kink", (5, 8), draw=ties),
        Case("rows for three threads", (7, 3)),
    ]
    formula = staticmethod(lambda x: x if x > 0 else 0.0)


class TestSigmoid(ElementByElement):
    name = "sigmoid"
    formula = staticmethod(lambda x: 1 / (1 + math.exp(-x)))


class TestTanh(ElementByElement):
    name = "tanh"
    formula = staticmethod(lambda x: (math.exp(x) - math.exp(-x)) / (math.exp(x) + math.exp(-x)))


class AlongAnAxis(OperationTest):
    """What the tests of softmax and log_softmax have in common: `formula` says what becomes of a list of numbers."""

    arguments = ("x",)
    cases = [
        Case("rows", (3, 4), axis=1),
        Case("columns", (3, 4), axis=0),
        Case("one axis", (5,), axis=-1),
        Case("channels", (2, 3, 2, 2), axis=1),
        Case("channels, from the back", (2, 3, 2, 2), axis=-3),
        Case("ties", (3, 4), axis=1, draw=ties),
    ]

    def operation(self, case, x):
        return getattr(F, self.name)(x, case.axis)

    def naive(self, case, x):
        y = np.empty_like(x)
        axis = case.axis % x.ndim
        for index in np.ndindex(x.shape[:axis] + x.shape[axis + 1 :]):
            place = (*index[:axis], slice(None), *index[axis:])
            y[place] = self.formula([float(value) for value in x[place]])
        return y

    def torch_operation(self, case, x):
        return getattr(torch, self.name)(x, dim=case.axis)


class TestSoftmax(AlongAnAxis):
    name = "softmax"

    @staticmethod
    def formula(x):
        return [math.exp(value) / math.fsum(math.exp(other) for other in x) for value in x]


class TestLogSoftmax(AlongAnAxis):
    name = "log_softmax"

    @staticmethod
    def formula(x):
        return [value - math.log(math.fsum(math.exp(other) for other in x)) for value in x]


# ---- relu -----------------------------------------------------------------------------------------------------------


def test_the_gradient_of_relu_at_the_kink_is_zero():
    x = leaf([-1.0, -0.0, 0.0, 1e-300, 2.0])
    F.relu(x).backward(np.ones(5))
    np.testing.assert_array_equal(x.grad, [0, 0, 0, 1, 1])


def test_relu_of_negative_numbers_is_zero():
    x = leaf(negative(np.random.default_rng(0), (3, 3)))
    y = F.relu(x)
    y.backward(np.ones((3, 3)))
    assert not y.data.any()
    assert not x.grad.any()


def test_relu_inplace_overwrites_its_input():
    x = tensor(3, 4)
    before = x.data.copy()
    y = F.relu(x, inplace=True)
    assert np.shares_memory(y.data, x.data)
    np.testing.assert_array_equal(x.data, np.maximum(before, 0))


def test_relu_inplace_returns_its_input_with_the_history_of_the_result():
    x, w = leaf([-1.0, 2.0, 3.0]), leaf([1.0, 1.0, -1.0])
    h = x * w
    before = h + 1  # goes back to what h was
    after = F.relu(h, inplace=True)
    assert after is h
    assert h.creator.name == "relu"
    (before + after + h * h).sum().backward()  # 1 + [h > 0] (1 + 2 relu(h)), times w or x
    np.testing.assert_array_equal(h.data, [0, 2, 0])
    np.testing.assert_array_equal(x.grad, [1, 6, -1])
    np.testing.assert_array_equal(w.grad, [-1, 12, 3])


def test_relu_inplace_of_a_constant_and_without_a_graph_leaves_all_histories():
    x = leaf([-1.0, 1.0])
    h, constant = x * 2, mc.Tensor(np.array([-1.0, 1.0]))
    view, view_of_constant = h[:1], constant[:1]
    assert F.relu(constant, inplace=True) is constant
    assert constant.is_leaf and not constant.requires_grad
    with mc.no_grad():
        creator = h.creator
        assert F.relu(h, inplace=True) is h
        assert h.creator is creator and h.requires_grad
        F.relu(x, inplace=True)  # a leaf, as in PyTorch
    np.testing.assert_array_equal(x.data, [0, 1])
    np.testing.assert_array_equal((view + view_of_constant + h).data, [0, 2])  # nobody is stale


def test_relu_inplace_after_a_convolution_gives_the_same_gradients():
    grads = []
    for inplace in (False, True):
        x, weight, bias = (tensor(*shape, requires_grad=True) for shape in [(2, 3, 4, 4), (4, 3, 3, 3), (4,)])
        y = F.relu(F.conv2d(x, weight, bias, padding=1), inplace=inplace)
        y.backward(np.random.default_rng(2).standard_normal(y.shape))
        grads.append([y.data, x.grad, weight.grad, bias.grad])
    for copied, overwritten in zip(*grads, strict=True):
        np.testing.assert_array_equal(copied, overwritten)


@pytest.mark.parametrize(
    "view", [lambda h: h[1:], lambda h: h.reshape(2, 2), lambda h: h.T, F.flatten, lambda h: h.detach()]
)
def test_relu_inplace_makes_those_stale_that_share_the_memory(view, device):
    x = mc.tensor(np.array([[-1.0, 2.0], [3.0, -4.0]]), requires_grad=True, device=device)
    h = x * 1
    other = view(h)
    F.relu(h, inplace=True)
    with raises(RuntimeError, "mul: b shares its memory with a tensor that relu changed in place", "make a copy"):
        2 * other
    with mc.no_grad():
        assert fetch((2 * other).data).min() == 0  # it has the new numbers
    h = x * 1
    other = view(h)
    if other.requires_grad:
        F.relu(other, inplace=True).sum().backward()
        np.testing.assert_array_equal(fetch(x.grad)[1], [1, 0])
        with raises(RuntimeError, "add: a shares its memory with a tensor that relu changed in place"):
            h + 1
        with raises(RuntimeError, "backward: this tensor shares its memory"):
            h.backward(x)


def test_relu_inplace_on_a_leaf_that_requires_a_gradient_is_refused():
    x = tensor(2, 3, requires_grad=True)
    before = x.data.copy()
    with raises(RuntimeError, "relu with inplace=True: the tensor is a leaf that requires a gradient", "no_grad()"):
        F.relu(x, inplace=True)
    for view in (x[1:], x.reshape(-1), x.T, F.flatten(x)[:1].T):
        with raises(RuntimeError, "relu with inplace=True: the tensor shares its memory with a leaf that requires"):
            F.relu(view, inplace=True)
    np.testing.assert_array_equal(x.data, before)


@pytest.mark.parametrize("wrong", [None, np.ones(2), "text"])
def test_relu_inplace_of_no_tensor_is_refused(wrong):
    with raises(TypeError, f"relu: x is {type(wrong).__name__}, expected a Tensor"):
        F.relu(wrong, inplace=True)


@pytest.mark.parametrize("shape", [(5, 70_000), (350_001,), (1, 350_000)], ids=str)
def test_relu_of_an_array_larger_than_the_cache(shape):
    x, cotangent = (np.random.default_rng(seed).standard_normal(shape).astype(np.float32) for seed in (0, 1))
    assert x.nbytes > backend.blocks.CACHE_BYTES
    with threads(3):
        t = mc.Tensor(x, requires_grad=True)
        y = F.relu(t)
        y.backward(cotangent)
    np.testing.assert_array_equal(y.data, np.maximum(x, 0))
    np.testing.assert_array_equal(t.grad, np.where(x > 0, cotangent, 0))


def test_relu_passes_nan_on():
    assert np.isnan(F.relu(mc.Tensor(np.array([np.nan, 1.0]))).data[0])


def test_relu_has_no_upper_limit():
    x = np.array([-np.inf, -1e300, 1e300, np.inf])
    np.testing.assert_array_equal(F.relu(mc.Tensor(x)).data, [0, 0, 1e300, np.inf])


# ---- large numbers --------------------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_sigmoid_and_tanh_saturate_without_overflow(dtype):
    x = leaf([-1e4, -100, 0, 100, 1e4], dtype)
    y, z = F.sigmoid(x), F.tanh(x)
    np.testing.assert_allclose(y.data, [0, 0, 0.5, 1, 1], atol=1e-7)
    np.testing.assert_array_equal(z.data, [-1, -1, 0, 1, 1])
    y.backward(np.ones(5))
    np.testing.assert_allclose(x.grad, [0, 0, 0.25, 0, 0], atol=1e-7)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_softmax_of_large_numbers_is_finite(dtype):
    x = leaf([[1e4, 1e4, -1e4], [0, -1e4, -1e4]], dtype)
    y = F.softmax(x, 1)
    np.testing.assert_array_equal(y.data, [[0.5, 0.5, 0], [1, 0, 0]])
    y.backward(np.array([[1.0, 0, 0], [1, 2, 3]]))
    np.testing.assert_array_equal(x.grad, [[0.25, -0.25, 0], [0, 0, 0]])


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_log_softmax_is_exact_where_softmax_is_zero(dtype):
    x = leaf([[1e4, -1e4], [3.0, 3.0]], dtype)
    y = F.log_softmax(x, 1)
    assert_close(y.data, np.array([[0, -2e4], [-math.log(2)] * 2]), dtype, "forward")
    y.backward(np.array([[0.0, 1.0], [1.0, 0.0]]))
    np.testing.assert_allclose(x.grad, [[-1, 1], [0.5, -0.5]], rtol=1e-6)


def test_softmax_adds_up_to_one_and_does_not_see_a_shift():
    x = tensor(4, 5)
    np.testing.assert_allclose(F.softmax(x, 1).data.sum(axis=1), 1, rtol=1e-14)
    np.testing.assert_allclose(F.softmax(x + 100.0, 1).data, F.softmax(x, 1).data, rtol=1e-12)


def test_softmax_of_one_class_is_certain():
    x = leaf([[3.0], [-2.0]])
    y = F.softmax(x, 1)
    y.backward(np.array([[5.0], [7.0]]))
    np.testing.assert_array_equal(y.data, [[1], [1]])
    np.testing.assert_array_equal(x.grad, [[0], [0]])


# ---- what is refused ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
@pytest.mark.parametrize(
    ("axis", "error", "message"),
    [
        (2, ValueError, "axis is 2, expected -2 to 1"),
        (-3, ValueError, "axis is -3, expected -2 to 1"),
        (1.0, TypeError, "axis is 1.0, expected an int"),
        (None, TypeError, "axis is None, expected an int"),
        ((0, 1), TypeError, "axis is (0, 1), expected an int"),
    ],
)
def test_wrong_axes_are_refused(name, axis, error, message):
    with raises(error, f"{name}: {message}"):
        getattr(F, name)(tensor(2, 3), axis)


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_softmax_over_nothing_is_refused(name):
    with raises(ValueError, f"{name}: x has shape (2, 0)"):
        getattr(F, name)(tensor(2, 0), 1)
