"""Pooling: the largest or the mean value in every window.

It is separable: the maximum of a window is the maximum of its columns' maxima, or of its rows', and so for sums. So it
is done along one axis, then along the other, which takes KH + KW steps in place of KH * KW.

Images are worked on as (N, H, W, C), with the channels last in memory (layout.py). For one offset in the windows, the
pixels that all windows have there are a slice of the image, and the windows a slice of the result; what lies in the
padding is in none of these slices.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minicnn import backend
from minicnn.arguments import whole_number
from minicnn.backend import Array, kernels
from minicnn.function import Function
from minicnn.functional import checks
from minicnn.functional.checks import IntPair
from minicnn.functional.im2col import output_size, overlaps
from minicnn.functional.layout import channels_last, channels_second
from minicnn.tensor import Tensor


class Windows:
    """Where a pooling window of `kernel` with `stride` and `padding` stands in an image.

    Floor mode: as for a convolution. Ceil mode: one window more where a part of the image would be left out, unless
    that window would start in the padding on the right (PyTorch's rule; Caffe's too).
    Raises ValueError where there is no place for a window, or padding is more than half of the kernel.
    """

    def __init__(self, operation: str, kernel_size: IntPair, stride: IntPair | None, padding: IntPair, ceil_mode: bool):
        self.operation, self.ceil_mode = operation, ceil_mode
        self.kernel = checks.pair(operation, "kernel_size", kernel_size, minimum=1)
        self.stride = self.kernel if stride is None else checks.pair(operation, "stride", stride, minimum=1)
        self.padding = checks.pair(operation, "padding", padding)
        if any(2 * p > k for p, k in zip(self.padding, self.kernel, strict=True)):
            raise ValueError(f"{operation}: padding is {padding}, expected at most half of kernel_size {self.kernel}")

    def fit(self, x: Array) -> tuple[int, int]:
        """Set `places`, (OH, OW), `rows` and `columns` for x (N, C, H, W), and return the places.

        `rows` has two slices for every offset along the rows: of (N, OH, ...), the windows that have a row of the image
        there, and of (N, H, ...), these rows. `columns` has the same along the axis that follows.
        """
        checks.ndim(self.operation, "x", x, 4, "(N, C, H, W)")
        self.size = x.shape[2:]
        axes = list(zip(self.size, self.kernel, self.stride, self.padding, strict=True))
        if self.ceil_mode:
            places = [-(-(n + 2 * p - k) // s) + 1 for n, k, s, p in axes]  # rounded up
            places = [o - 1 if (o - 1) * s >= n + p else o for o, (n, _, s, p) in zip(places, axes, strict=True)]
            if min(places) < 1:
                raise ValueError(f"{self.operation}: kernel_size {self.kernel} has no place in the image {self.size}")
            self.places = places[0], places[1]
        else:
            self.places = output_size(self.operation, self.size, self.kernel, self.stride, self.padding)
        (h, w), every = axes, slice(None)
        self.rows = [((every, i), (every, row)) for _, i, row in overlaps(*h, self.places[0])]
        self.columns = [((every, every, j), (every, every, column)) for _, j, column in overlaps(*w, self.places[1])]
        return self.places


class MaxPool2d(Function):
    """y[n, c, i, j] = the largest x[n, c, i*SH + u - PH, j*SW + v - PW] over u, v; the padding never counts.

    The gradient goes to where the maximum was, among equals to the first in row order. To find it the maxima are
    compared again with what they were taken from: those of the window with those of its rows, these with the pixels.
    So there are no indices to keep. (A window with a nan may give its gradient to another place in it, or to none.)

    x (N, C, H, W) -> y (N, C, OH, OW).
    """

    name = "max_pool2d"

    def __init__(self, kernel_size: IntPair, stride: IntPair | None, padding: IntPair, ceil_mode: bool):
        self.windows = Windows(self.name, kernel_size, stride, padding, ceil_mode)

    def forward(self, x):
        xp, w, (oh, ow) = backend.module_of(x), self.windows, self.windows.fit(x)
        self.x = x
        if kernels.usable(xp):
            self.y = kernels.max_pool(x, w)
            return self.y
        x = channels_last(x)
        y = xp.empty((len(x), oh, ow, x.shape[3]), x.dtype)

        def pool(part):
            some_x = x[part]
            column_maxima = xp.empty((len(some_x), oh, *some_x.shape[2:]), x.dtype)
            slide_max(some_x, column_maxima, w.rows)
            slide_max(column_maxima, y[part], w.columns)

        for_each_part(pool, x)
        self.y = channels_second(y)
        return self.y

    def backward(self, grad_y):
        xp, w = backend.module_of(grad_y), self.windows
        if kernels.usable(xp):
            return kernels.max_pool_backward(grad_y, self.x, self.y, w)
        x, y, grad_y = channels_last(self.x), channels_last(self.y), channels_last(grad_y)
        grad_x = xp.empty(x.shape, x.dtype)

        def pool_back(part):
            some_x, some_y, some_grad_x = x[part], y[part], grad_x[part]
            row_maxima = xp.empty((*some_x.shape[:2], *some_y.shape[2:]), x.dtype)
            slide_max(some_x, row_maxima, w.columns)
            grad_row_maxima = xp.zeros_like(row_maxima)
            slide_max_backward(grad_y[part].copy(), some_y, grad_row_maxima, row_maxima, w.rows)
            some_grad_x[...] = 0
            slide_max_backward(grad_row_maxima, row_maxima, some_grad_x, some_x, w.columns)

        for_each_part(pool_back, x)
        return channels_second(grad_x)


def slide_max(x: Array, y: Array, offsets: list[tuple[Any, Any]]) -> None:
    """y = the largest x at any of the offsets along one axis (`Windows.rows` or `columns`)."""
    xp = backend.module_of(x)
    y[...] = -xp.inf
    for windows, pixels in offsets:
        xp.maximum(y[windows], x[pixels], out=y[windows])


def slide_max_backward(grad_y: Array, y: Array, grad_x: Array, x: Array, offsets: list[tuple[Any, Any]]) -> None:
    """The gradient of `slide_max`: each grad_y is added to the grad_x of the first x in its window that equals y.

    What has found its place is taken away, so that a second equal gets nothing; what is left in the end belongs to the
    last, without a comparison. grad_y is used up.
    """
    *others, (windows_of_last, last_pixels) = offsets
    for windows, pixels in others:
        found = grad_y[windows] * (x[pixels] == y[windows])
        grad_x[pixels] += found
        grad_y[windows] -= found
    grad_x[last_pixels] += grad_y[windows_of_last]


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
        x, counts = channels_last(x), self._counts(xp, x.dtype)
        y = xp.empty((len(x), oh, ow, x.shape[3]), x.dtype)

        def pool(part):
            some_x, some_y = x[part], y[part]
            column_sums = xp.zeros((len(some_x), oh, *some_x.shape[2:]), x.dtype)
            for windows, pixels in w.rows:
                column_sums[windows] += some_x[pixels]
            some_y[...] = 0
            for windows, pixels in w.columns:
                some_y[windows] += column_sums[pixels]
            some_y /= counts

        for_each_part(pool, x)
        return channels_second(y)

    def backward(self, grad_y):
        xp, w, (n, c, *size) = backend.module_of(grad_y), self.windows, self.x_shape
        if kernels.usable(xp):
            return kernels.avg_pool_backward(grad_y, self.x_shape, w, self.count_include_pad)
        grad_y, counts = channels_last(grad_y), self._counts(xp, grad_y.dtype)
        grad_x = xp.empty((n, *size, c), grad_y.dtype)

        def pool_back(part):
            some_grad_x, shares = grad_x[part], grad_y[part] / counts
            grad_column_sums = xp.zeros((*shares.shape[:2], *some_grad_x.shape[2:]), shares.dtype)
            for windows, pixels in w.columns:
                grad_column_sums[pixels] += shares[windows]
            some_grad_x[...] = 0
            for windows, pixels in w.rows:
                some_grad_x[pixels] += grad_column_sums[windows]

        for_each_part(pool_back, grad_x)
        return channels_second(grad_x)

    def _counts(self, xp, dtype):
        """How many elements each window counts, (OH, OW, 1): rows times columns."""
        w, counts = self.windows, []
        for places, n, k, s, p in zip(w.places, w.size, w.kernel, w.stride, w.padding, strict=True):
            start = xp.arange(places) * s - p
            end = xp.minimum(start + k, n + p)
            counts.append(end - start if self.count_include_pad else xp.minimum(end, n) - xp.maximum(start, 0))
        rows, columns = counts
        return (rows[:, None, None] * columns[:, None]).astype(dtype)


class AdaptiveAvgPool2d(Function):
    """Means over OH x OW windows that share the image as evenly as whole pixels allow (they may overlap).

    Window i of OH covers the rows floor(i H / OH) to ceil((i + 1) H / OH) - 1, and so for columns. First the mean over
    the rows, then over the columns; each pixel gets 1 / length of the gradient of every window that it is in.

    x (N, C, H, W) -> y (N, C, OH, OW).
    """

    name = "adaptive_avg_pool2d"

    def __init__(self, output_size: Any):
        self.output_size = output_pair(self.name, output_size)

    def forward(self, x):
        checks.ndim(self.name, "x", x, 4, "(N, C, H, W)")
        if 0 in x.shape[2:]:
            raise ValueError(f"{self.name}: x has shape {x.shape}, expected at least one pixel")
        xp, self.x_shape = backend.module_of(x), x.shape
        rows, columns = self._windows()
        if kernels.usable(xp):
            return kernels.adaptive_avg_pool(x, (len(rows), len(columns)))
        x = channels_last(x)
        n, _, w, c = x.shape
        row_means = xp.empty((n, len(rows), w, c), x.dtype)
        for i, (start, end) in enumerate(rows):
            row_means[:, i] = x[:, start:end].mean(axis=1)
        y = xp.empty((n, len(rows), len(columns), c), x.dtype)
        for j, (start, end) in enumerate(columns):
            y[:, :, j] = row_means[:, :, start:end].mean(axis=2)
        return channels_second(y)

    def backward(self, grad_y):
        xp, (n, c, h, w) = backend.module_of(grad_y), self.x_shape
        if kernels.usable(xp):
            return kernels.adaptive_avg_pool_backward(grad_y, self.x_shape)
        grad_y = channels_last(grad_y)
        rows, columns = self._windows()
        grad_row_means = xp.zeros((n, len(rows), w, c), grad_y.dtype)
        for j, (start, end) in enumerate(columns):
            grad_row_means[:, :, start:end] += grad_y[:, :, j : j + 1] / (end - start)
        grad_x = xp.zeros((n, h, w, c), grad_y.dtype)
        for i, (start, end) in enumerate(rows):
            grad_x[:, start:end] += grad_row_means[:, i : i + 1] / (end - start)
        return channels_second(grad_x)

    def _windows(self):
        """(start, end) of every window along the rows, and along the columns."""
        return [
            [(i * size // count, -(-(i + 1) * size // count)) for i in range(count)]
            for size, count in ((n, o or n) for n, o in zip(self.x_shape[2:], self.output_size, strict=True))
        ]


def output_pair(operation: str, output_size: Any) -> list[int | None]:
    """The output size as (rows, columns), of which either may be None; ValueError or TypeError for anything else."""
    size = output_size if isinstance(output_size, tuple | list) else (output_size, output_size)
    if len(size) != 2:
        raise TypeError(f"{operation}: output_size is {output_size!r}, expected an int, None or a pair of them")
    return [None if n is None else whole_number(operation, "output_size", n, minimum=1) for n in size]


def for_each_part(work: Callable[[Any], Any], x: Array) -> None:
    """Call `work(part)` for parts of x (N, H, W, C): as many images as fit in the cache; of a single one, channels."""
    if len(x) == 1 and x.nbytes >= backend.blocks.CACHE_BYTES // 4:
        channels = x.shape[3]
        backend.for_each_block(lambda some: work((..., some)), channels, backend.module_of(x), size=channels)
    else:
        backend.for_each_row_block(work, x)


def max_pool2d(
    x: Tensor, kernel_size: IntPair, stride: IntPair | None = None, padding: IntPair = 0, *, ceil_mode: bool = False
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
