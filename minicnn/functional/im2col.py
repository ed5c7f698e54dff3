"""im2col and col2im: an image's patches written side by side, and their adjoint, patches added back to an image.

The geometry of a sliding window along one axis, which convolution and pooling share: output i looks at the inputs
i*S + u - P for u = 0 ... K-1 (kernel K, stride S, padding P on both ends), as far as these lie inside 0 ... size-1.
"""

from __future__ import annotations

from collections.abc import Iterator

from minicnn import backend
from minicnn.backend import Array, kernels
from minicnn.function import Function
from minicnn.functional import checks
from minicnn.functional.checks import IntPair
from minicnn.functional.layout import channels_last, channels_second
from minicnn.tensor import Tensor


def output_size(
    operation: str, size: tuple[int, int], kernel: tuple[int, int], stride: tuple[int, int], padding: tuple[int, int]
) -> tuple[int, int]:
    """How many places a window has along each axis:  (size + 2 P - K) // S + 1.

    Raises ValueError where the kernel is larger than the padded image.
    """
    places = [(n + 2 * p - k) // s + 1 for n, k, s, p in zip(size, kernel, stride, padding, strict=True)]
    if min(places) < 1:
        raise ValueError(f"{operation}: kernel_size {kernel} is larger than the image {size} with padding {padding}")
    return places[0], places[1]


def overlaps(size: int, kernel: int, stride: int, padding: int, places: int) -> Iterator[tuple[int, slice, slice]]:
    """For each offset u in the window: the outputs i for which i*S + u - P is inside the image, and those inputs.

    Yields (u, slice of outputs, slice of inputs). An operation that walks these never needs to build the padding.
    """
    for u in range(kernel):
        first = max(0, -(-(padding - u) // stride))  # rounded up
        last = min(places - 1, (size - 1 + padding - u) // stride)  # rounded down
        if first <= last:
            start = first * stride + u - padding
            yield u, slice(first, last + 1), slice(start, start + (last - first) * stride + 1, stride)


def patches(x: Array, kernel: tuple[int, int], stride: tuple[int, int], padding: tuple[int, int]) -> Array:
    """What the kernel sees at every place:  p[n, i, j, u, v, c] = x_padded[n, i*SH + u, j*SW + v, c].

    x (N, H, W, C) -> (N, OH, OW, KH, KW, C), a view: neighboring patches share their pixels, nothing is copied but
    the padding. To be read only.
    """
    xp = backend.module_of(x)
    (kh, kw), (sh, sw), (ph, pw) = kernel, stride, padding
    if ph or pw:
        n, h, w, c = x.shape
        padded = xp.zeros((n, h + 2 * ph, w + 2 * pw, c), x.dtype)
        padded[:, ph : ph + h, pw : pw + w] = x
        x = padded
    n, h, w, c = x.shape
    shape = (n, (h - kh) // sh + 1, (w - kw) // sw + 1, kh, kw, c)
    step_n, step_h, step_w, step_c = x.strides
    strides = (step_n, step_h * sh, step_w * sw, step_h, step_w, step_c)
    return xp.lib.stride_tricks.as_strided(x, shape, strides)


def add_patches(p: Array, size: tuple[int, int], stride: tuple[int, int], padding: tuple[int, int]) -> Array:
    """The adjoint of `patches`: every entry is added to the pixel that it came from; what came from padding is dropped.

    p (N, OH, OW, KH, KW, C) -> (N, H, W, C) with (H, W) = size. First each row of a patch goes to its row of the
    image, then each pixel of it to its column: KH + KW additions of arrays in place of KH * KW, most in longer runs.
    """
    n, oh, ow, kh, kw, c = p.shape
    if kernels.usable(backend.module_of(p)):
        return kernels.add_patches(p, size, stride, padding)
    xp = backend.module_of(p)
    rows = xp.zeros((n, size[0], ow, kw, c), p.dtype)
    for u, rows_out, rows_in in overlaps(size[0], kh, stride[0], padding[0], oh):
        rows[:, rows_in] += p[:, rows_out, :, u]
    x = xp.zeros((n, *size, c), p.dtype)
    for v, columns_out, columns_in in overlaps(size[1], kw, stride[1], padding[1], ow):
        x[:, :, columns_in] += rows[:, :, columns_out, v]
    return x


class Im2Col(Function):
    """Each patch under the kernel as a column:  x (N, C, H, W) -> columns (N, C*KH*KW, OH*OW). torch's `unfold`."""

    def __init__(self, kernel_size: IntPair, stride: IntPair, padding: IntPair):
        self.kernel = checks.pair("im2col", "kernel_size", kernel_size, minimum=1)
        self.stride = checks.pair("im2col", "stride", stride, minimum=1)
        self.padding = checks.pair("im2col", "padding", padding)

    def forward(self, x):
        checks.ndim("im2col", "x", x, 4, "(N, C, H, W)")
        self.size = x.shape[2:]
        self.places = output_size("im2col", self.size, self.kernel, self.stride, self.padding)
        return as_columns(patches(channels_last(x), self.kernel, self.stride, self.padding))

    def backward(self, grad_columns):
        p = from_columns(grad_columns, self.places, self.kernel)
        return channels_second(add_patches(p, self.size, self.stride, self.padding))


class Col2Im(Function):
    """Columns added back to an image:  columns (N, C*KH*KW, OH*OW) -> x (N, C, H, W). torch's `fold`.

    The adjoint of im2col, so each is the other's backward: for all x and c, the dot products <im2col(x), c> and
    <x, col2im(c)> are equal.
    """

    def __init__(self, output_size: IntPair, kernel_size: IntPair, stride: IntPair, padding: IntPair):
        self.size = checks.pair("col2im", "output_size", output_size, minimum=1)
        self.kernel = checks.pair("col2im", "kernel_size", kernel_size, minimum=1)
        self.stride = checks.pair("col2im", "stride", stride, minimum=1)
        self.padding = checks.pair("col2im", "padding", padding)

    def forward(self, columns):
        checks.ndim("col2im", "columns", columns, 3, "(N, C*KH*KW, OH*OW)")
        oh, ow = output_size("col2im", self.size, self.kernel, self.stride, self.padding)
        kh, kw = self.kernel
        if columns.shape[1] % (kh * kw) or columns.shape[2] != oh * ow:
            raise ValueError(
                f"col2im: columns has shape {columns.shape}, expected (N, a multiple of {kh * kw}, {oh * ow})"
            )
        p = from_columns(columns, (oh, ow), self.kernel)
        return channels_second(add_patches(p, self.size, self.stride, self.padding))

    def backward(self, grad_x):
        return as_columns(patches(channels_last(grad_x), self.kernel, self.stride, self.padding))


def as_columns(p: Array) -> Array:
    """Patches (N, OH, OW, KH, KW, C) -> columns (N, C*KH*KW, OH*OW), a copy."""
    n, oh, ow, kh, kw, c = p.shape
    return p.transpose(0, 5, 3, 4, 1, 2).reshape(n, c * kh * kw, oh * ow)


def from_columns(columns: Array, places: tuple[int, int], kernel: tuple[int, int]) -> Array:
    """Columns (N, C*KH*KW, OH*OW) -> patches (N, OH, OW, KH, KW, C), a view."""
    channels = columns.shape[1] // (kernel[0] * kernel[1])
    return columns.reshape(len(columns), channels, *kernel, *places).transpose(0, 4, 5, 2, 3, 1)


def im2col(x: Tensor, kernel_size: IntPair, stride: IntPair = 1, padding: IntPair = 0) -> Tensor:
    """The patches of x (N, C, H, W) as columns (N, C*KH*KW, OH*OW); PyTorch's `unfold`."""
    return Im2Col(kernel_size, stride, padding)(x)


def col2im(
    columns: Tensor, output_size: IntPair, kernel_size: IntPair, stride: IntPair = 1, padding: IntPair = 0
) -> Tensor:
    """Columns (N, C*KH*KW, OH*OW) added back to images (N, C, *output_size); PyTorch's `fold`."""
    return Col2Im(output_size, kernel_size, stride, padding)(columns)
