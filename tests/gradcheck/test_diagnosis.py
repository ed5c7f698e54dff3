"""The diagnosis: broken backwards as people write them, and the sentence that names each mistake."""

import sys

import numpy as np
import pytest

from minicnn import GradCheckError, Tensor, gradcheck
from minicnn.functional.activation import LogSoftmax, ReLU, Sigmoid, Softmax, Tanh
from minicnn.functional.basic import Div, Log, Max, Mul, Neg, Pow, Sum
from minicnn.functional.convolution import Conv2d
from minicnn.functional.dropout import Dropout
from minicnn.functional.im2col import Col2Im, Im2Col, patches
from minicnn.functional.layout import channels_last, channels_second
from minicnn.functional.linear import Linear, MatMul
from minicnn.functional.loss import CrossEntropy
from minicnn.functional.normalization import BatchNorm
from minicnn.functional.pooling import AvgPool2d, MaxPool2d
from minicnn.gradcheck.clues import derivatives
from minicnn.gradcheck.diagnosis import HYPOTHESES
from minicnn.gradcheck.diagnosis.evidence import fitted
from minicnn.gradcheck.differences import Differences


def leaf(*shape, seed=0):
    return Tensor(np.random.default_rng(seed).standard_normal(shape), requires_grad=True)


def inputs(*shapes):
    return [leaf(*shape, seed=seed) for seed, shape in enumerate(shapes)]


def with_backward(operation, backward):
    """The operation with another backward: a function of the Function and the gradient of its output."""
    return type("Broken", (operation,), {"backward": backward})


def spoiled(operation, spoil):
    """The operation with `spoil` applied to the right gradients."""

    def backward(self, grad_y):
        gradients = operation.backward(self, grad_y)
        return spoil(*gradients) if isinstance(gradients, tuple) else spoil(gradients)

    return with_backward(operation, backward)


# ---- convolution as a student writes it: loops over the kernel's offsets ------------------------------------------


class LoopConv2d(Conv2d):
    """Convolution with one loop over the kernel offsets in backward; the mistakes below are each one line in it."""

    kernel_of_backward = staticmethod(lambda weight: weight)
    skipped: tuple = ()  # offsets that are left out
    twice: tuple = ()  # offsets that are counted twice
    overwrite = False
    crop = True
    images = slice(None)

    def backward(self, grad_y):
        x, weight = self.x, channels_second(self.weight)
        (kh, kw), (sh, sw), (ph, pw) = weight.shape[2:], self.stride, self.padding
        h, w = x.shape[2:]
        padded = np.zeros((*x.shape[:2], h + 2 * ph, w + 2 * pw))
        kernel = self.kernel_of_backward(weight)
        for u in range(kh):
            for v in range(kw):
                if (u, v) in self.skipped:
                    continue
                part = np.einsum("nkij,kc->ncij", grad_y, kernel[:, :, u, v]) * (1 + ((u, v) in self.twice))
                place = padded[:, :, u : u + sh * grad_y.shape[2] : sh, v : v + sw * grad_y.shape[3] : sw]
                if self.overwrite:
                    place[...] = part
                else:
                    place += part
        grad_x = padded[:, :, ph : ph + h, pw : pw + w] if self.crop else padded[:, :, :h, :w]
        p = patches(channels_last(x[self.images]), (kh, kw), self.stride, self.padding)
        grad_weight = np.einsum("nkij,nijuvc->kcuv", grad_y[self.images], p)
        return np.ascontiguousarray(grad_x), grad_weight, self.sum_of_bias(grad_y)

    def sum_of_bias(self, grad_y):
        return grad_y.sum(axis=(0, 2, 3))


def loop_conv(stride=1, padding=1, **mistake):
    mistake = {name: staticmethod(value) if callable(value) and name.startswith("kernel") else value
               for name, value in mistake.items()}  # fmt: skip
    broken = type("Broken", (LoopConv2d,), mistake)
    return lambda x, w, b: broken(stride, padding)(x, w, b)


IMAGE = [(2, 2, 5, 5), (3, 2, 3, 3), (3,)]


def overlapping_average(self, grad_y):
    """Average pooling 3x3, stride 1, that overwrites where windows overlap."""
    grad_x = np.zeros((2, 2, 5, 5))
    for i in range(3):
        for j in range(3):
            grad_x[:, :, i : i + 3, j : j + 3] = grad_y[:, :, i : i + 1, j : j + 1] / 9
    return grad_x


def softmax_grad(self):
    return np.exp(self.log_p) - self.q


def always_divided_by_nine(self, grad_y):
    """count_include_pad=False, but at the border, too, the gradient is divided by the full 9."""
    self.count_include_pad = True
    return AvgPool2d.backward(self, grad_y)


def at_twice(self):
    """The softmax of twice the input, whose output is squared and normalized again."""
    self.y = self.y**2 / (self.y**2).sum(axis=1, keepdims=True)
    return self


class FirstBias(Linear):
    def forward(self, x, weight, bias):
        return super().forward(x, weight, np.full_like(bias, bias[0]))


IN_TRAINING = (None, None, True, 0.1, 1e-5)  # batch norm without running statistics

CATALOG = {
    # -- factors, and where they come from
    "softmax times 7": (
        lambda x: spoiled(Softmax, lambda g: 7 * g)(1)(x), [(2, 3)], "It is the right one times 7."),
    "mean over the batch where it should be the sum": (
        lambda x, w: spoiled(Linear, lambda gx, gw, gb: (gx, gw / 4, gb))()(x, w, None), [(4, 3), (2, 3)],
        "times 0.25, 1 / the size of axis 0 of inputs[0]"),
    "cross-entropy without 1/N": (
        lambda x: with_backward(CrossEntropy, lambda self, g: softmax_grad(self) * g)(
            np.array([1, 0, 2, 1, 0]), "mean", 0.0)(x),
        [(5, 3)], "times 5. Perhaps that is count of broken or the size of axis 0"),
    "average pooling that divides by the kernel twice": (
        lambda x: spoiled(AvgPool2d, lambda g: g / 4)(2, 2, 0, False, True)(x), [(1, 2, 4, 4)], "times 0.25"),
    "dropout's scale forgotten": (
        lambda x: with_backward(Dropout, lambda self, g: g * (self.mask != 0))(0.3)(x), [(6, 7)],
        "times 0.7, 1 - p of broken: dropout's scale"),
    "dropout's scale applied twice": (
        lambda x: with_backward(Dropout, lambda self, g: g * self.mask * self.mask)(0.3)(x), [(6, 7)],
        "times 1.42857, 1 / (1 - p of broken): dropout's scale"),
    "wrong sign": (lambda a, b: spoiled(Div, lambda ga, gb: (ga, -gb))()(a, b), [(2, 3), (2, 3)], "the wrong sign."),
    "wrong sign, and a factor": (
        lambda x: spoiled(Tanh, lambda g: -2 * g)()(x), [(3, 4)], "times -2 and has the wrong sign"),
    "sign lost in one half": (
        lambda x: spoiled(Tanh, lambda g: abs(g))()(x), [(4, 5)], "It has the wrong sign in "),
    # -- places
    "transposed": (
        lambda x, w: spoiled(Linear, lambda gx, gw, gb: (gx, gw.T.copy(), gb))()(x, w, None), [(4, 3), (3, 3)],
        "transposed: the right one with its axes in the order (1, 0)."),
    "transposed, and reshaped to fit": (
        lambda x, w: spoiled(Linear, lambda gx, gw, gb: (gx, gw.T.reshape(2, 3), gb))()(x, w, None), [(4, 3), (2, 3)],
        "transposed: the right one with its axes in the order (1, 0), and reshaped."),
    "gradients of two inputs swapped": (
        lambda a, b: spoiled(Mul, lambda ga, gb: (gb, ga))()(a, b), [(2, 3), (2, 3)],
        "It is the gradient of inputs[1]: the gradients of two inputs are swapped, or one stands for both."),
    "padding not cropped": (
        loop_conv(crop=False), IMAGE, "Backward has padding (0, 0), where forward has (1, 1)."),
    "rolled": (
        lambda x: spoiled(ReLU, lambda g: np.roll(g, 1, axis=1))(False)(x), [(3, 5)],
        "the right one shifted by 1 along axis 1, around the end."),
    "kernel flipped in backward": (
        loop_conv(kernel_of_backward=lambda w: w[:, :, ::-1, ::-1]), IMAGE,
        "It is right for a kernel turned around: reversed along axes 2, 3, inputs[1]."),
    "kernel transposed in backward": (
        loop_conv(kernel_of_backward=lambda w: w.swapaxes(2, 3)), IMAGE,
        "It is right for a kernel transposed: with its axes 2 and 3, height and width, exchanged, inputs[1]."),
    "a matrix not transposed in backward": (
        lambda a, b: with_backward(MatMul, lambda self, g: (g @ self.b, self.a.T @ g))()(a, b), [(3, 3), (3, 3)],
        "through the derivatives as forward does, not back: a matrix is not transposed"),
    # -- sums
    "bias without the sum over the batch": (
        loop_conv(sum_of_bias=lambda self, g: g[0].sum(axis=(1, 2))), IMAGE,
        "that of the first item of the batch alone: the sum over the batch is missing or overwritten"),
    "bias of the last row of pixels": (
        loop_conv(sum_of_bias=lambda self, g: g[:, :, -1].sum(axis=(0, 2))), IMAGE,
        "that of the last along axis 2 of the output alone"),
    "last image left out of the weight's gradient": (
        loop_conv(images=slice(0, 1)), IMAGE, "that of the first item of the batch alone"),
    "last of three images left out": (
        loop_conv(images=slice(0, 2)), [(3, 2, 4, 4), (2, 2, 3, 3), (2,)],
        "The part of the last item of the batch is left out"),
    "the sum over a broadcast axis missing": (
        lambda a, b: with_backward(Mul, lambda self, g: (g * self.b, (g * self.a)[1]))()(a, b), [(4, 3), (3,)],
        "It is that of item 1 of the batch alone"),
    "one column counted twice": (
        lambda x: with_backward(
            Sum, lambda self, g: np.repeat(g[:, None], 4, axis=1) * np.array([1, 1, 2, 1]))((1,), False)(x), [(3, 4)],
        "Only index 2 of axis 1 is wrong"),
    # -- added or overwritten
    "col2im that overwrites": (loop_conv(overwrite=True), IMAGE, "overwritten instead of added"),
    "average pooling that overwrites": (
        lambda x: with_backward(AvgPool2d, overlapping_average)(3, 1, 0, False, True)(x), [(2, 2, 5, 5)],
        "part of the last output that uses it alone: where outputs (windows) overlap, gradients are overwritten"),
    "first kernel offset skipped": (
        loop_conv(skipped=((0, 0),)), IMAGE,
        "Only one kernel offset is wrong: the parts from output (i, j) to input (i -1, j -1) are left out"),
    "last kernel offset counted twice, stride 2": (
        loop_conv(stride=2, twice=((2, 2),)), IMAGE,
        "Only one kernel offset is wrong: the parts from output (i, j) to input (2 i +1, 2 j +1) count twice"),
    # -- masks
    "mask inverted": (lambda x: with_backward(ReLU, lambda self, g: g * (self.y <= 0))(False)(x), [(4, 5)], "inverted"),
    "mask forgotten": (lambda x: with_backward(ReLU, lambda self, g: g)(False)(x), [(4, 5)], "a mask lets these"),
    "mask too narrow": (
        lambda x: with_backward(ReLU, lambda self, g: g * (self.y > 0.5))(False)(x), [(4, 5)],
        "a mask or a slice leaves these elements out"),
    "dropout draws another mask": (
        lambda x: with_backward(
            Dropout, lambda self, g: g * (np.random.default_rng(5).random(g.shape) > 0.5) * 2)(0.5)(x), [(6, 7)],
        "The mask is another one than in forward"),
    "max gives its gradient to the first element": (
        lambda x: with_backward(
            Max, lambda self, g: g[:, None] * (np.arange(4) == 0))((1,), False)(x), [(3, 4)],
        "The largest along axis 1 should get all of grad_y, but the first gets it, whichever is the largest."),
    # -- calculus
    "sigmoid without 1 - y": (
        lambda x: with_backward(Sigmoid, lambda self, g: g * self.y)()(x), [(3, 4)],
        "Backward says grad_y * y, where it should be grad_y * y (1 - y)."),
    "sigmoid without y": (
        lambda x: with_backward(Sigmoid, lambda self, g: g * (1 - self.y))()(x), [(3, 4)],
        "Backward says grad_y * (1 - y), where it should be grad_y * y (1 - y)."),
    "product without the other factor": (
        lambda a, b: with_backward(Mul, lambda self, g: (g, g * self.a))()(a, b), [(2, 3), (2, 3)],
        "Backward says grad_y, where it should be grad_y * inputs[1]."),
    "quotient: divided once too little": (
        lambda a, b: spoiled(Div, lambda ga, gb: (ga, gb * np.random.default_rng(1).standard_normal((2, 3))))()(a, b),
        [(2, 3), (2, 3)], "Backward says grad_y * -y, where it should be grad_y * -y / inputs[1]."),
    "batch norm without its weight": (
        lambda x, w, b: spoiled(BatchNorm, lambda gx, gw, gb: (
            gx / np.random.default_rng(1).standard_normal(3)[:, None, None], gw, gb))(*IN_TRAINING)(x, w, b),
        [(4, 3, 2, 2), (3,), (3,)], "The factor inputs[1] is missing"),
    "softmax without the sum": (
        lambda x: with_backward(Softmax, lambda self, g: self.y * g)(1)(x), [(3, 5)],
        "In softmax's gradient, y (grad_y - sum of grad_y y), the sum is missing."),
    "softmax with its diagonal alone": (
        lambda x: with_backward(Softmax, lambda self, g: self.y * (1 - self.y) * g)(1)(x), [(3, 5)],
        "the sum is missing: every y counts for its own x alone, its diagonal, y (1 - y)."),
    "log-softmax without its second term": (
        lambda x: with_backward(LogSoftmax, lambda self, g: g)(1)(x), [(3, 5)],
        "In log-softmax's gradient, grad_y - p sum of grad_y, the second term, with the sum, is missing."),
    "batch norm: the mean taken for a constant": (
        lambda x: with_backward(BatchNorm, lambda self, g: (BatchNorm.backward(self, g)[0]
            + (g.mean(axis=(0, 2, 3)) * self.inverse_std)[:, None, None], None, None))(*IN_TRAINING)(x, None, None),
        [(4, 3, 2, 2)], "Normalized over axes 0, 2, 3: the mean's term, mean(grad_y) is missing."),
    "batch norm: mean and variance taken for constants": (
        lambda x: with_backward(
            BatchNorm, lambda self, g: (g * self.inverse_std[:, None, None], None, None))(*IN_TRAINING)(x, None, None),
        [(4, 3, 2, 2)],
        "Normalized over axes 0, 2, 3: mean and variance are taken for constants, their two terms are missing."),
    "power rule without the power": (
        lambda a: with_backward(Pow, lambda self, g: (g * self.b * self.a, None))()(a, 3), [(3, 4)],
        "Backward says grad_y * 3 x, where it should be grad_y * 3 x^2."),
    "the cotangent ignored": (
        lambda x: with_backward(Tanh, lambda self, g: 1 - self.y**2)()(x), [(3, 4)],
        "grad_y, the gradient that backward is given, is left out"),
    "weight decay left in the gradient": (
        lambda x, w: spoiled(Linear, lambda gx, gw, gb: (
            gx, gw + 0.1 * np.random.default_rng(1).standard_normal((2, 3)), gb))()(x, w, None), [(4, 3), (2, 3)],
        "It is off by a multiple of inputs[1]"),
    "a constant added": (
        lambda x: spoiled(Tanh, lambda g: g + 0.25)()(x), [(3, 4)], "It is off by a constant"),
    # -- windows
    "windows at the border divided by too much": (
        lambda x: with_backward(AvgPool2d, always_divided_by_nine)(3, 1, 1, False, False)(x), [(1, 1, 4, 4)],
        "but it is divided by the full window's count, where forward leaves out the padding."),
    "max pooling that gives every place its window's gradient": (
        lambda x: with_backward(MaxPool2d, lambda self, g: np.repeat(np.repeat(g, 2, axis=2), 2, axis=3))(
            2, 2, 0, False)(x), [(1, 2, 4, 4)],
        "max pooling 2x2), but all of the window gets it: the mask x == max is missing."),
    "every row with a factor of its own": (
        lambda x, w: spoiled(Linear, lambda gx, gw, gb: (gx, gw * np.array([[1.5], [2], [3]]), gb))()(x, w, None),
        [(5, 4), (3, 4)],
        "a factor that changes along axis 0 alone: 1.5, 2, 3."),
    "forward takes the first bias for all": (
        lambda x, w, b: FirstBias()(x, w, b), [(5, 4), (3, 4), (3,)],
        "In 2 of these elements the difference is 0: forward does not use them"),
    "the rows of the kernel from the other end": (
        lambda x: with_backward(Im2Col, lambda self, g: Im2Col.backward(
            self, g.reshape(2, 2, 3, 3, -1)[:, :, ::-1].reshape(g.shape)))(3, 1, 1)(x), [(2, 2, 5, 5)],
        "the gradient of the patches (im2col) the kernel's rows are counted from the other end (reversed)."),
    "the patches of col2im with another stride": (
        lambda x: with_backward(Col2Im, lambda self, g: Im2Col(2, 2, 0).forward(
            np.pad(g, ((0, 0), (0, 0), (0, 3), (0, 3)))))(5, 2, 1, 0)(x), [(1, 4, 16)],
        "Backward has stride (2, 2), where forward has (1, 1)."),
    # -- what only the place or the size of the error tells
    "not finite": (lambda x: spoiled(Tanh, lambda g: g + np.inf)()(x), [(3, 4)], "It is not finite in 12 elements."),
    "zero": (lambda x: spoiled(Tanh, lambda g: 0 * g)()(x), [(3, 4)], "It is zero everywhere"),
    "clipped": (
        lambda x: spoiled(Tanh, lambda g: np.clip(g, -0.3, 0.3))()(x), [(3, 4)],
        "It is clipped to 0.3 in size: a gradient must grow with the one that it is given."),
    "the diagonal of a product": (
        lambda x, w: with_backward(MatMul, lambda self, g: (g * self.b.diagonal(), self.a.T @ g))()(x, w),
        [(3, 4), (4, 4)], "the terms from one element to another are missing"),
    "the frame of an image left out": (
        lambda x: spoiled(Tanh, lambda g: np.pad(g[:, :, 1:-1, 1:-1], ((0, 0), (0, 0), (1, 1), (1, 1))))()(x),
        [(1, 2, 5, 5)], "Only the border of the last two axes is wrong: look at the padding. Backward says 0 there."),
    "large inputs": (
        lambda x: with_backward(
            Tanh, lambda self, g: g * (1 - self.y**2) * np.where(abs(self.y) > 0.6, 1 + self.y**4, 1))()(x), [(4, 5)],
        "It is wrong only where |inputs[0]| is above 0.7: look at what backward does there."),
    "some places count double": (
        lambda x, w: with_backward(Conv2d, lambda self, g: Conv2d.backward(
            self, g * (1 + (np.arange(9).reshape(3, 3) % 4 == 0))))(1, 0)(x, w, None), [(2, 2, 5, 5), (3, 2, 3, 3)],
        "The outputs count with different factors, 1 at 6, 2 at 3 of 9 places: look at what divides them."),
    "each row of the batch with another weight": (
        lambda x, w: with_backward(Linear, lambda self, g: (
            g @ self.weight, (g * np.array([[1], [2], [3.5], [1]])).T @ self.x, None))()(x, w, None), [(4, 5), (3, 5)],
        "The outputs along axis 0 count with different factors, 1, 2, 3.5, 1, where all should count once."),
    "two factors in turn": (
        lambda x, w: spoiled(Linear, lambda gx, gw, gb: (gx, gw * (2 + np.arange(20).reshape(4, 5) % 2), gb))()(
            x, w, None), [(3, 5), (4, 5)],
        "a factor that differs from place to place: 2 (10 elements), 3 (10 elements)."),
    "the derivative at twice the input": (
        lambda x: with_backward(Softmax, lambda self, g: Softmax.backward(at_twice(self), g))(1)(x), [(3, 5)],
        "It is right for twice inputs[0]: backward takes the derivative there."),
    "right numbers anywhere": (
        lambda x: spoiled(Tanh, lambda g: np.random.default_rng(3).permutation(g.ravel()).reshape(g.shape))()(x),
        [(4, 5)], "the right numbers in the wrong places"),
}  # fmt: skip


@pytest.mark.parametrize("name", CATALOG)
def test_a_mistake_is_named(name):
    fn, shapes, sentence = CATALOG[name]
    with pytest.raises(GradCheckError) as error:
        gradcheck(fn, inputs(*shapes))
    assert sentence in str(error.value)


def sentence(fn, *shapes):
    with pytest.raises(GradCheckError) as error:
        gradcheck(fn, inputs(*shapes))
    return str(error.value).partition(", the difference ")[2].partition(". ")[2]


# ---- names that would mislead ---------------------------------------------------------------------------------------


def test_a_factor_that_several_sizes_explain_names_them_all():
    broken = spoiled(Tanh, lambda g: g / 3)
    found = sentence(lambda x: broken()(x), (3, 4, 3))
    assert found.startswith("It is the right one times 0.333333. Perhaps that is the 3 of a derivative, ")
    assert "1 / the size of axis 0 or 1 / the size of axis 2." in found


@pytest.mark.parametrize("factor", [1.00009, 0.99995])
def test_a_gradient_that_is_hardly_wrong_is_not_blamed_on_a_fan_out_that_is_not_there(factor):
    broken = spoiled(Tanh, lambda g: factor * g)
    assert sentence(lambda x: broken()(x), (3, 4)).startswith(f"It is the right one times {factor:.6g}")


def test_a_factor_of_a_single_number_is_no_explanation():
    assert "times" not in sentence(lambda x: spoiled(Tanh, lambda g: 1.2345 * g)()(x), (1,))


def test_what_is_wrong_where_sigmoid_saturates_is_not_the_border():
    """Ten of the twelve elements of a 3x4 matrix are its border."""

    def backward(self, grad_y):  # exact where 0.1 < y < 0.9; outside, y is taken for saturated
        return grad_y * np.where(abs(self.y - 0.5) < 0.4, self.y * (1 - self.y), 0)

    def steep(x):
        return with_backward(Sigmoid, backward)()(x * 3)

    for seed in range(4):
        with pytest.raises(GradCheckError) as error:
            gradcheck(steep, leaf(3, 4, seed=seed))
        assert "border" not in str(error.value)
        assert "padding" not in str(error.value)


@pytest.mark.parametrize("size", [4, 5, 6, 7, 9])
@pytest.mark.parametrize("stride", [1, 2])
def test_an_average_over_the_full_window_is_named_at_every_size(size, stride):
    def pool(x):
        return with_backward(AvgPool2d, always_divided_by_nine)(3, stride, 1, False, False)(x)

    assert "divided by the full window's count, where forward leaves out the padding" in sentence(
        pool, (1, 2, size, size)
    )


def test_a_sum_of_gradients_that_went_wrong_is_not_the_operation_s_fault(monkeypatch):
    """Tensor.accumulate adds the later gradients twice: each operation is right, those behind a fan-out are not."""

    def accumulate(self, gradient):
        if self.grad is None:
            self.grad = gradient.copy()
        else:
            self.grad += 2 * gradient

    monkeypatch.setattr(Tensor, "accumulate", accumulate)

    with pytest.raises(GradCheckError) as error:
        gradcheck(lambda x: (Tanh()(x), Sigmoid()(x)), leaf(3, 4))
    assert "Every operation is right by itself" in str(error.value)


# ---- any evidence ----------------------------------------------------------------------------------------------------

SHAPES = [
    (),
    (1,),
    (2,),
    (7,),
    (1, 1),
    (3, 3),
    (2, 5),
    (4, 1),
    (2, 3, 4),
    (1, 2, 1),
    (2, 2, 3, 3),
    (1, 1, 5, 4),
    (2, 1, 2, 2, 2),
]
FUNCTIONS = {
    "element by element": lambda x: Tanh()(x),
    "a square behind a mask": lambda x: ReLU(False)(x) * x,
    "one number": lambda x: (x * x).sum(),
    "some sums": lambda x: x.sum(axis=0) * 2 if x.ndim else x * 2,
    "more than there was": lambda x: x * Tensor(np.linspace(1, 2, 2).reshape(2, *[1] * x.ndim)),
    "two outputs": lambda x: (x * 3, Sigmoid()(x)),
}


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_no_hypothesis_raises_and_none_explains_what_is_random(name, shape, monkeypatch):
    said = []

    def each(evidence):
        evidence.found[...] = np.random.default_rng(7).standard_normal(shape)
        said.extend((h.__name__, h(evidence)) for h in HYPOTHESES)
        return ""

    monkeypatch.setattr(sys.modules["minicnn.gradcheck.check"], "diagnose", each)
    spoil = type("Spoil", (Neg,), {"backward": lambda self, grad_y: grad_y + 0.5})
    with pytest.raises(GradCheckError):
        gradcheck(lambda x: FUNCTIONS[name](-spoil()(x)), leaf(*shape))
    assert len(said) == len(HYPOTHESES)
    if np.prod(shape) > 6:  # of fewer numbers nearly anything is true
        true = ("only_where", "not_used")  # what they say is only where it is wrong
        assert [(name, sentence) for name, sentence in said if sentence and name not in true] == []


def test_derivatives_that_are_not_finite_are_not_fitted():
    """A step from 1e-6 leads out of where the logarithm is defined, and LAPACK may hang where there is a nan."""

    def fn(x):
        return with_backward(Log, lambda self, grad_y: 3 * grad_y / self.x[0])()(x)

    x = Tensor(np.array([1e-6, 0.3, 0.5, 1, 2]))
    check = Differences(fn, [x], 1e-5, np.random.default_rng(0))
    with np.errstate(invalid="ignore"):
        check.draw_cotangents()
        assert derivatives(check, 0) is None
    assert np.isnan(fitted(np.array([[1.0, np.nan]]), np.ones(2))).all()
    with np.errstate(invalid="ignore"), pytest.raises(GradCheckError, match="is wrong in 5 of 5"):
        gradcheck(fn, x)


def test_a_gradient_of_few_values_is_not_said_to_be_clipped():
    """As of a hinge loss whose correct class should count once for each margin: 1 in place of 2 and 3."""
    counts = Tensor(np.array([1.0, 1, 1, -3, 1, 1, -2, 1]))
    broken = spoiled(Mul, lambda g, _: (np.clip(g, -abs(g).min(), abs(g).min()), None))
    found = sentence(lambda x: broken()(x, counts).sum(), (8,))
    assert not found.startswith("It is clipped")
