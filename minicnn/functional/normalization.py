"""Normalization: over a batch (batch norm), or across neighboring channels (local response normalization)."""

from __future__ import annotations

import math
from typing import Any

from minicnn import backend, kernels
from minicnn.arguments import number, whole_number
from minicnn.backend import Array
from minicnn.function import Function
from minicnn.functional import checks
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
        self.x, self.weight = x.reshape(*x.shape[:2], math.prod(x.shape[2:])), weight  # (N, C, L)
        if self.training:
            mean, variance = self._batch_statistics()
        else:
            mean, variance = self.running_mean.copy(), self.running_var
        if kernels.usable(xp):
            self.mean, self.inverse_std = mean, kernels.inverse_std(variance, self.eps)
            return kernels.normalize(self.x, mean, self.inverse_std, weight, bias).reshape(x.shape)
        self.mean, self.inverse_std = mean, 1 / xp.sqrt(variance + self.eps)
        scale = self.inverse_std if weight is None else weight * self.inverse_std
        shift = -mean * scale if bias is None else bias - mean * scale
        y = xp.empty_like(self.x)

        def normalize(images):
            xp.multiply(self.x[images], scale[:, None], out=y[images])
            y[images] += shift[:, None]

        backend.for_each_block(normalize, len(y), xp)
        return y.reshape(x.shape)

    def backward(self, grad_y):
        xp, x_shape = backend.module_of(grad_y), grad_y.shape
        grad_y = grad_y.reshape(self.x.shape)
        if kernels.usable(xp):
            kept = self.x, self.mean, self.inverse_std, self.weight
            grad_x, *others = kernels.normalize_backward(grad_y, *kept, self.training)
            return grad_x.reshape(x_shape), *others
        count = self.x.size // self.x.shape[1]
        scale = self.inverse_std if self.weight is None else self.weight * self.inverse_std

        def sums(images):
            return xp.stack([(grad_y[images] * self._x_hat(images)).sum(axis=(0, 2)), grad_y[images].sum(axis=(0, 2))])

        grad_weight, grad_bias = backend.sum_over_blocks(sums, len(grad_y), xp)
        grad_x = xp.empty_like(self.x)

        def through_x_mean_and_variance(images):
            grad = grad_y[images]
            if self.training:
                mean_grad, mean_grad_x_hat = grad_bias / count, grad_weight / count
                grad = grad - mean_grad[:, None] - self._x_hat(images) * mean_grad_x_hat[:, None]
            xp.multiply(grad, scale[:, None], out=grad_x[images])

        if self.needs_input_grad[0]:
            backend.for_each_block(through_x_mean_and_variance, len(grad_y), xp)
        return grad_x.reshape(x_shape), grad_weight, grad_bias

    def _x_hat(self, images):
        return (self.x[images] - self.mean[:, None]) * self.inverse_std[:, None]

    def _batch_statistics(self):
        x, xp = self.x, backend.module_of(self.x)
        if kernels.usable(xp):
            return kernels.batch_statistics(x, self.running_mean, self.running_var, self.momentum)
        count = x.size // x.shape[1]
        mean = backend.sum_over_blocks(lambda images: x[images].sum(axis=(0, 2)), len(x), xp) / count

        def squares(images):  # of the differences: the difference of squares would lose digits
            return xp.square(x[images] - mean[:, None]).sum(axis=(0, 2))

        variance = backend.sum_over_blocks(squares, len(x), xp) / count
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
        if kernels.usable(xp):
            self.x, (self.y, self.s) = x, kernels.local_response_norm(x, self.size, self.alpha, self.beta, self.k)
            return self.y
        y, s = xp.empty_like(x), xp.empty_like(x)

        def normalize(images):
            s[images] = channel_window_sum(x[images] ** 2, self.size // 2, (self.size - 1) // 2)
            s[images] *= self.alpha / self.size
            s[images] += self.k
            xp.multiply(x[images], s[images] ** -self.beta, out=y[images])

        backend.for_each_block(normalize, len(x), xp)
        self.x, self.y, self.s = x, y, s
        return y

    def backward(self, grad_y):
        xp, x, y, s = backend.module_of(grad_y), self.x, self.y, self.s
        if kernels.usable(xp):
            return kernels.local_response_norm_backward(grad_y, x, y, s, self.size, self.alpha, self.beta)
        grad_x = xp.empty_like(x)

        def gradient(images):
            through_s = grad_y[images] * y[images] / s[images]
            window = channel_window_sum(through_s, (self.size - 1) // 2, self.size // 2)
            grad_x[images] = grad_y[images] * s[images] ** -self.beta
            grad_x[images] -= (2 * self.alpha * self.beta / self.size) * x[images] * window

        backend.for_each_block(gradient, len(x), xp)
        return grad_x


def channel_window_sum(x: Array, before: int, after: int) -> Array:
    """y[:, c] = sum of x[:, c'] for c' from c - before to c + after, as far as there are such channels."""
    y = x.copy()
    for distance in range(1, min(before, x.shape[1] - 1) + 1):
        y[:, distance:] += x[:, :-distance]
    for distance in range(1, min(after, x.shape[1] - 1) + 1):
        y[:, :-distance] += x[:, distance:]
    return y


def batch_norm(
    x: Tensor,
    running_mean: Any,
    running_var: Any,
    weight: Tensor | None,
    bias: Tensor | None,
    training: bool,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """x (N, C, ...) normalized a channel; the running statistics (arrays, Tensors or None) are updated in training."""
    mean, var = (s.data if isinstance(s, Tensor) else s for s in (running_mean, running_var))
    return BatchNorm(mean, var, training, momentum, eps)(x, weight, bias)


def local_response_norm(x: Tensor, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> Tensor:
    """x (N, C, ...) divided by (k + alpha / size * sum of squares over `size` neighboring channels) ** beta."""
    return LocalResponseNorm(size, alpha, beta, k)(x)
