"""Broken backwards, as they are written by hand: each with the words that the diagnosis has to say of it.

This list was written before the hypotheses that name these mistakes were, and without a look at those there were then.
`score.py` counts how many are caught, named rightly and named wrongly.

Every operation is a pair of NumPy functions: forward(*inputs) -> y and backward(grad_y, *inputs) -> gradients, with
options (`stride=2`) that both get. The forward is right, and so are all gradients but the one that is broken.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import minicnn as mc
from minicnn.function import Function

Shape = tuple[int, ...]


class Broken:
    """One broken backward: its name, the pair, the inputs' shapes, and what its sentence must match (a regex)."""

    def __init__(
        self,
        name: str,
        words: str,
        forward: Callable[..., Any],
        backward: Callable[..., Any],
        *shapes: Shape,
        positive: bool = False,
        **options: Any,
    ) -> None:
        self.name, self.words, self.forward, self.backward = name, words, forward, backward
        self.shapes, self.positive, self.options = shapes, positive, options

    def __repr__(self) -> str:
        return self.name

    def inputs(self) -> list[mc.Tensor]:
        random = np.random.default_rng(len(self.name))
        draw = (lambda shape: random.uniform(0.5, 2, shape)) if self.positive else random.standard_normal
        return [mc.Tensor(np.asarray(draw(shape))) for shape in self.shapes]

    def __call__(self, *tensors: mc.Tensor) -> mc.Tensor:
        return Pair(self.forward, self.backward, self.options)(*tensors)


class Pair(Function):
    """A forward and a backward in NumPy as one operation; options are kept as an operation keeps its own."""

    def __init__(self, forward: Callable[..., Any], backward: Callable[..., Any], options: dict[str, Any]) -> None:
        self.functions, self.options = (forward, backward), options
        self.name = forward.__name__
        vars(self).update(options)

    def forward(self, *inputs: Any) -> Any:
        self.inputs = inputs
        return np.asarray(self.functions[0](*inputs, **self.options))

    def backward(self, grad_y: Any) -> Any:
        return self.functions[1](grad_y, *self.inputs, **self.options)


# ---- the forwards, and what their gradients are made of -----------------------------------------------------------


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def relu(x):
    return np.maximum(x, 0)


def leaky_relu(x, slope):
    return np.where(x > 0, x, slope * x)


def elu(x):
    return np.where(x > 0, x, np.exp(x) - 1)


def swish(x):
    return x * sigmoid(x)


def softplus(x):
    return np.log1p(np.exp(x))


def clip(x):
    return np.clip(x, -0.7, 0.7)


def add(a, b):
    return a + b


def sub(a, b):
    return a - b


def mul(a, b):
    return a * b


def div(a, b):
    return a / b


def power(a, b):
    return a**b


def sum_rows(g, shape):
    """The right gradient of a row (1, D) or (D,) that was added to or multiplied with a matrix."""
    return g.sum(axis=0).reshape(shape)


def softmax(x, axis=1):
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def log_softmax(x, axis=1):
    return np.log(softmax(x, axis))


def target_distribution(x, smoothing=0.0):
    labels = np.arange(len(x)) * 2 % x.shape[1]
    return (1 - smoothing) * np.eye(x.shape[1])[labels] + smoothing / x.shape[1]


def cross_entropy(x, smoothing=0.0):
    return -(target_distribution(x, smoothing) * log_softmax(x)).sum() / len(x)


def binary_cross_entropy(x):
    t = target_distribution(x)
    return (softplus(x) - t * x).mean()


def squared_error(x, t):
    return ((x - t) ** 2).mean()


def hinge(x):
    margins = hinge_margins(x)
    return np.maximum(margins, 0).sum() / len(x)


def hinge_margins(x):
    t = target_distribution(x)
    return np.where(t == 1, 0, x - (x * t).sum(axis=1, keepdims=True) + 1)


def linear(x, w, b):
    return x @ w.T + b


def linear_relu(x, w, b):
    return relu(linear(x, w, b))


def matmul(a, b):
    return a @ b


def transposed(a):
    return np.swapaxes(a, -1, -2)


def pad(x, stride=None, padding=(0, 0)):
    (ph, pw) = padding
    return np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)))


def patches(x, kernel, stride=(1, 1), padding=(0, 0), dilation=1):
    """x (N, C, H, W) -> what stands under the kernel at every place, (N, OH, OW, C, KH, KW)."""
    x, (kh, kw), (sh, sw) = pad(x, padding=padding), kernel, stride
    eh, ew = dilation * (kh - 1) + 1, dilation * (kw - 1) + 1
    oh, ow = (x.shape[2] - eh) // sh + 1, (x.shape[3] - ew) // sw + 1
    p = np.empty((len(x), oh, ow, x.shape[1], kh, kw))
    for i in range(oh):
        for j in range(ow):
            p[:, i, j] = x[:, :, i * sh : i * sh + eh : dilation, j * sw : j * sw + ew : dilation]
    return p


def add_patches(p, shape, stride=(1, 1), padding=(0, 0), dilation=1, overwrite=False):
    """The way back: every patch added to (or written over) where it came from; entries outside are dropped."""
    (_, oh, ow, _, kh, kw), (sh, sw), (ph, pw) = p.shape, stride, padding
    x = np.zeros((*shape[:2], shape[2] + 2 * ph, shape[3] + 2 * pw))
    for i, j, u, v in np.ndindex(oh, ow, kh, kw):
        row, column = i * sh + u * dilation, j * sw + v * dilation
        if row < x.shape[2] and column < x.shape[3]:
            if overwrite:
                x[:, :, row, column] = p[:, i, j, :, u, v]
            else:
                x[:, :, row, column] += p[:, i, j, :, u, v]
    return x[:, :, ph : ph + shape[2], pw : pw + shape[3]]


def conv(x, w, b, **window):
    return np.einsum("nijcuv,kcuv->nkij", patches(x, w.shape[2:], **window), w) + b[:, None, None]


def conv_x(g, x, w, b, **window):
    return add_patches(np.einsum("nkij,kcuv->nijcuv", g, w), x.shape, **window)


def conv_w(g, x, w, b, **window):
    return np.einsum("nkij,nijcuv->kcuv", g, patches(x, w.shape[2:], **window))


def conv_b(g, x, w, b, **window):
    return g.sum(axis=(0, 2, 3))


def conv_relu(x, w, b, **window):
    return relu(conv(x, w, b, **window))


def im2col(x, kernel, **window):
    return patches(x, (kernel, kernel), **window)


def depthwise(x, w, **window):
    return np.einsum("nijcuv,cuv->ncij", patches(x, w.shape[1:], **window), w)


def max_pool(x, kernel, **window):
    return patches(x, (kernel, kernel), **window).max(axis=(4, 5)).transpose(0, 3, 1, 2)


def is_largest(x, kernel, **window):
    p = patches(x, (kernel, kernel), **window)
    return p == p.max(axis=(4, 5), keepdims=True)


def to_patches(g):
    """g (N, C, OH, OW) as (N, OH, OW, C, 1, 1), to be spread over each window."""
    return g.transpose(0, 2, 3, 1)[..., None, None]


def avg_pool(x, kernel, count_padding=True, **window):
    p = patches(x, (kernel, kernel), **window)
    return p.sum(axis=(4, 5)).transpose(0, 3, 1, 2) / window_counts(x, kernel, count_padding, **window)


def window_counts(x, kernel, count_padding=True, **window):
    if count_padding:
        return kernel**2
    return patches(np.ones_like(x), (kernel, kernel), **window).sum(axis=(4, 5)).transpose(0, 3, 1, 2)


def spread(g, x, kernel, **window):
    """The gradient of a sum over every window."""
    return add_patches(to_patches(g) * np.ones((kernel, kernel)), x.shape, **window)


def global_avg_pool(x):
    return x.mean(axis=(2, 3))


def upsample(x):
    return x.repeat(2, axis=2).repeat(2, axis=3)


def statistics(x, axes=(0, 2, 3), eps=1e-5):
    mean = x.mean(axis=axes, keepdims=True)
    inverse_std = 1 / np.sqrt(x.var(axis=axes, keepdims=True) + eps)
    return mean, inverse_std, (x - mean) * inverse_std


def per_channel(w):
    return w[:, None, None]


def batch_norm(x, w, b, eps=1e-5):
    return per_channel(w) * statistics(x, eps=eps)[2] + per_channel(b)


def batch_norm_x(g, x, w, b, eps=1e-5, mean_term=1, variance_term=1, axes=(0, 2, 3)):
    _, inverse_std, x_hat = statistics(x, eps=eps)
    through_mean = g.mean(axis=axes, keepdims=True)
    through_variance = x_hat * (g * x_hat).mean(axis=axes, keepdims=True)
    return per_channel(w) * inverse_std * (g - mean_term * through_mean - variance_term * through_variance)


def batch_norm_w(g, x, w, b, eps=1e-5):
    return (g * statistics(x, eps=eps)[2]).sum(axis=(0, 2, 3))


def layer_norm(x):
    return statistics(x, axes=1)[2]


def layer_norm_x(g, x, axis=1):
    _, inverse_std, y = statistics(x, axes=1)
    return inverse_std * (g - g.mean(axis=axis, keepdims=True) - y * (g * y).mean(axis=axis, keepdims=True))


def rms_norm(x):
    return x / np.sqrt((x * x).mean(axis=1, keepdims=True))


def channel_windows(x, before, after):
    return sum(np.pad(x, ((0, 0), (before, after), (0, 0)))[:, k : k + x.shape[1]] for k in range(before + after + 1))


def lrn(x, size, alpha=1.0, beta=0.75):
    return x * lrn_s(x, size, alpha) ** -beta


def lrn_s(x, size, alpha=1.0):
    return 1 + alpha / size * channel_windows(x * x, size // 2, (size - 1) // 2)


def lrn_x(g, x, size, alpha=1.0, beta=0.75, factor=2, power=1, mirrored=True):
    s, before, after = lrn_s(x, size, alpha), size // 2, (size - 1) // 2
    before, after = (after, before) if mirrored else (before, after)
    through_s = channel_windows(g * x * s ** (-beta - power), before, after)
    return g * s**-beta - factor * alpha * beta / size * x * through_s


def dropout(x, p):
    return x * dropout_mask(x, p) / (1 - p)


def dropout_mask(x, p, seed=0):
    return np.random.default_rng(seed).random(x.shape) >= p


def concat(*parts):
    return np.concatenate(parts, axis=1)


def embedding(table):
    return table[[2, 0, 2, 3, 2]]


def put_rows(g, table, add=True):
    gradient = np.zeros_like(table)
    if add:
        np.add.at(gradient, [2, 0, 2, 3, 2], g)
    else:
        gradient[[2, 0, 2, 3, 2]] = g
    return gradient


def attention(q, k, v):
    return attention_weights(q, k) @ v


def attention_weights(q, k):
    return softmax(q @ k.T / np.sqrt(q.shape[1]))


def softmax_x(g, y, axis=1):
    return y * (g - (g * y).sum(axis=axis, keepdims=True))


def rnn_step(x, h, wx, wh, b):
    return np.tanh(x @ wx + h @ wh + b)


def rnn(x, wh):
    """x (N, T, D), wh (D, D) -> the last state, (N, D)."""
    return rnn_states(x, wh)[-1]


def rnn_states(x, wh):
    states = [np.zeros(x[:, 0].shape)]
    for t in range(x.shape[1]):
        states.append(np.tanh(x[:, t] + states[-1] @ wh))
    return states


def rnn_backward(g, x, wh, steps=None, passes=lambda g, wh: g @ wh.T):
    states, gx, gwh = rnn_states(x, wh), np.zeros_like(x), np.zeros_like(wh)
    for t in reversed(range(x.shape[1])[-(steps or x.shape[1]) :]):
        g = g * (1 - states[t + 1] ** 2)
        gx[:, t], gwh = g, gwh + states[t].T @ g
        g = passes(g, wh)
    return gx, gwh


def lstm_cell(a, c):
    """The gates' sums a (N, 4 D) and the old cell (N, D) -> the new cell."""
    i, f, _, n = lstm_gates(a)
    return f * c + i * n


def lstm_gates(a):
    i, f, o, n = np.split(a, 4, axis=1)
    return sigmoid(i), sigmoid(f), sigmoid(o), np.tanh(n)


def residual(x, w):
    return x + np.tanh(x @ w)


def inception(x, w1, w2):
    """Three branches side by side: two products and x itself."""
    return np.concatenate([x @ w1, x @ w2, x], axis=1)


def inception_backward(g, x, w1, w2, shift=0, branches=3):
    a, b = w1.shape[1], w1.shape[1] + w2.shape[1]
    g1, g2, g3 = g[:, :a], np.roll(g, shift, axis=1)[:, a:b], g[:, b:]
    parts = [g1 @ w1.T, g2 @ w2.T, g3]
    return sum(parts[:branches]), x.T @ g1, x.T @ g2


# ---- the broken backwards ------------------------------------------------------------------------------------------

STRIDES = {"stride": (2, 1), "padding": (1, 1)}
IMAGES, KERNELS, BIAS = (2, 2, 6, 5), (3, 2, 3, 3), (3,)


def conv_with(x=conv_x, w=conv_w, b=conv_b):
    return lambda *args, **options: tuple(part(*args, **options) for part in (x, w, b))


ACTIVATIONS = [
    Broken("tanh: 1 - |y|", r"\|y\|", np.tanh, lambda g, x: g * (1 - abs(np.tanh(x))), (3, 4)),
    Broken("tanh: 1 - x^2, of the input", r"input|x in place of y|1 - x\^2",
           np.tanh, lambda g, x: g * (1 - x * x), (3, 4)),
    Broken("tanh: 1 - y, without the square", "square|1 - y", np.tanh, lambda g, x: g * (1 - np.tanh(x)), (3, 4)),
    Broken("tanh: without grad_y", "grad_y|cotangent", np.tanh, lambda g, x: 1 - np.tanh(x) ** 2, (3, 4)),
    Broken("tanh: 1 + y^2", r"1 \+ y|sign", np.tanh, lambda g, x: g * (1 + np.tanh(x) ** 2), (3, 4)),
    Broken("sigmoid: x (1 - x), of the input", r"input|x in place of y|x \(1 - x\)",
           sigmoid, lambda g, x: g * x * (1 - x), (3, 4)),
    Broken("sigmoid: y alone", r"1 - y", sigmoid, lambda g, x: g * sigmoid(x), (3, 4)),
    Broken("sigmoid: 1 - y alone", r"factor y|times y|1 - y|by y", sigmoid, lambda g, x: g * (1 - sigmoid(x)), (3, 4)),
    Broken("relu: mask of y >= 0", "mask|y > 0|is 0", relu, lambda g, x: g * (relu(x) >= 0), (4, 5)),
    Broken("relu: mask of grad_y, not of x", "grad_y|cotangent", relu, lambda g, x: g * (g > 0), (4, 5)),
    Broken("relu: times x in place of the mask", r"times|factor|grad_y \* y",
           relu, lambda g, x: g * relu(x), (4, 5)),
    Broken("relu: mask reversed", "mask|where y is 0|revers", relu, lambda g, x: g * (x < 0), (4, 5)),
    Broken("leaky relu: 0 on the left", "negative|x < 0",
           leaky_relu, lambda g, x, slope: g * (x > 0), (4, 5), slope=0.1),
    Broken(
        "leaky relu: slope subtracted", "negative|sign",
        leaky_relu, lambda g, x, slope: g * np.where(x > 0, 1, -slope), (4, 5), slope=0.1,
    ),
    Broken("elu: y where it is y + 1", "negative|x < 0", elu, lambda g, x: g * np.where(x > 0, 1, elu(x)), (4, 5)),
    Broken("swish: one term of the product rule", "term|product rule", swish, lambda g, x: g * sigmoid(x), (3, 4)),
    Broken("softplus: sigmoid of -x", r"1 -|-x|sign of x|e\^-y", softplus, lambda g, x: g * sigmoid(-x), (3, 4)),
    Broken("abs: without the sign", "sign|negative", np.abs, lambda g, x: g, (3, 4)),
    Broken("clip: passes everywhere", "mask|constant|zero", clip, lambda g, x: g, (4, 5)),
]  # fmt: skip

ARITHMETIC = [
    Broken("exp: x in place of y", r"x in place of y|input|grad_y \* x", np.exp, lambda g, x: g * x, (3, 4)),
    Broken("log: times x", r"multipl|divi|reciprocal|grad_y \* x", np.log, lambda g, x: g * x, (3, 4), positive=True),
    Broken("log10: without 1 / log 10", "2.3|log", np.log10, lambda g, x: g / x, (3, 4), positive=True),
    Broken("sqrt: without the 2", "factor|twice|times 2|2 times", np.sqrt, lambda g, x: g / np.sqrt(x), (5,),
           positive=True),
    Broken("sqrt: 2 x in place of 2 y", "x in place of y|input|power of|factor|2 x",
           np.sqrt, lambda g, x: g / (2 * x), (5,), positive=True),
    Broken("pow: a^b in place of a^(b-1)", r"b - 1|exponent|power|1 / inputs\[0\]",
           power, lambda g, a, b: (g * b * a**b, g * a**b * np.log(a)), (3, 4), (3, 4), positive=True),
    Broken("pow: without the factor b", r"inputs\[1\]|factor b|exponent",
           power, lambda g, a, b: (g * a ** (b - 1), g * a**b * np.log(a)), (3, 4), (3, 4), positive=True),
    Broken("pow: log b in place of log a", r"inputs\[1\]|log b",
           power, lambda g, a, b: (g * b * a ** (b - 1), g * a**b * np.log(b)), (3, 4), (3, 4), positive=True),
    Broken("div: grad_b without the minus", "sign", div, lambda g, a, b: (g / b, g * a / b**2), (3, 4), (3, 4)),
    Broken("div: b in place of its square", r"inputs\[1\]|square",
           div, lambda g, a, b: (g / b, -g * a / b), (3, 4), (3, 4)),
    Broken("mul: grad_a is grad_y a", r"inputs\[0\]|itself|own|stands for both",
           mul, lambda g, a, b: (g * a, g * a), (3, 4), (3, 4)),
    Broken("mul: the two gradients exchanged", r"inputs\[1\]|exchanged|swap",
           mul, lambda g, a, b: (g * a, g * b), (3, 4), (3, 4)),
    Broken("sub: grad_b without the minus", "sign", sub, lambda g, a, b: (g, g), (3, 4), (3, 4)),
    Broken("square: without the 2", "2", np.square, lambda g, x: g * x, (3, 4)),
    Broken("reciprocal: y in place of its square", r"\* -y|square",
           np.reciprocal, lambda g, x: -g / x, (3, 4), positive=True),
    Broken("broadcast add: mean in place of sum", "axis|mean|average|size",
           add, lambda g, a, b: (g, g.mean(axis=0)), (4, 3), (3,)),
    Broken("broadcast add: max in place of sum", "max|largest",
           add, lambda g, a, b: (g, g.max(axis=0)), (4, 3), (3,)),
    Broken("broadcast mul: the first row alone", "first|row",
           mul, lambda g, a, b: (g * b, (g * a)[0]), (4, 3), (3,)),
    Broken("broadcast mul: summed along the wrong axis", "axis",
           mul, lambda g, a, b: (g * b, (g * a).sum(axis=1)), (4, 4), (4,)),
    Broken("broadcast mul: summed before the product", "sum",
           mul, lambda g, a, b: (g * b, g.sum(axis=0) * a.sum(axis=0)), (4, 3), (3,)),
]  # fmt: skip

REDUCTIONS = [
    Broken("sum: divided as a mean", "axis|mean|size|average",
           lambda x: x.sum(axis=1), lambda g, x: g[:, None] / x.shape[1] + 0 * x, (3, 5)),
    Broken("mean: not divided", "axis|mean|size|divid",
           lambda x: x.mean(axis=1), lambda g, x: g[:, None] + 0 * x, (3, 5)),
    Broken("mean: of a square, along the wrong axis", "axis|transpos",
           lambda x: x.mean(axis=1), lambda g, x: g[None, :] / x.shape[1] + 0 * x, (4, 4)),
    Broken("max: gradient to every element", "max|largest|every|all",
           lambda x: x.max(axis=1), lambda g, x: g[:, None] + 0 * x, (3, 5)),
    Broken("max: gradient to the smallest", "smallest|min",
           lambda x: x.max(axis=1), lambda g, x: g[:, None] * (x == x.min(axis=1, keepdims=True)), (3, 5)),
    Broken("variance: n - 1 in place of n", "n - 1|- 1|less 1",
           lambda x: x.var(axis=1),
           lambda g, x: g[:, None] * 2 * (x - x.mean(axis=1, keepdims=True)) / (x.shape[1] - 1), (3, 5)),
    Broken("variance: without subtracting the mean", "mean",
           lambda x: x.var(axis=1), lambda g, x: g[:, None] * 2 * x / x.shape[1], (3, 5)),
    Broken("norm: not divided by the norm", "the output|norm",
           lambda x: np.sqrt((x * x).sum(axis=1)), lambda g, x: g[:, None] * x, (3, 5)),
    Broken("logsumexp: exp(x), not divided by the sum", r"divid|normal|e\^the output",
           lambda x: np.log(np.exp(x).sum(axis=1)), lambda g, x: g[:, None] * np.exp(x), (3, 5)),
    Broken("cumsum: not reversed", "revers|order|direction|before|cumulative",
           lambda x: x.cumsum(axis=1), lambda g, x: g.cumsum(axis=1), (3, 5)),
]  # fmt: skip

SHAPES = [
    Broken("reshape: in column order", "order|transpos|axes",
           lambda x: x.reshape(4, 3), lambda g, x: g.reshape(x.shape, order="F"), (3, 4)),
    Broken("transpose: the same permutation again", "axes|permut|transpos",
           lambda x: x.transpose(1, 2, 0), lambda g, x: g.transpose(1, 2, 0), (3, 3, 3)),
    Broken("slice: put at the start", "shift|moved|place|offset",
           lambda x: x[:, 2:], lambda g, x: np.pad(g, ((0, 0), (0, 2))), (3, 6)),
    Broken("rows taken twice: overwritten", "last|overwr|several", embedding, lambda g, x: put_rows(g, x, False),
           (5, 3)),
    Broken("flip: not flipped back", "revers|flip|mirror|order",
           lambda x: x[:, ::-1], lambda g, x: g.copy(), (3, 5)),
    Broken("pad: cut out from the corner", "shift|padding|moved|offset",
           lambda x: np.pad(x, 1), lambda g, x: g[: x.shape[0], : x.shape[1]], (4, 5)),
    Broken("roll: rolled on, not back", "shift|roll|moved",
           lambda x: np.roll(x, 1, axis=1), lambda g, x: np.roll(g, 1, axis=1), (3, 5)),
    Broken("repeat: read as tile", "order|axes|transpos|place",
           lambda x: x.repeat(2, axis=1), lambda g, x: g[:, :4] + g[:, 4:], (3, 4)),
    Broken("concat: parts exchanged", r"inputs\[1\]|exchanged|swap|another",
           concat, lambda g, a, b: (g[:, 3:], g[:, :3]), (2, 3), (2, 3)),
    Broken("concat: all get the first part", r"inputs\[0\]|exchanged|another|other",
           concat, lambda g, a, b: (g[:, :3], g[:, :3]), (2, 3), (2, 3)),
    Broken("upsample: one pixel of four", "first|one of|window|several",
           upsample, lambda g, x: g[:, :, ::2, ::2], (2, 1, 3, 3)),
    Broken("upsample: mean of four", "factor|4|0.25|mean",
           upsample, lambda g, x: g.reshape(2, 1, 3, 2, 3, 2).mean(axis=(3, 5)), (2, 1, 3, 3)),
    Broken("lower triangle: not masked", "mask|constant|zero",
           np.tril, lambda g, x: g.copy(), (4, 4)),
]  # fmt: skip

PRODUCTS = [
    Broken("linear: grad_W transposed", "transpos", linear, lambda g, x, w, b: (g @ w, x.T @ g, g.sum(axis=0)),
           (5, 4), (4, 4), (4,)),
    Broken("linear: W not transposed", "transpos", linear, lambda g, x, w, b: (g @ w.T, g.T @ x, g.sum(axis=0)),
           (5, 4), (4, 4), (4,)),
    Broken("linear: bias averaged over the batch", "axis|batch|mean|size",
           linear, lambda g, x, w, b: (g @ w, g.T @ x, g.mean(axis=0)), (5, 4), (3, 4), (3,)),
    Broken("linear: grad_W divided by the batch", "axis|batch|mean|size",
           linear, lambda g, x, w, b: (g @ w, g.T @ x / len(x), g.sum(axis=0)), (5, 4), (3, 4), (3,)),
    Broken("linear: bias of the last row alone", "last|row|item",
           linear, lambda g, x, w, b: (g @ w, g.T @ x, g[-1]), (5, 4), (3, 4), (3,)),
    Broken("linear and relu: the bias does not see the mask", "mask|relu",
           linear_relu, lambda g, x, w, b: (
               (g * (linear(x, w, b) > 0)) @ w, (g * (linear(x, w, b) > 0)).T @ x, g.sum(axis=0)),
           (5, 4), (3, 4), (3,)),
    Broken("linear and relu: W does not see the mask", "mask|relu",
           linear_relu, lambda g, x, w, b: (
               (g * (linear(x, w, b) > 0)) @ w, g.T @ x, (g * (linear(x, w, b) > 0)).sum(axis=0)),
           (5, 4), (3, 4), (3,)),
    Broken("batched matmul: the first of the batch alone", "first|batch|item",
           matmul, lambda g, a, b: (g @ b.T, transposed(a)[0] @ g[0]), (3, 2, 4), (4, 2)),
    Broken("matmul: a squared in place of a b", r"inputs\[1\]|inputs\[0\]|transpos",
           matmul, lambda g, a, b: (g @ b, a.T @ g), (4, 4), (4, 4)),
    Broken("scaled product: 1 / sqrt(d) forgotten", "factor|2|size|sqrt",
           lambda q, k: q @ k.T / 3, lambda g, q, k: (g @ k, g.T @ q / 3), (4, 9), (5, 9)),
    Broken("attention: softmax summed over the queries", "axis",
           attention, lambda g, q, k, v: (
               softmax_x(g @ v.T, attention_weights(q, k), axis=0) @ k / 2,
               softmax_x(g @ v.T, attention_weights(q, k)).T @ q / 2, attention_weights(q, k).T @ g),
           (3, 4), (3, 4), (3, 2)),
    Broken("attention: weights not transposed", "transpos",
           attention, lambda g, q, k, v: (
               softmax_x(g @ v.T, attention_weights(q, k)) @ k / 2,
               softmax_x(g @ v.T, attention_weights(q, k)).T @ q / 2, attention_weights(q, k) @ g),
           (3, 4), (3, 4), (3, 2)),
    Broken("weight decay: in the loss, not in the gradient", "decay|term|weights|inputs|itself",
           lambda x, w: x @ w + 0.5 * (w * w).sum(), lambda g, x, w: (g @ w.T, x.T @ g), (5, 4), (4, 3)),
]  # fmt: skip

LOSSES = [
    Broken("softmax: the diagonal alone", "term|sum|diagonal", softmax,
           lambda g, x: g * softmax(x) * (1 - softmax(x)), (3, 4)),
    Broken("softmax: sum along the other axis", "axis", softmax,
           lambda g, x: softmax_x(g, softmax(x), axis=0), (3, 4)),
    Broken("softmax: without grad_y in the sum", "sum|grad_y|term", softmax,
           lambda g, x: softmax(x) * (g - softmax(x)), (3, 4)),
    Broken("log_softmax: grad_y not summed", "sum|term", log_softmax, lambda g, x: g - softmax(x) * g, (3, 4)),
    Broken("log_softmax: mean in place of sum", "mean|sum|term", log_softmax,
           lambda g, x: g - softmax(x) * g.mean(axis=1, keepdims=True), (3, 4)),
    Broken("cross-entropy: smoothing forgotten", "smooth", cross_entropy,
           lambda g, x, smoothing: g * (softmax(x) - target_distribution(x)) / len(x), (3, 4), smoothing=0.2),
    Broken("cross-entropy: not divided by N", "axis|batch|size|mean", cross_entropy,
           lambda g, x: g * (softmax(x) - target_distribution(x)), (3, 4)),
    Broken("cross-entropy: target - p", "sign", cross_entropy,
           lambda g, x: g * (target_distribution(x) - softmax(x)) / len(x), (3, 4)),
    Broken("cross-entropy: target not subtracted", "target|label|one-hot|one element|class", cross_entropy,
           lambda g, x: g * softmax(x) / len(x), (3, 4)),
    Broken("cross-entropy: softmax over the batch", "axis", cross_entropy,
           lambda g, x: g * (softmax(x, 0) - target_distribution(x)) / len(x), (3, 4)),
    Broken("binary cross-entropy: times p (1 - p) again", r"1 - |sigmoid|derivative", binary_cross_entropy,
           lambda g, x: g * (sigmoid(x) - target_distribution(x)) * sigmoid(x) * (1 - sigmoid(x)) / x.size, (3, 4)),
    Broken("squared error: divided by the rows alone", "axis|size", squared_error,
           lambda g, x, t: (2 * g * (x - t) / len(x), -2 * g * (x - t) / x.size), (3, 4), (3, 4)),
    Broken("hinge: -1 for the right class in place of the count", "class|label|target|one element", hinge,
           lambda g, x: g * ((hinge_margins(x) > 0) - target_distribution(x)) / len(x), (4, 5)),
]  # fmt: skip

NORMALIZATION = [
    Broken("batch norm: without the mean's term", "mean", batch_norm,
           lambda g, x, w, b: (batch_norm_x(g, x, w, b, mean_term=0), batch_norm_w(g, x, w, b), g.sum(axis=(0, 2, 3))),
           (3, 2, 2, 3), (2,), (2,)),
    Broken("batch norm: without the variance's term", "variance", batch_norm,
           lambda g, x, w, b: (
               batch_norm_x(g, x, w, b, variance_term=0), batch_norm_w(g, x, w, b), g.sum(axis=(0, 2, 3))),
           (3, 2, 2, 3), (2,), (2,)),
    Broken("batch norm: statistics as constants", "mean|variance|statistic|constant", batch_norm,
           lambda g, x, w, b: (
               batch_norm_x(g, x, w, b, mean_term=0, variance_term=0), batch_norm_w(g, x, w, b), g.sum(axis=(0, 2, 3))),
           (3, 2, 2, 3), (2,), (2,)),
    Broken("batch norm: means over the batch, not the pixels", "mean|axes|pixels", batch_norm,
           lambda g, x, w, b: (batch_norm_x(g, x, w, b, axes=0), batch_norm_w(g, x, w, b), g.sum(axis=(0, 2, 3))),
           (3, 2, 2, 3), (2,), (2,)),
    Broken("batch norm: without the weight", r"inputs\[1\]|weight", batch_norm,
           lambda g, x, w, b: (batch_norm_x(g, x, w / w, b), batch_norm_w(g, x, w, b), g.sum(axis=(0, 2, 3))),
           (3, 2, 2, 3), (2,), (2,)),
    Broken("batch norm: x in place of x_hat for the weight", "normal|x_hat|mean", batch_norm,
           lambda g, x, w, b: (batch_norm_x(g, x, w, b), (g * x).sum(axis=(0, 2, 3)), g.sum(axis=(0, 2, 3))),
           (3, 2, 2, 3), (2,), (2,)),
    Broken("batch norm: the sign of the variance's term", "variance", batch_norm,
           lambda g, x, w, b: (
               batch_norm_x(g, x, w, b, variance_term=-1), batch_norm_w(g, x, w, b), g.sum(axis=(0, 2, 3))),
           (3, 2, 2, 3), (2,), (2,)),
    Broken("layer norm: means over the batch", "axis|mean", layer_norm,
           lambda g, x: layer_norm_x(g, x, axis=0), (4, 5)),
    Broken("layer norm: without the mean's term", "mean", layer_norm,
           lambda g, x: layer_norm_x(g, x) + statistics(x, axes=1)[1] * g.mean(axis=1, keepdims=True), (4, 5)),
    Broken("rms norm: the root as a constant", "term|constant|norm|variance", rms_norm,
           lambda g, x: g / np.sqrt((x * x).mean(axis=1, keepdims=True)), (3, 5)),
    Broken("lrn: window not mirrored", "mirror", lrn, lambda g, x, size: lrn_x(g, x, size, mirrored=False),
           (2, 5, 3), size=4),
    Broken("lrn: without the term through s", "through s|term|neighbor|constant", lrn,
           lambda g, x, size: lrn_x(g, x, size, factor=0), (2, 5, 3), size=3),
    Broken("lrn: exponent -beta for -beta - 1", "exponent|power|term", lrn,
           lambda g, x, size: lrn_x(g, x, size, power=0), (2, 5, 3), size=3),
    Broken("lrn: without the 2 of the square", "2|half|term", lrn,
           lambda g, x, size: lrn_x(g, x, size, factor=1), (2, 5, 3), size=3),
]  # fmt: skip

CONVOLUTION = [
    Broken("conv: strides of the axes exchanged", "stride|axes", conv,
           conv_with(x=lambda g, x, w, b, **o: conv_x(g, x, w, b, stride=(1, 2), padding=(1, 1))),
           IMAGES, KERNELS, BIAS, **STRIDES),
    Broken("conv: stride forgotten in grad_x", "stride", conv,
           conv_with(x=lambda g, x, w, b, **o: conv_x(g, x, w, b)), (2, 2, 7, 7), KERNELS, BIAS, stride=(2, 2)),
    Broken("conv: kernel turned in grad_x", "flip|turn|revers|mirror|rotat", conv,
           conv_with(x=lambda g, x, w, b: conv_x(g, x, w[..., ::-1, ::-1], b)), IMAGES, KERNELS, BIAS),
    Broken("conv: kernel turned in grad_w", "flip|turn|revers|mirror|rotat", conv,
           conv_with(w=lambda g, x, w, b: conv_w(g, x, w, b)[..., ::-1, ::-1]), IMAGES, KERNELS, BIAS),
    Broken("conv: grad_x not shifted by the padding", "padding|shift", conv,
           conv_with(x=lambda g, x, w, b, padding: conv_x(g, pad(x, padding=padding), w, b)[:, :, :6, :5]),
           IMAGES, KERNELS, BIAS, padding=(1, 1)),
    Broken("conv: grad_w of the last image", "last|batch|item", conv,
           conv_with(w=lambda g, x, w, b: conv_w(g[-1:], x[-1:], w, b)), (3, 2, 6, 5), KERNELS, BIAS),
    Broken("conv: bias of the first row of pixels", "axis|first|row", conv,
           conv_with(b=lambda g, x, w, b: g[:, :, 0].sum(axis=(0, 2))), IMAGES, KERNELS, BIAS),
    Broken("conv: kernel read as (KW, KH)", "transpos|exchang|KW|axes", conv,
           conv_with(x=lambda g, x, w, b: conv_x(g, x, transposed(w), b)), IMAGES, KERNELS, BIAS),
    Broken("conv: grad_x without the last rows", "row|edge|last|empty", conv,
           conv_with(x=lambda g, x, w, b: conv_x(g, x, w, b) * (np.arange(9) < 8)[:, None]),
           (2, 2, 9, 5), KERNELS, BIAS),
    Broken("conv: channels in and out exchanged", "transpos|exchang|channel|axes", conv,
           conv_with(x=lambda g, x, w, b: conv_x(g, x, w.swapaxes(0, 1), b)), (2, 3, 5, 5), (3, 3, 3, 3), BIAS),
    Broken("conv: dilation forgotten in grad_w", "dilat|patch|place|offset|shift", conv,
           conv_with(w=lambda g, x, w, b, dilation: conv_w(g, x[:, :, :-2, :-2], w, b)),
           (2, 2, 7, 7), KERNELS, BIAS, dilation=2),
    Broken("conv and relu: the bias does not see the mask", "mask|relu", conv_relu,
           lambda g, x, w, b: (*conv_with()(g * (conv(x, w, b) > 0), x, w, b)[:2], g.sum(axis=(0, 2, 3))),
           IMAGES, KERNELS, BIAS),
    Broken("col2im: overlaps overwritten", "overwr|last|several", im2col,
           lambda g, x, kernel: add_patches(g, x.shape, overwrite=True), (2, 2, 5, 5), kernel=3),
    Broken("depthwise: the first channel's kernel for all", "channel|first|inputs", depthwise,
           lambda g, x, w: (
               add_patches(np.einsum("ncij,uv->nijcuv", g, w[0]), x.shape),
               np.einsum("ncij,nijcuv->cuv", g, patches(x, w.shape[1:]))),
           (2, 3, 5, 5), (3, 3, 3)),
]  # fmt: skip

POOLING = [
    Broken("max pool: gradient to the whole window", "max|every|all|whole", max_pool,
           lambda g, x, kernel, stride: spread(g, x, kernel, stride=stride), (2, 2, 6, 6), kernel=2, stride=(2, 2)),
    Broken("max pool: overlap overwritten", "overwr|last|several", max_pool,
           lambda g, x, kernel: overwritten_maxima(g, x, kernel), (2, 2, 6, 6), kernel=3),
    Broken("max pool: row and column of the maximum exchanged", "transpos|exchang|row|column|place", max_pool,
           lambda g, x, kernel, stride: add_patches(
               to_patches(g) * transposed(is_largest(x, kernel, stride=stride)), x.shape, stride=stride),
           (2, 2, 6, 6), kernel=2, stride=(2, 2)),
    Broken("average pool: not divided", "size|window|kernel|mean|divid|9", avg_pool,
           lambda g, x, kernel: spread(g, x, kernel), (2, 2, 5, 5), kernel=3),
    Broken("average pool: always over the full window", "full window|count|padding", avg_pool,
           lambda g, x, kernel, count_padding, padding: spread(g / kernel**2, x, kernel, padding=padding),
           (2, 2, 5, 5), kernel=3, count_padding=False, padding=(1, 1)),
    Broken("average pool: stride taken to be the kernel", "stride", avg_pool,
           lambda g, x, kernel: spread(g / kernel**2, x, kernel, stride=(3, 3)), (2, 2, 6, 6), kernel=3),
    Broken("global average pool: divided by the height alone", "axis|size", global_avg_pool,
           lambda g, x: g[:, :, None, None] / x.shape[2] + 0 * x, (2, 3, 4, 5)),
]  # fmt: skip


def overwritten_maxima(g, x, kernel):
    """Each window writes its gradient to its maximum, over what another one wrote there."""
    grad_x = np.zeros_like(x)
    for n, c, i, j in np.ndindex(g.shape):
        window = x[n, c, i : i + kernel, j : j + kernel]
        u, v = np.unravel_index(window.argmax(), window.shape)
        grad_x[n, c, i + u, j + v] = g[n, c, i, j]
    return grad_x


GRAPHS = [
    Broken("dropout: without the mask", "mask|dropped|zero", dropout, lambda g, x, p: g / (1 - p), (4, 5), p=0.4),
    Broken("dropout: not scaled", r"1 - p|1 - ", dropout, lambda g, x, p: g * dropout_mask(x, p), (4, 5), p=0.4),
    Broken("dropout: another mask", "mask|another|again|dropped", dropout,
           lambda g, x, p: g * dropout_mask(x, p, seed=1) / (1 - p), (4, 5), p=0.4),
    Broken("dropout: 1 / p for 1 / (1 - p)", r"p of|1 - p|p in place", dropout,
           lambda g, x, p: g * dropout_mask(x, p) / p, (4, 5), p=0.3),
    Broken("residual: the skip forgotten", "path|skip|identity|term|grad_y", residual,
           lambda g, x, w: ((g * (1 - np.tanh(x @ w) ** 2)) @ w.T, x.T @ (g * (1 - np.tanh(x @ w) ** 2))),
           (3, 4), (4, 4)),
    Broken("fan-out: x * tanh(x), the second use alone", "term|product rule|path|use",
           lambda x: x * np.tanh(x), lambda g, x: g * x * (1 - np.tanh(x) ** 2), (3, 4)),
    Broken("inception: the last branch's gradient not added", "branch|output|part|channels|path", inception,
           lambda g, x, w1, w2: inception_backward(g, x, w1, w2, branches=2), (3, 4), (4, 2), (4, 3)),
    Broken("inception: cut off by one", "shift|off by one|neighbor|moved|offset", inception,
           lambda g, x, w1, w2: (
               inception_backward(g, x, w1, w2)[0], *inception_backward(g, x, w1, w2, shift=1)[1:]),
           (3, 4), (4, 2), (4, 3)),
    Broken("rnn step: without tanh's derivative", "tanh|derivative|1 - y", rnn_step,
           lambda g, x, h, wx, wh, b: (g @ wx.T, g @ wh.T, x.T @ g, h.T @ g, g.sum(axis=0)),
           (2, 3), (2, 4), (3, 4), (4, 4), (4,)),
    Broken("rnn: the last step alone", "last|step|time|axis", rnn,
           lambda g, x, wh: rnn_backward(g, x, wh, steps=1), (2, 4, 3), (3, 3)),
    Broken("rnn: wh not transposed through time", "transpos", rnn,
           lambda g, x, wh: rnn_backward(g, x, wh, passes=lambda g, wh: g @ wh), (2, 3, 3), (3, 3)),
    Broken("lstm: the new cell for the old one at the forget gate", "output y|inputs", lstm_cell,
           lambda g, a, c: lstm_backward(g, a, c, old=lstm_cell(a, c)), (2, 12), (2, 3)),
    Broken("lstm: gates in another order", "order|exchang|shift|place|axis", lstm_cell,
           lambda g, a, c: (np.roll(lstm_backward(g, a, c)[0], 3, axis=1), lstm_backward(g, a, c)[1]), (2, 12), (2, 3)),
]  # fmt: skip


def lstm_backward(g, a, c, old=None):
    i, f, o, n = lstm_gates(a)
    old = c if old is None else old
    gates = [g * n * i * (1 - i), g * old * f * (1 - f), 0 * g, g * i * (1 - n * n)]
    return np.concatenate(gates, axis=1), g * f


BROKEN = [
    *ACTIVATIONS, *ARITHMETIC, *REDUCTIONS, *SHAPES, *PRODUCTS, *LOSSES, *NORMALIZATION, *CONVOLUTION, *POOLING, *GRAPHS
]  # fmt: skip
