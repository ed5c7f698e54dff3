"""Pooling: the largest or the mean value in every window.

It is separable: the maximum of a window is the maximum of its rows' maxima, and so for sums. So each is done along the
rows, then down the columns, which takes KH + KW steps in place of KH * KW. How the windows slide is told in windows.py.
"""

from __future__ import annotations

from typing import Any

from minicnn import backend, kernels
from minicnn.arguments import whole_number
from minicnn.backend import Array
from minicnn.function import Function
from minicnn.functional import checks
from minicnn.functional.checks import IntPair
from minicnn.functional.windows import Windows, sliding_max, sliding_max_backward, sliding_sum, sliding_sum_backward
from minicnn.tensor import Tensor


class MaxPool2d(Function):
    """y[n, c, i, j] = the largest x[n, c, i*SH + u - PH, j*SW + v - PW] over u, v; padding counts as minus infinity.

    The gradient goes to where the maximum was, among equals to the first in row order. To find it the maxima are
    compared again with what they were taken from, so forward keeps no indices. (A window of nothing but minus infinity,
    or with a nan, may give its gradient to another place in it, the padding too.)

    x (N, C, H, W) -> y (N, C, OH, OW).
    """

    name = "max_pool2d"

    def __init__(self, kernel_size: IntPair, stride: IntPair | None, padding: IntPair, ceil_mode: bool):
        self.windows = Windows(self.name, kernel_size, stride, padding, ceil_mode)

    def forward(self, x):
        xp, w, (oh, ow) = backend.module_of(x), self.windows, self.windows.fit(x)
        self.x = x
        if kernels.usable(xp):
            return kernels.max_pool(x, w)
        y = xp.empty((*x.shape[:2], oh, ow), x.dtype)
        planes_x, planes_y = planes(x), planes(y)

        def pool(some):
            row_maxima = sliding_max(w.phases(planes_x[some], -xp.inf), w.kernel[1], step=1)
            planes_y[some] = w.kept(sliding_max(row_maxima, w.kernel[0], step=w.phase_size[1]))

        backend.for_each_row_block(pool, planes_x)
        return y

    def backward(self, grad_y):
        xp, w = backend.module_of(grad_y), self.windows
        if kernels.usable(xp):
            return kernels.max_pool_backward(grad_y, self.x, w)
        grad_x = xp.empty(self.x.shape, grad_y.dtype)
        planes_x, planes_grad_y, planes_grad_x = planes(self.x), planes(grad_y), planes(grad_x)

        def pool_back(some):
            phases, down = w.phases(planes_x[some], -xp.inf), w.phase_size[1]
            row_maxima = sliding_max(phases, w.kernel[1], step=1)
            maxima = sliding_max(row_maxima, w.kernel[0], step=down)
            grad_maxima = w.spread(planes_grad_y[some])
            grad_row_maxima = sliding_max_backward(grad_maxima, maxima, row_maxima, w.kernel[0], step=down)
            grad_phases = sliding_max_backward(grad_row_maxima, row_maxima, phases, w.kernel[1], step=1)
            planes_grad_x[some] = w.image(grad_phases)

        backend.for_each_row_block(pool_back, planes_x)
        return grad_x


class AvgPool2d(Function):
    """y[n, c, i, j] = the sum of the window's x / the window's count; padding counts as 0.

    The count is that of the window inside the padded image (count_include_pad) or inside the image. Every x gets from
    each window that it is in the gradient divided by the count.

    x (N, C, H, W) -> y (N, C, OH, OW).
    """

    name = "avg_pool2d"

    def __init__(
        self, kernel_size: IntPair, stride: IntPair | None, padding: IntPair, ceil_mode: bool, count_include_pad: bool
    ):
        self.windows = Windows(self.name, kernel_size, stride, padding, ceil_mode)
        self.count_include_pad = count_include_pad

    def forward(self, x):
        xp, w, (oh, ow) = backend.module_of(x), self.windows, self.windows.fit(x)
        self.x_shape = x.shape
        if kernels.usable(xp):
            return kernels.avg_pool(x, w, self.count_include_pad)
        y = xp.empty((*x.shape[:2], oh, ow), x.dtype)
        planes_x, planes_y, counts = planes(x), planes(y), self._counts(xp, x.dtype)

        def pool(some):
            row_sums = sliding_sum(w.phases(planes_x[some], 0), w.kernel[1], step=1)
            planes_y[some] = w.kept(sliding_sum(row_sums, w.kernel[0], step=w.phase_size[1])) / counts

        backend.for_each_row_block(pool, planes_x)
        return y

    def backward(self, grad_y):
        xp, w = backend.module_of(grad_y), self.windows
        if kernels.usable(xp):
            return kernels.avg_pool_backward(grad_y, self.x_shape, w, self.count_include_pad)
        grad_x = xp.empty(self.x_shape, grad_y.dtype)
        planes_grad_y, planes_grad_x, counts = planes(grad_y), planes(grad_x), self._counts(xp, grad_y.dtype)

        def pool_back(some):
            grad_sums = w.spread(planes_grad_y[some] / counts)
            grad_row_sums = sliding_sum_backward(grad_sums, w.kernel[0], w.stride[0], step=w.phase_size[1])
            planes_grad_x[some] = w.image(sliding_sum_backward(grad_row_sums, w.kernel[1], w.stride[1], step=1))

        backend.for_each_row_block(pool_back, planes_grad_x)
        return grad_x

    def _counts(self, xp, dtype):
        """How many elements each window counts (OH, OW): rows times columns."""
        w, counts = self.windows, []
        for places, n, k, s, p in zip(w.places, w.size, w.kernel, w.stride, w.padding, strict=True):
            start = xp.arange(places) * s - p
            end = xp.minimum(start + k, n + p)
            counts.append(end - start if self.count_include_pad else xp.minimum(end, n) - xp.maximum(start, 0))
        rows, columns = counts
        return (rows[:, None] * columns).astype(dtype)


class AdaptiveAvgPool2d(Function):
    """Means over OH x OW windows that share the image as evenly as whole pixels allow (they may overlap).

    Window i of OH covers the rows floor(i H / OH) to ceil((i + 1) H / OH) - 1, and so for columns. First the mean over
    the rows, then over the columns; each pixel gets 1 / length of the gradient of every window that it is in.

    x (N, C, H, W) -> y (N, C, OH, OW).
    """

    name = "adaptive_avg_pool2d"

    def __init__(self, output_size: Any):
        size = output_size if isinstance(output_size, tuple | list) else (output_size, output_size)
        if len(size) != 2:
            raise TypeError(f"{self.name}: output_size is {output_size!r}, expected an int, None or a pair of them")
        self.output_size = [None if n is None else whole_number(self.name, "output_size", n, minimum=1) for n in size]

    def forward(self, x):
        checks.ndim(self.name, "x", x, 4, "(N, C, H, W)")
        if 0 in x.shape[2:]:
            raise ValueError(f"{self.name}: x has shape {x.shape}, expected at least one pixel")
        xp, self.x_shape = backend.module_of(x), x.shape
        rows, columns = self._windows()
        if kernels.usable(xp):
            return kernels.adaptive_avg_pool(x, (len(rows), len(columns)))
        row_means = xp.empty((*x.shape[:2], len(rows), x.shape[3]), x.dtype)
        for i, (start, end) in enumerate(rows):
            row_means[:, :, i] = x[:, :, start:end].mean(axis=2)
        y = xp.empty((*x.shape[:2], len(rows), len(columns)), x.dtype)
        for j, (start, end) in enumerate(columns):
            y[:, :, :, j] = row_means[:, :, :, start:end].mean(axis=3)
        return y

    def backward(self, grad_y):
        xp, (n, c, _, w) = backend.module_of(grad_y), self.x_shape
        if kernels.usable(xp):
            return kernels.adaptive_avg_pool_backward(grad_y, self.x_shape)
        rows, columns = self._windows()
        grad_row_means = xp.zeros((n, c, len(rows), w), grad_y.dtype)
        for j, (start, end) in enumerate(columns):
            grad_row_means[:, :, :, start:end] += grad_y[:, :, :, j : j + 1] / (end - start)
        grad_x = xp.zeros(self.x_shape, grad_y.dtype)
        for i, (start, end) in enumerate(rows):
            grad_x[:, :, start:end] += grad_row_means[:, :, i : i + 1] / (end - start)
        return grad_x

    def _windows(self):
        """(start, end) of every window along the rows, and along the columns."""
        return [
            [(i * size // count, -(-(i + 1) * size // count)) for i in range(count)]
            for size, count in ((n, o or n) for n, o in zip(self.x_shape[2:], self.output_size, strict=True))
        ]


def planes(x: Array) -> Array:
    """(N, C, H, W) -> (N*C, H, W): pooling treats every channel of every image alike."""
    return x.reshape(-1, *x.shape[2:])


def max_pool2d(
    x: Tensor, kernel_size: IntPair, stride: IntPair | None = None, padding: IntPair = 0, ceil_mode: bool = False
) -> Tensor:
    """The largest value in every window of x (N, C, H, W); stride is kernel_size where it is not given."""
    return MaxPool2d(kernel_size, stride, padding, ceil_mode)(x)


def avg_pool2d(
    x: Tensor,
    kernel_size: IntPair,
    stride: IntPair | None = None,
    padding: IntPair = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Tensor:
    """The mean of every window of x (N, C, H, W); stride is kernel_size where it is not given."""
    return AvgPool2d(kernel_size, stride, padding, ceil_mode, count_include_pad)(x)


def adaptive_avg_pool2d(x: Tensor, output_size: Any) -> Tensor:
    """x (N, C, H, W) averaged to (N, C, *output_size): an int or a pair, where None keeps the size."""
    return AdaptiveAvgPool2d(output_size)(x)
