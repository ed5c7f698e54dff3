"""How exact the differences are: small mistakes in small gradients are found, and what is right is not blamed."""

import numpy as np
import pytest

import minicnn.functional as F
from minicnn import GradCheckError, Tensor, gradcheck
from minicnn.function import Function
from minicnn.functional.activation import Sigmoid, Softmax, Tanh
from minicnn.functional.basic import Exp, Pow
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
        lambda x: WithoutTheSum(5, 1e-4, 0.75, 2.0)(x),
        [Tensor(np.random.default_rng(0).uniform(0.01, 1, (1, 7, 3, 3)))]),
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
    """All of these passed when a fixed tolerance was allowed, atol = 1e-5 and rtol = 1e-4."""
    fn, inputs = SMALL[name]
    with pytest.raises(GradCheckError, match=r"the gradient of inputs\[\d\].* is wrong in"):
        gradcheck(fn, inputs)


@pytest.mark.parametrize("name", SMALL)
def test_tolerances_let_a_small_mistake_pass(name):
    fn, inputs = SMALL[name]
    assert gradcheck(fn, inputs, atol=1e-5, rtol=1e-4)


def five_layers(x, *weights):
    """Five convolutions with PyTorch's initial weights, for images that have been scaled to hundredths."""
    for weight, bias in zip(weights[::2], weights[1::2], strict=True):
        x = F.conv2d(x * 0.01, weight, bias, padding=1)
    return x


def initial_weights(channels):
    bound, random = 1 / np.sqrt(9 * channels), np.random.default_rng(0)
    shapes = [(channels, channels, 3, 3), (channels,)] * 5
    return [Tensor(random.uniform(-bound, bound, shape), requires_grad=True) for shape in shapes]


@pytest.mark.parametrize("directions", [None, 2])
def test_a_gradient_that_is_small_beside_nothing_does_not_vanish(directions):
    assert gradcheck(five_layers, [leaf(1, 2, 4, 4), *initial_weights(2)], directions=directions)


def test_zero_as_far_as_differences_can_tell():
    with pytest.raises(GradCheckError, match=r"inputs\[0\] is zero as far as differences can tell \(to \de-\d\d\)"):
        gradcheck(lambda x: F.softmax(x, 1).sum(), leaf(2, 3))


def batch_norm(x):
    return F.batch_norm(x, None, None, None, None, True)


RIGHT = {
    "numbers of 1e-8": (lambda x, w: F.linear(x, w), [leaf(4, 3, scale=1e-8), leaf(2, 3, seed=1, scale=1e-8)]),
    "numbers of 1e8": (lambda x, w: F.linear(x, w), [leaf(4, 3, scale=1e8), leaf(2, 3, seed=1, scale=1e8)]),
    "of very different sizes": (lambda x, w: F.tanh(F.linear(x, w)), [leaf(4, 3, scale=1e-8), leaf(2, 3, scale=1e8)]),
    "one large among small": (lambda x: x * x, [Tensor(np.array([1e8, 1.0, 1e-8, -2.0]), requires_grad=True)]),
    "a logarithm near 0": (lambda x: x.log(), [Tensor(np.array([1e-9, 1e-5, 1e-3, 1.0]), requires_grad=True)]),
    "a small slope on a large number": (lambda x: x * 1e-3 + 1e8, [leaf(3, 4)]),
    "digits lost in between": (lambda x: F.tanh((x + 1e8) - 1e8), [leaf(3, 4)]),
    "a large mean": (batch_norm, [Tensor(1e5 + np.random.default_rng(0).standard_normal((4, 2, 3, 3)))]),
    "a saturated sigmoid": (F.sigmoid, [leaf(3, 4, scale=12)]),
    "a saturated softmax": (lambda x: F.softmax(x, 1), [leaf(3, 5, scale=40)]),
    "a deep chain": (lambda x: [x := F.tanh(x * 1.1) for _ in range(40)][-1], [leaf(3, 4)]),
    "a steep function": (lambda x: (300 * x).exp(), [leaf(3, scale=0.01)]),
    "dead units": (lambda x: F.relu(x - 0.5), [leaf(4, 5)]),
    "one element": (lambda x: F.tanh(x), [leaf(1)]),
    "numbers without axes": (lambda x, y: x * y, [leaf(), leaf(seed=1)]),
}


@pytest.mark.filterwarnings("ignore:gradcheck. differences cannot tell")  # along all directions at once
@pytest.mark.parametrize("name", RIGHT)
def test_what_is_right_passes(name):
    fn, inputs = RIGHT[name]
    for seed in range(3):
        assert gradcheck(fn, inputs, seed=seed)
        assert gradcheck(fn, inputs, seed=seed, directions=2)


def test_where_no_step_tells_the_slope_the_report_says_so():
    """1e7 + x keeps nine digits of x, and differences lose a part of these."""
    report = gradcheck(lambda x: F.tanh((x + 1e7) - 1e7), leaf(3, 4), report=True)
    assert report
    assert report.inputs[0].allowed > 1e-6
    assert "inputs[0] may still be off by" in str(report)


def test_points_moved_away_from_kinks_are_counted():
    report = gradcheck(F.relu, Tensor(np.array([0.0, 1.0, 0.0, -1.0]), requires_grad=True), report=True)
    assert report.inputs[0].moved == 2
    assert "not looked at: inputs[0] at 2 kinks" in str(report)


def test_an_element_takes_four_evaluations():
    """And half as much again where its neighborhood is difficult; 5 were used when the step was always the same."""
    x = leaf(200)
    few = gradcheck(F.tanh, leaf(100), report=True).evaluations
    assert gradcheck(F.tanh, x, report=True).evaluations - few < 4.5 * 100


@pytest.mark.parametrize("near", [1e-6, -1e-7, 1e-12])
@pytest.mark.parametrize("fn", [lambda x: 1 / x, lambda x: 1 / (x * x), lambda x: x * 2], ids=["1/x", "1/x^2", "2x"])
def test_no_step_leads_across_a_pole(fn, near):
    x = Tensor(np.array([near, 0.3, 0.5, 1, 2]))
    for seed in range(3):
        assert gradcheck(fn, x, seed=seed)


def test_large_outputs_that_do_not_change_do_not_hide_small_ones():
    fn = spoiled(Exp, lambda grad: np.where(abs(grad) < 10, 0, grad))
    with pytest.raises(GradCheckError, match=r"\[1\]: backward says 0, the difference"):
        gradcheck(lambda x: fn()(x), Tensor(np.array([0, 0.5, 5, 20, 30])))


def test_elements_that_differences_cannot_tell_are_told():
    root = spoiled(Pow, lambda grad: np.where(np.isfinite(grad), grad, 0))  # 0 where it has no slope
    x = Tensor(np.array([0.0, 0.3, 0.5, 1]))
    with (
        np.errstate(all="ignore"),
        pytest.warns(
            UserWarning, match=r"^gradcheck: differences cannot tell 1 of the 4 slopes along inputs\[0\]"
        ) as w,
    ):
        assert gradcheck(lambda x: root()(x, Tensor(np.array(0.5))), x)
    assert [warning.filename for warning in w] == [__file__]


@pytest.mark.filterwarnings("ignore:overflow")
@pytest.mark.parametrize("fn", [lambda x: x * np.nan, lambda x: (x * 1000).exp()])
def test_where_forward_is_not_finite_nothing_is_said_to_be_zero(fn):
    with pytest.raises(GradCheckError, match="forward gives nan or inf here or close by"):
        gradcheck(fn, Tensor(np.array([1.0, 2.0])))
