"""Normalization: over a batch (batch norm), or across neighboring channels (local response normalization)."""

from __future__ import annotations

import math
from typing import Any

from minicnn import backend
from minicnn.arguments import number, whole_number
from minicnn.backend import Array, kernels
from minicnn.function import Function
from minicnn.functional import checks
from minicnn.functional.layout import channels_last, channels_second
from minicnn.tensor import Tensor


class BatchNorm(Function):
    """Give every channel mean 0 and variance 1 over the batch, then a scale and a shift of its own.

        x_hat = (x - mean) / sqrt(variance + eps),   y = weight x_hat + bias

    In training, mean and variance are those of this batch (over N and all pixels, the variance divided by the count m),
    so x acts on y in three ways: itself, through the mean, through the variance. All three together give

        grad_x = weight / sqrt(variance + eps) * (grad_y - mean(grad_y) - x_hat mean(grad_y x_hat))

    In evaluation they are the running statistics, constants, and only the first term is left.

        grad_weight = sum of grad_y x_hat,   grad_bias = sum of grad_y

    x (N, C, ...), weight, bias, running_mean, running_var (C,). Running statistics are updated in training:
    running = (1 - momentum) running + momentum current, with the variance divided by m - 1.
    Source: Ioffe, Szegedy, "Batch Normalization", arXiv 1502.03167, Algorithm 1.
    """

    name = "batch_norm"

    def __init__(self, running_mean: Array, running_var: Array, training: bool, momentum: float, eps: float):
        self.running_mean, self.running_var = running_mean, running_var
        self.training = training
        self.momentum = number("batch_norm", "momentum", momentum)
        self.eps = number("batch_norm", "eps", eps)

    def forward(self, x, weight=None, bias=None):
        xp = backend.module_of(x)
        self._check(x, weight, bias)
        self.x, self.weight = as_pixels(x), weight
        if self.training:
            mean, variance = self._batch_statistics()
        else:
            mean, variance = self.running_mean.copy(), self.running_var
        if kernels.usable(xp):
            self.mean, self.inverse_std = mean, kernels.inverse_std(variance, self.eps)
            return as_images(kernels.normalize(self.x, mean, self.inverse_std, weight, bias), x.shape)
        self.mean, self.inverse_std = mean, 1 / xp.sqrt(variance + self.eps)
        scale = self.inverse_std if weight is None else weight * self.inverse_std
        shift = -mean * scale if bias is None else bias - mean * scale
        y = xp.empty_like(self.x)

        def normalize(pixels):
            xp.multiply(self.x[pixels], scale, out=y[pixels])
            y[pixels] += shift

        backend.for_each_row_block(normalize, y)
        return as_images(y, x.shape)

    def backward(self, grad_y):
        xp, x, x_shape = backend.module_of(grad_y), self.x, grad_y.shape
        grad_y = as_pixels(grad_y)
        if kernels.usable(xp):
            kept = x, self.mean, self.inverse_std, self.weight
            grad_x, *others = kernels.normalize_backward(grad_y, *kept, self.training)
            return as_images(grad_x, x_shape), *others

        def sums(pixels):
            product = x[pixels] - self.mean
            product *= grad_y[pixels]
            return xp.stack([channel_sums(product), channel_sums(grad_y[pixels])])

        grad_weight, grad_bias = backend.sum_over_blocks(sums, len(x), xp, pixels_per_block(x))
        grad_weight *= self.inverse_std
        scale = self.inverse_std if self.weight is None else self.weight * self.inverse_std
        share = 1 / len(x) if self.training else 0  # of one pixel in a channel's mean; in evaluation that is a constant
        slope = share * grad_weight * self.inverse_std  # mean(grad_y) + x_hat mean(grad_y x_hat) = slope x + intercept
        intercept = share * grad_bias - self.mean * slope
        grad_x = xp.empty_like(x)

        def through_x_mean_and_variance(pixels):
            grad = xp.multiply(x[pixels], slope, out=grad_x[pixels])
            grad += intercept
            xp.subtract(grad_y[pixels], grad, out=grad)
            grad *= scale

        if self.needs_input_grad[0]:
            backend.for_each_row_block(through_x_mean_and_variance, x)
        return as_images(grad_x, x_shape), grad_weight, grad_bias

    def _batch_statistics(self):
        x, xp, count = self.x, backend.module_of(self.x), len(self.x)
        if kernels.usable(xp):
            return kernels.batch_statistics(x, self.running_mean, self.running_var, self.momentum)
        mean = backend.sum_over_blocks(lambda pixels: channel_sums(x[pixels]), count, xp, pixels_per_block(x)) / count

        def squares(pixels):  # of the differences: the difference of squares would lose digits
            difference = x[pixels] - mean
            difference *= difference
            return channel_sums(difference)

        variance = backend.sum_over_blocks(squares, count, xp, pixels_per_block(x)) / count
        if self.running_mean is not None:
            self.running_mean *= 1 - self.momentum
            self.running_mean += self.momentum * mean
        if self.running_var is not None:
            self.running_var *= 1 - self.momentum
            self.running_var += self.momentum * (count / (count - 1)) * variance
        return mean, variance

    def _check(self, x, weight, bias):
        if x.ndim < 2:
            raise ValueError(f"batch_norm: x has shape {x.shape}, expected (N, C, ...)")
        channels = (x.shape[1],)
        per_channel = {
            "weight": weight, "bias": bias, "running_mean": self.running_mean, "running_var": self.running_var
        }  # fmt: skip
        for argument, array in per_channel.items():
            checks.like("batch_norm", argument, array, x)
            checks.shape("batch_norm", argument, array, channels)
        if self.training and x.size // max(1, x.shape[1]) < 2:
            raise ValueError(f"batch_norm: x has shape {x.shape}, expected more than one value a channel in training")
        if not self.training and (self.running_mean is None or self.running_var is None):
            raise ValueError("batch_norm: running_mean or running_var is None, expected both where training=False")


class LocalResponseNorm(Function):
    """Divide every activation by a power of the activity of the channels around it.

        s[c] = k + alpha / size * sum of x[c']^2 over the channels c' from c - size // 2 to c + (size - 1) // 2
        y = x s^-beta

    x[c] acts on y[c] directly, and through s on all y whose window holds c. That is the window seen from the other
    side: from c - (size - 1) // 2 to c + size // 2.

        grad_x = grad_y s^-beta - 2 alpha beta / size * x * (sum of grad_y x s^(-beta-1) over that mirrored window)

    x (N, C, ...) -> y of the same shape. alpha is divided by size, as in Caffe and PyTorch (not in the paper).
    Source: Krizhevsky, Sutskever, Hinton, "ImageNet Classification with Deep CNNs", 2012, section 3.3.
    """

    name = "local_response_norm"

    def __init__(self, size: int, alpha: float, beta: float, k: float):
        self.size = whole_number(self.name, "size", size, minimum=1)
        self.alpha = number(self.name, "alpha", alpha, minimum=-math.inf)
        self.beta = number(self.name, "beta", beta, minimum=-math.inf)
        self.k = number(self.name, "k", k, minimum=-math.inf)

    def forward(self, x):
        xp = backend.module_of(x)
        if x.ndim < 3:
            raise ValueError(f"local_response_norm: x has shape {x.shape}, expected (N, C, ...) with at least 3 axes")
        self.x = as_pixels(x)
        if kernels.usable(xp):
            self.y, self.s = kernels.local_response_norm(self.x, self.size, self.alpha, self.beta, self.k)
            return as_images(self.y, x.shape)
        y, s = xp.empty_like(self.x), xp.empty_like(self.x)

        def normalize(pixels):
            s[pixels] = channel_window_sum(self.x[pixels] ** 2, self.size // 2, (self.size - 1) // 2)
            s[pixels] *= self.alpha / self.size
            s[pixels] += self.k
            xp.multiply(self.x[pixels], s[pixels] ** -self.beta, out=y[pixels])

        backend.for_each_row_block(normalize, y)
        self.y, self.s = y, s
        return as_images(y, x.shape)

    def backward(self, grad_y):
        xp, x, y, s, x_shape = backend.module_of(grad_y), self.x, self.y, self.s, grad_y.shape
        grad_y = as_pixels(grad_y)
        if kernels.usable(xp):
            grad_x = kernels.local_response_norm_backward(grad_y, x, y, s, self.size, self.alpha, self.beta)
            return as_images(grad_x, x_shape)
        grad_x = xp.empty_like(x)

        def gradient(pixels):
            through_s = grad_y[pixels] * y[pixels] / s[pixels]
            window = channel_window_sum(through_s, (self.size - 1) // 2, self.size // 2)
            grad_x[pixels] = grad_y[pixels] * s[pixels] ** -self.beta
            grad_x[pixels] -= (2 * self.alpha * self.beta / self.size) * x[pixels] * window

        backend.for_each_row_block(gradient, x)
        return as_images(grad_x, x_shape)


def as_pixels(x: Array) -> Array:
    """x (N, C, ...) -> (N * pixels, C): one row for each pixel, in memory too."""
    x = channels_last(x)
    return x.reshape(math.prod(x.shape[:-1]), x.shape[-1])


def as_images(rows: Array, shape: tuple[int, ...]) -> Array:
    """The way back: rows (N * pixels, C) -> shape (N, C, ...), a view."""
    n, channels, *size = shape
    return channels_second(rows.reshape(n, *size, channels))


def pixels_per_block(x: Array) -> int:
    """How many rows of x (N * pixels, C) stay in the cache."""
    return backend.items_per_block(x.shape[1] * x.itemsize)


def channel_sums(x: Array) -> Array:
    """x (pixels, C) -> (C,), as a product with a row of ones: BLAS takes a fraction of the time that x.sum(0) takes."""
    return backend.module_of(x).ones(len(x), x.dtype) @ x


def channel_window_sum(x: Array, before: int, after: int) -> Array:
    """y[:, c] = sum of x[:, c'] for c' from c - before to c + after; zero where there is no such channel. x (pixels, C)

    With those zeros written down beside the channels of each pixel, the sum is one of all of memory with itself,
    shifted again and again: long loops, where those over the few channels of every row would be short.
    """
    pixels, channels = x.shape
    before, after = min(before, channels), min(after, channels)
    width = before + channels + after
    rows = backend.module_of(x).zeros((pixels + 1, width), x.dtype)  # and one of zeros, for what is shifted in
    rows[:pixels, before : before + channels] = x
    flat = rows.reshape(-1)
    y = flat[:-width].copy()
    for shift in range(1, before + after + 1):
        y += flat[shift : shift - width]
    return y.reshape(pixels, width)[:, :channels]


def batch_norm(
    x: Tensor,
    running_mean: Any,
    running_var: Any,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """x (N, C, ...) normalized a channel; the running statistics (arrays, Tensors or None) are updated in training."""
    mean, var = (s.data if isinstance(s, Tensor) else s for s in (running_mean, running_var))
    return BatchNorm(mean, var, training, momentum, eps)(x, weight, bias)


def local_response_norm(x: Tensor, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> Tensor:
    """x (N, C, ...) divided by (k + alpha / size * sum of squares over `size` neighboring channels) ** beta."""
    return LocalResponseNorm(size, alpha, beta, k)(x)
