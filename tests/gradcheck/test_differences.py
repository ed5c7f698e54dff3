"""How exact the differences are: small mistakes in small gradients are found, and what is right is not blamed."""

import numpy as np
import pytest

import minicnn.functional as F
from minicnn import GradCheckError, Tensor, gradcheck, nn
from minicnn.function import Function
from minicnn.functional.activation import ReLU, Sigmoid, Softmax, Tanh
from minicnn.functional.convolution import Conv2d
from minicnn.functional.linear import Linear
from minicnn.functional.normalization import BatchNorm, LocalResponseNorm, as_images


def leaf(*shape, seed=0, scale=1.0):
    return Tensor(scale * np.random.default_rng(seed).standard_normal(shape), requires_grad=True)


def spoiled(operation, spoil):
    """The operation with `spoil` applied to the gradients that its backward returns."""

    class Broken(operation):
        def backward(self, grad_y):
            gradients = super().backward(grad_y)
            return spoil(gradients) if not isinstance(gradients, tuple) else tuple(
                None if g is None else spoil(g) for g in gradients
            )  # fmt: skip

    return Broken


class TinySquare(Function):
    """y = 1e-6 x^2; its gradient times `factor`."""

    def __init__(self, factor):
        self.factor = factor

    def forward(self, x):
        self.x = x
        return 1e-6 * x * x

    def backward(self, grad_y):
        return self.factor * 2e-6 * self.x * grad_y


def eight_tanh(x, wrong_at, operation):
    """Eight layers whose weights are 0.1 times an orthogonal matrix, so that the gradient is about 1e-8."""
    for layer in range(8):
        turn = np.linalg.qr(np.random.default_rng(layer).standard_normal((4, 4)))[0]
        x = (operation if layer == wrong_at else Tanh)()(x @ Tensor(0.1 * turn))
    return x


class WithoutTheSum(LocalResponseNorm):
    """The term through s, the sum of squares, is forgotten."""

    def backward(self, grad_y):
        return grad_y * as_images(self.s**-self.beta, grad_y.shape)


class WithoutEps(BatchNorm):
    """As if eps were 0: the standard deviation is divided by, not the root of variance + eps."""

    def backward(self, grad_y):
        grad_x, grad_weight, grad_bias = super().backward(grad_y)
        factor = 1 / np.sqrt(1 - self.eps * self.inverse_std**2)
        return grad_x * factor[:, None, None], grad_weight * factor, grad_bias


def float32(g):
    return g.astype(np.float32).astype(g.dtype)


SMALL = {
    "1e-6 x^2, wrong sign": (lambda x: TinySquare(-1)(x), [leaf(5)]),
    "1e-6 x^2, zero": (lambda x: TinySquare(0)(x), [leaf(5)]),
    "eight tanh layers, the first wrong": (
        lambda x: eight_tanh(x, 0, spoiled(Tanh, lambda g: 1.3 * g)), [leaf(3, 4)]),
    "eight tanh layers, the fifth wrong": (
        lambda x: eight_tanh(x, 4, spoiled(Tanh, lambda g: -g)), [leaf(3, 4)]),
    "LRN without its term through s": (
        lambda x: WithoutTheSum(5, 1e-4, 0.75, 2.0)(x), [Tensor(np.random.default_rng(0).uniform(0.01, 1, (1, 7, 3, 3)))]),
    "batch norm without eps": (
        lambda x, w, b: WithoutEps(None, None, True, 0.1, 1e-5)(x, w, b), [leaf(4, 3, 2, 2), leaf(3), leaf(3)]),
    "times 1.00009": (lambda x: spoiled(Sigmoid, lambda g: 1.00009 * g)()(x), [leaf(3, 4)]),
    "rounded to float32": (lambda x, w: spoiled(Linear, float32)()(x, w, None), [leaf(4, 3), leaf(2, 3, seed=1)]),
    "rounded to float32, a convolution": (
        lambda x, w, b: spoiled(Conv2d, float32)(1, 1)(x, w, b),
        [leaf(2, 2, 5, 5), leaf(3, 2, 3, 3, seed=1), leaf(3, seed=2)]),
    "rounded to float32, softmax": (lambda x: spoiled(Softmax, float32)(1)(x), [leaf(3, 5)]),
}  # fmt: skip


@pytest.mark.parametrize("name", SMALL)
def test_a_small_mistake_is_found(name):
    fn, inputs = SMALL[name]
    with pytest.raises(GradCheckError, match=r"the gradient of inputs\[\d\].* is wrong in"):
        gradcheck(fn, inputs)
