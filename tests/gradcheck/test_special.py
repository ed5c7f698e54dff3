"""Zeros, ties and repeats: what is wrong only there is found with special=True, and what is right is left alone."""

import numpy as np
import pytest

import minicnn.functional as F
from minicnn import GradCheckError, Tensor, gradcheck
from minicnn.function import Function
from minicnn.functional.activation import ReLU
from minicnn.functional.basic import Pow
from minicnn.functional.pooling import MaxPool2d


def leaf(*shape, seed=0):
    return Tensor(np.random.default_rng(seed).standard_normal(shape), requires_grad=True)


def positive(*shape, seed=0):
    return Tensor(np.random.default_rng(seed).uniform(0.5, 2, shape), requires_grad=True)


class ToAllEquals(MaxPool2d):
    """Windows of 2x2: every element that equals the maximum gets the gradient."""

    def backward(self, grad_y):
        largest, grad = (np.repeat(np.repeat(a, 2, axis=2), 2, axis=3) for a in (self.y, grad_y))
        return grad * (self.x == largest)


class ToTheLast(MaxPool2d):
    """The last of equals gets the gradient, not the first."""

    def forward(self, x):
        return super().forward(x[:, :, ::-1, ::-1])[:, :, ::-1, ::-1].copy()

    def backward(self, grad_y):
        return super().backward(grad_y[:, :, ::-1, ::-1])[:, :, ::-1, ::-1].copy()


class OneAtZero(ReLU):
    def backward(self, grad_y):
        return grad_y * (self.y >= 0) if self.inplace else grad_y * (self.x >= 0)

    def forward(self, x):
        self.x = x
        return super().forward(x)


class OwnReLU(Function):
    """A ReLU that has no docstring of ours, with `at_zero` where x is 0."""

    def __init__(self, at_zero):
        self.at_zero = at_zero

    def forward(self, x):
        self.x = x
        return x * (x > 0)

    def backward(self, grad_y):
        return grad_y * np.where(self.x == 0, self.at_zero, self.x > 0)


class NanAtZero(Pow):
    """y b / a in place of b a^(b-1)."""

    def backward(self, grad_y):
        grad_a, grad_b = super().backward(grad_y)
        with np.errstate(all="ignore"):
            return grad_y * self.a**self.b * self.b / self.a if self.needs_input_grad[0] else None, grad_b


class Pick(Function):
    """x[index], which adds up the gradients of rows that are picked twice, or overwrites them."""

    def __init__(self, adds):
        self.adds = adds

    def forward(self, x, index):
        self.x, self.index = x, index
        return x[index]

    integers_allowed = True

    def _check_inputs(self, inputs):
        pass

    def backward(self, grad_y):
        grad_x = np.zeros_like(self.x)
        if self.adds:
            np.add.at(grad_x, self.index, grad_y)
        else:
            grad_x[self.index] = grad_y
        return grad_x, None


INDEX = Tensor(np.array([2, 0, 3]))

BROKEN = {
    "max pooling: the gradient to all equals": (
        lambda x: ToAllEquals(2, 2, 0, False)(x), [leaf(1, 2, 4, 4)], "is wrong moved together"),
    "max pooling: the last of equals": (
        lambda x: ToTheLast(2, 2, 0, False)(x), [leaf(1, 2, 4, 4)], "is not what is promised"),
    "ReLU with 1 at 0": (lambda x: OneAtZero(False)(x), [leaf(4, 5)], "is not what is promised: backward says"),
    "ReLU with 2 at 0": (lambda x: OwnReLU(2.0)(x), [leaf(4, 5)], "the differences to either side something from"),
    "0 to the power 0": (lambda a, b: NanAtZero()(a, b), [positive(8), positive(8, seed=1)], "backward says nan"),
    "repeated indices overwritten": (
        lambda x, i: Pick(False)(x, i), [leaf(4, 3), INDEX], "at special points (repeated indices)"),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_wrong_at_special_points_only_is_found(name):
    fn, inputs, message = BROKEN[name]
    assert gradcheck(fn, inputs)
    with pytest.raises(GradCheckError) as error:
        gradcheck(fn, inputs, special=True)
    assert message in str(error.value)
    assert error.value.input == 0


@pytest.mark.parametrize(
    ("fn", "inputs"),
    [
        (lambda x: F.relu(x), [leaf(4, 5)]),
        (lambda x: OwnReLU(0.0)(x), [leaf(4, 5)]),
        (lambda x: OwnReLU(0.5)(x), [leaf(4, 5)]),
        (lambda x: F.max_pool2d(x, 2), [leaf(1, 2, 4, 4)]),
        (lambda x: F.max_pool2d(x, 3, 1, 1), [leaf(2, 2, 4, 4)]),
        (lambda x: F.max_pool2d(x, 3, 2, ceil_mode=True), [leaf(1, 1, 5, 5)]),
        (lambda x: x.max(axis=1), [leaf(3, 4)]),
        (lambda a, b: a**b, [positive(8), positive(8, seed=1)]),
        (lambda x: x.sqrt(), [positive(6)]),
        (lambda x: x.log(), [positive(6)]),
        (lambda a, b: a / b, [leaf(6), positive(6)]),
        (lambda x: F.softmax(x, 1), [leaf(3, 4)]),
        (lambda x: F.cross_entropy(x, [0, 2, 1]), [leaf(3, 4)]),
        (lambda x, w, b: F.conv2d(x, w, b, padding=1), [leaf(1, 2, 4, 4), leaf(2, 2, 3, 3, seed=1), leaf(2)]),
        (lambda x: F.local_response_norm(x, 3), [leaf(1, 4, 2, 2)]),
        (lambda x, w, b: F.batch_norm(x, None, None, w, b, True), [leaf(3, 2, 2, 2), leaf(2), leaf(2, seed=1)]),
        (lambda x: x[[0, 0, 2]], [leaf(3, 2)]),
        (lambda x, i: Pick(True)(x, i), [leaf(4, 3), INDEX]),
        (lambda x: F.dropout(x, 0.5), [leaf(4, 5)]),
    ],
)
def test_what_is_right_passes(fn, inputs):
    before = [t.data.copy() for t in inputs]
    assert gradcheck(fn, inputs, special=True)
    for t, data in zip(inputs, before, strict=True):
        np.testing.assert_array_equal(t.data, data)


def test_a_promise_of_ones_own():
    assert gradcheck(lambda x: OwnReLU(0.0)(x), leaf(4, 5), special=lambda x: x - 1e-3)
    assert gradcheck(lambda x: OwnReLU(1.0)(x), leaf(4, 5), special=lambda x: x + 1e-3)
    with pytest.raises(GradCheckError, match="not what is promised: backward says .* at .*, promised is 0"):
        gradcheck(lambda x: OwnReLU(1.0)(x), leaf(4, 5), special=lambda x: x - 1e-3)


def test_the_report_says_what_was_not_tried():
    assert "not looked at: zeros, ties, repeats (special=True)" in str(gradcheck(F.tanh, leaf(3), report=True))
    assert "not looked at" not in str(gradcheck(F.tanh, leaf(3), special=True, report=True))
    assert gradcheck(lambda x: x.log(), positive(6), special=True, report=True).untried == "zeros"
