"""Sliding windows for pooling, in flat memory.

In memory, one element on is one pixel to the right, and one row's length on is one pixel down. So with stride 1 all
windows are taken at once, by comparing the flat array with itself shifted, in long runs that a CPU likes; slices of
single rows would be several times slower. Windows that run over the end of a row are nonsense, and not kept.

With stride S, the pixels are first dealt out to S * S smaller images (polyphase decomposition), in which the windows
are neighbors again; for stride 2, four of them:

    a b a b
    c d c d   ->   a a   b b   c c   d d
    a b a b        a a   b b   c c   d d
    c d c d
"""

from __future__ import annotations

from collections.abc import Iterator

from minicnn import backend
from minicnn.backend import Array
from minicnn.functional import checks
from minicnn.functional.checks import IntPair
from minicnn.functional.im2col import output_size


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


def shifts(size: int, length: int, stride: int, step: int) -> Iterator[tuple[int, slice, slice]]:
    """For every offset u in the window: (u, the windows' places, the pixels that these have at u), in flat memory."""
    for u in range(length):
        shift = u // stride * step
        yield u, slice(0, max(0, size - shift)), slice(shift, size)


def sliding_max(x: Array, length: int, step: int) -> Array:
    """y[i] = max over u < length of x[u % S, i + u // S * step], i counting in flat memory; x (S, ...) -> y (...)."""
    y = x[0].copy()
    for u, here, there in shifts(y.size, length, len(x), step):
        flat_y, flat_x = y.reshape(-1), x[u % len(x)].reshape(-1)
        backend.module_of(x).maximum(flat_y[here], flat_x[there], out=flat_y[here])
    return y


def sliding_max_backward(grad_y: Array, y: Array, x: Array, length: int, step: int) -> Array:
    """The gradient of `sliding_max`: grad_y[i] goes to the first x in its window that equals y[i].

    What has found its place is taken away, so that a second equal gets nothing; what is left in the end belongs to the
    last, without a comparison. grad_y is used up.
    """
    xp = backend.module_of(x)
    grad_x = xp.zeros(x.shape, grad_y.dtype)
    flat_grad_y, flat_y = grad_y.reshape(-1), y.reshape(-1)
    for u, here, there in shifts(y.size, length, len(x), step):
        flat_x, flat_grad_x = x[u % len(x)].reshape(-1), grad_x[u % len(x)].reshape(-1)
        if u == length - 1:
            flat_grad_x[there] += flat_grad_y[here]
            break
        is_largest = flat_x[there] == flat_y[here]
        if u < len(x):  # the first to come to this phase: nothing to add to
            found = xp.multiply(flat_grad_y[here], is_largest, out=flat_grad_x[there])
        else:
            found = flat_grad_y[here] * is_largest
            flat_grad_x[there] += found
        flat_grad_y[here] -= found
    return grad_x


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
