"""Pooling: the largest or the mean value in every window.

Two things make it simple and fast:

- It is separable. The maximum of a window is the maximum of its rows' maxima, and so for sums: KH + KW steps for
  KH * KW.
- In memory, one element on is one pixel to the right, and one row's length on is one pixel down. So with stride 1 all
  windows are taken at once, by comparing the flat array with itself shifted, in long runs that a CPU likes. Windows
  that run over the end of a row are nonsense, and not kept. With stride S, the pixels are first dealt out to S * S
  smaller images (polyphase decomposition), in which the windows are neighbors again.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from minicnn import backend
from minicnn.arguments import whole_number
from minicnn.backend import Array
from minicnn.function import Function
from minicnn.functional import checks
from minicnn.functional.checks import IntPair
from minicnn.functional.im2col import output_size
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
        """Set `places`, (OH, OW), for x (N, C, H, W), and return them."""
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
        # A phase holds the whole image, and reaches as far as the last window; but where that looks past the end of a
        # row it finds the frame at the start of the next, so the frame on the right can be narrower by the left one.
        ends = [o + (k - 1) // s - p // s for o, (_, k, s, p) in zip(self.places, axes, strict=True)]
        sizes = [max(end, -(-(n + p) // s)) for end, (n, _, s, p) in zip(ends, axes, strict=True)]
        self.phase_size = sizes[0], sizes[1]
        return self.places

    def phases(self, planes: Array, fill: float) -> Array:
        """Planes (P, H, W) in a frame of `fill`, dealt out by the stride: -> (SW, SH, P, A, B).

            phases[s, r, p, a, b] = padded[p, a*SH + r, b*SW + s]

        Without a frame and with stride 1 there is one phase, the planes themselves, and nothing is copied.
        """
        if self.stride == (1, 1) and self.phase_size == self.size:
            return planes[None, None]
        sh, sw = self.stride
        phases = backend.module_of(planes).full((sw, sh, len(planes), *self.phase_size), fill, planes.dtype)
        for phase, pixels in self._deal(phases, planes):
            phase[...] = pixels
        return phases

    def image(self, phases: Array) -> Array:
        """The planes (P, H, W) that `phases` dealt out."""
        if self.stride == (1, 1) and self.phase_size == self.size:
            return phases[0, 0]
        planes = backend.module_of(phases).empty((phases.shape[2], *self.size), phases.dtype)
        for phase, pixels in self._deal(phases, planes):
            pixels[...] = phase
        return planes

    def _deal(self, phases: Array, planes: Array) -> Iterator[tuple[Array, Array]]:
        """For every phase, the part that lies inside the image, and the pixels that belong there: two views."""
        (sh, sw), (ph, pw), (h, w) = self.stride, self.padding, self.size
        for r in range(sh):
            for s in range(sw):
                row, column = (r - ph) % sh, (s - pw) % sw  # the first pixel of this phase
                a, b = (row + ph) // sh, (column + pw) // sw  # its place there
                inside = phases[s, r, :, a : a + len(range(row, h, sh)), b : b + len(range(column, w, sw))]
                yield inside, planes[:, row::sh, column::sw]

    def kept(self, everywhere: Array) -> Array:
        """The windows that are no nonsense, a view (P, OH, OW) of (P, A, B)."""
        return everywhere[:, : self.places[0], : self.places[1]]

    def spread(self, planes: Array) -> Array:
        """The adjoint of `kept`: planes (P, OH, OW) at their places among zeros."""
        everywhere = backend.module_of(planes).zeros((len(planes), *self.phase_size), planes.dtype)
        self.kept(everywhere)[...] = planes
        return everywhere


# ---- maximum ------------------------------------------------------------------------------------------------------


class MaxPool2d(Function):
    """y[n, c, i, j] = the largest x[n, c, i*SH + u - PH, j*SW + v - PW] over u, v; padding counts as minus infinity.

    The gradient goes to where the maximum was, among equals to the first in row order. To find it the maxima are
    compared again with what they were taken from, so forward keeps no indices.

    x (N, C, H, W) -> y (N, C, OH, OW).
    """

    name = "max_pool2d"

    def __init__(self, kernel_size: IntPair, stride: IntPair | None, padding: IntPair, ceil_mode: bool):
        self.windows = Windows(self.name, kernel_size, stride, padding, ceil_mode)

    def forward(self, x):
        xp, w, (oh, ow) = backend.module_of(x), self.windows, self.windows.fit(x)
        y = xp.empty((*x.shape[:2], oh, ow), x.dtype)
        planes_x, planes_y = planes(x), planes(y)

        def pool(some):
            row_maxima = sliding_max(w.phases(planes_x[some], -xp.inf), w.kernel[1], step=1)
            planes_y[some] = w.kept(sliding_max(row_maxima, w.kernel[0], step=w.phase_size[1]))

        backend.for_each_row_block(pool, planes_x)
        self.x = x
        return y

    def backward(self, grad_y):
        xp, w = backend.module_of(grad_y), self.windows
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


def sliding_max(x: Array, length: int, step: int) -> Array:
    """y[i] = max over u < length of x[u % S, i + u // S * step], i counting in flat memory; x (S, ...) -> y (...)."""
    y = x[0].copy()
    for u, here, there in shifts(y.size, length, len(x), step):
        flat_y, flat_x = y.reshape(-1), x[u % len(x)].reshape(-1)
        backend.module_of(x).maximum(flat_y[here], flat_x[there], out=flat_y[here])
    return y


def sliding_max_backward(grad_y: Array, y: Array, x: Array, length: int, step: int) -> Array:
    """The gradient of `sliding_max`: grad_y[i] goes to the first x in its window that equals y[i].

    What has found its place is taken away, so that a second equal gets nothing. grad_y is used up.
    """
    grad_x = backend.module_of(x).zeros(x.shape, grad_y.dtype)
    flat_grad_y, flat_y = grad_y.reshape(-1), y.reshape(-1)
    for u, here, there in shifts(y.size, length, len(x), step):
        flat_x, flat_grad_x = x[u % len(x)].reshape(-1), grad_x[u % len(x)].reshape(-1)
        found = flat_grad_y[here] * (flat_x[there] == flat_y[here])
        flat_grad_x[there] += found
        flat_grad_y[here] -= found
    return grad_x


def shifts(size: int, length: int, stride: int, step: int) -> Iterator[tuple[int, slice, slice]]:
    """For every offset u in the window: (u, the windows' places, the pixels that these have at u), in flat memory."""
    for u in range(length):
        shift = u // stride * step
        yield u, slice(0, max(0, size - shift)), slice(shift, size)


# ---- mean ---------------------------------------------------------------------------------------------------------


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
        y = xp.empty((*x.shape[:2], oh, ow), x.dtype)
        planes_x, planes_y, counts = planes(x), planes(y), self._counts(xp, x.dtype)

        def pool(some):
            row_sums = sliding_sum(w.phases(planes_x[some], 0), w.kernel[1], step=1)
            planes_y[some] = w.kept(sliding_sum(row_sums, w.kernel[0], step=w.phase_size[1])) / counts

        backend.for_each_row_block(pool, planes_x)
        self.x_shape = x.shape
        return y

    def backward(self, grad_y):
        xp, w = backend.module_of(grad_y), self.windows
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
        w = self.windows
        rows, columns = (
            [self._count(i * s - p, k, n, p) for i in range(places)]
            for places, n, k, s, p in zip(w.places, w.size, w.kernel, w.stride, w.padding, strict=True)
        )
        return xp.asarray(rows, dtype)[:, None] * xp.asarray(columns, dtype)

    def _count(self, start, kernel, size, padding):
        end = min(start + kernel, size + padding)
        return end - start if self.count_include_pad else min(end, size) - max(start, 0)


def sliding_sum(x: Array, length: int, step: int) -> Array:
    """y[i] = sum over u < length of x[u % S, i + u // S * step], i counting in flat memory; x (S, ...) -> y (...)."""
    y = backend.module_of(x).zeros(x.shape[1:], x.dtype)
    for u, here, there in shifts(y.size, length, len(x), step):
        y.reshape(-1)[here] += x[u % len(x)].reshape(-1)[there]
    return y


def sliding_sum_backward(grad_y: Array, length: int, stride: int, step: int) -> Array:
    """The gradient of `sliding_sum`: grad_y[i] goes to all x in its window. grad_y (...) -> grad_x (stride, ...)."""
    grad_x = backend.module_of(grad_y).zeros((stride, *grad_y.shape), grad_y.dtype)
    for u, here, there in shifts(grad_y.size, length, stride, step):
        grad_x[u % stride].reshape(-1)[there] += grad_y.reshape(-1)[here]
    return grad_x


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
        row_means = xp.empty((*x.shape[:2], len(rows), x.shape[3]), x.dtype)
        for i, (start, end) in enumerate(rows):
            row_means[:, :, i] = x[:, :, start:end].mean(axis=2)
        y = xp.empty((*x.shape[:2], len(rows), len(columns)), x.dtype)
        for j, (start, end) in enumerate(columns):
            y[:, :, :, j] = row_means[:, :, :, start:end].mean(axis=3)
        return y

    def backward(self, grad_y):
        xp, (n, c, _, w) = backend.module_of(grad_y), self.x_shape
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


# ---- the functions ------------------------------------------------------------------------------------------------


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
