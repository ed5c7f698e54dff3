"""im2col and col2im: an image's patches written side by side, and their adjoint, patches added back to an image.

The geometry of a sliding window along one axis, which convolution and pooling share: output i looks at the inputs
i*S + u - P for u = 0 ... K-1 (kernel K, stride S, padding P on both ends), as far as these lie inside 0 ... size-1.
"""

from __future__ import annotations

from collections.abc import Iterator

from minicnn import backend, kernels
from minicnn.backend import Array
from minicnn.function import Function
from minicnn.functional import checks
from minicnn.functional.checks import IntPair
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
    """What the kernel sees at every place:  p[n, c, u, v, i, j] = x_padded[n, c, i*SH + u, j*SW + v].

    x (N, C, H, W) -> (N, C, KH, KW, OH, OW), a view: neighboring patches share their pixels, nothing is copied but
    the padding. To be read only.
    """
    xp = backend.module_of(x)
    (kh, kw), (sh, sw), (ph, pw) = kernel, stride, padding
    if ph or pw:
        n, c, h, w = x.shape
        padded = images_last((n, c, h + 2 * ph, w + 2 * pw), x)
        padded[:, :, ph : ph + h, pw : pw + w] = x
        x = padded
    n, c, h, w = x.shape
    shape = (n, c, kh, kw, (h - kh) // sh + 1, (w - kw) // sw + 1)
    step_n, step_c, step_h, step_w = x.strides
    strides = (step_n, step_c, step_h, step_w, step_h * sh, step_w * sw)
    return xp.lib.stride_tricks.as_strided(x, shape, strides)


def add_patches(p: Array, size: tuple[int, int], stride: tuple[int, int], padding: tuple[int, int]) -> Array:
    """The adjoint of `patches`: every entry is added to the pixel that it came from; what came from padding is dropped.

    p (N, C, KH, KW, OH, OW) -> (N, C, H, W) with (H, W) = size.
    """
    n, c, kh, kw, oh, ow = p.shape
    if (kh, kw) == stride == (1, 1) and padding == (0, 0):
        return p[:, :, 0, 0]  # one patch for each pixel: nothing to add, nothing to copy
    if kernels.usable(backend.module_of(p)):
        return kernels.add_patches(p, size, stride, padding)
    x = images_last((n, c, *size), p)
    for u, rows_out, rows_in in overlaps(size[0], kh, stride[0], padding[0], oh):
        for v, columns_out, columns_in in overlaps(size[1], kw, stride[1], padding[1], ow):
            x[:, :, rows_in, columns_in] += p[:, :, u, v, rows_out, columns_out]
    return x


def images_last(shape: tuple[int, int, int, int], like: Array) -> Array:
    """Zeros (N, C, H, W) in memory of (C, H, W, N): the same pixel of all images side by side.

    For many small images that makes the runs which are copied and added long; for one image it changes nothing.
    """
    n, c, h, w = shape
    return backend.module_of(like).zeros((c, h, w, n), like.dtype).transpose(3, 0, 1, 2)


class Im2Col(Function):
    """Each patch under the kernel as a column:  x (N, C, H, W) -> columns (N, C*KH*KW, OH*OW). torch's `unfold`."""

    def __init__(self, kernel_size: IntPair, stride: IntPair, padding: IntPair):
        self.kernel = checks.pair("im2col", "kernel_size", kernel_size, minimum=1)
        self.stride = checks.pair("im2col", "stride", stride, minimum=1)
        self.padding = checks.pair("im2col", "padding", padding)

    def forward(self, x):
        checks.ndim("im2col", "x", x, 4, "(N, C, H, W)")
        n, c, *size = x.shape
        self.size = tuple(size)
        self.places = output_size("im2col", x.shape[2:], self.kernel, self.stride, self.padding)
        rows = c * self.kernel[0] * self.kernel[1]
        return patches(x, self.kernel, self.stride, self.padding).reshape(n, rows, self.places[0] * self.places[1])

    def backward(self, grad_columns):
        n, rows, _ = grad_columns.shape
        p = grad_columns.reshape(n, rows // (self.kernel[0] * self.kernel[1]), *self.kernel, *self.places)
        return add_patches(p, self.size, self.stride, self.padding)


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
        p = columns.reshape(len(columns), columns.shape[1] // (kh * kw), kh, kw, oh, ow)
        return add_patches(p, self.size, self.stride, self.padding)

    def backward(self, grad_x):
        p = patches(grad_x, self.kernel, self.stride, self.padding)
        n, c, kh, kw, oh, ow = p.shape
        return p.reshape(n, c * kh * kw, oh * ow)


def im2col(x: Tensor, kernel_size: IntPair, stride: IntPair = 1, padding: IntPair = 0) -> Tensor:
    """The patches of x (N, C, H, W) as columns (N, C*KH*KW, OH*OW); PyTorch's `unfold`."""
    return Im2Col(kernel_size, stride, padding)(x)


def col2im(
    columns: Tensor, output_size: IntPair, kernel_size: IntPair, stride: IntPair = 1, padding: IntPair = 0
) -> Tensor:
    """Columns (N, C*KH*KW, OH*OW) added back to images (N, C, *output_size); PyTorch's `fold`."""
    return Col2Im(output_size, kernel_size, stride, padding)(columns)
