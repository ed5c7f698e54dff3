"""Fused kernels for CuPy: what takes many small launches as array code, done in one.

Starting a kernel takes a GPU longer than a small layer's arithmetic, and every array between two kernels goes through
its memory. So an operation that is a loop over array operations (the offsets of a kernel, the terms of an optimizer's
formula) has a kernel here. Each equals the plain version named in its docstring, which stays where the operation is
explained, and which every other kind of array runs.

All of them *gather*: a thread computes one element of the output, from whatever it needs, and nobody else writes to
it. (To *scatter*, adding to what several threads write to, would need atomic additions, whose order, and with it the
last digits of the sum, changes from run to run.) CuPy compiles a kernel when it is first called. In the code below
`i` counts the elements of the output in row order, `T` is the dtype, and `raw` arrays are indexed as one likes.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from minicnn.backend.arrays import Array


def usable(xp: Any) -> bool:
    """Whether arrays of this module can be given to the kernels: those of CuPy can."""
    return xp is not np and hasattr(xp, "ElementwiseKernel")


class Kernel:
    """The body of a loop over the elements of the output, in CUDA C++, with the declarations of its parameters."""

    every: dict[str, Kernel] = {}  # by name: the tests compile them all

    def __init__(self, name: str, inputs: str, outputs: str, code: str) -> None:
        self.name, self.inputs, self.outputs, self.code = name, inputs, outputs, code
        Kernel.every[name] = self

    @functools.cached_property
    def compiled(self) -> Any:
        import cupy  # not before a CuPy array is there

        return cupy.ElementwiseKernel(self.inputs, self.outputs, self.code, self.name)

    def __call__(self, *arguments: Any) -> None:
        """The inputs, then the arrays that take the outputs."""
        self.compiled(*arguments)


def _empty(shape: tuple[int, ...], like: Array) -> Array:
    import cupy

    return cupy.empty(shape, like.dtype)


# ---- col2im -------------------------------------------------------------------------------------------------------

_add_patches = Kernel(
    "add_patches",
    "raw T p, int32 C, int32 H, int32 W, int32 KH, int32 KW, int32 SH, int32 SW, int32 PH, int32 PW, "
    "int32 OH, int32 OW",
    "T x",
    """
    const int c = i % C, w = i / C % W, h = i / C / W % H, n = i / C / W / H;
    T sum = 0;
    for (int v = 0; v < KW; ++v) {
        const int column = w + PW - v;  // where a patch that has the pixel at offset v begins
        if (column < 0 || column % SW || column / SW >= OW) continue;
        T of_column = 0;
        for (int u = 0; u < KH; ++u) {
            const int row = h + PH - u;
            if (row < 0 || row % SH || row / SH >= OH) continue;
            const ptrdiff_t there[] = {n, row / SH, column / SW, u, v, c};
            of_column += p[there];
        }
        sum += of_column;
    }
    x = sum;
    """,
)


def add_patches(p: Array, size: tuple[int, int], stride: tuple[int, int], padding: tuple[int, int]) -> Array:
    """x[n, h, w, c] = sum of p[n, (h + PH - u) / SH, (w + PW - v) / SW, u, v, c] over the u, v that divide.

    p (N, OH, OW, KH, KW, C) -> (N, H, W, C) with (H, W) = size. Equals im2col.add_patches, bit for bit: the sum runs
    in the same order, over u and then over v. One launch in place of KH + KW + 2.
    """
    n, oh, ow, kh, kw, c = p.shape
    x = _empty((n, *size, c), p)
    _add_patches(p, c, *size, kh, kw, *stride, *padding, oh, ow, x)
    return x


# ---- pooling ------------------------------------------------------------------------------------------------------
#
# The inputs are indexed as (N, C, H, W), however they lie in memory. The output lies there with the channels last
# (functional/layout.py), and `i` counts it so: neighboring threads have neighboring channels of the same window.

_WINDOWS = "int32 C, int32 H, int32 W, int32 KH, int32 KW, int32 SH, int32 SW, int32 PH, int32 PW, int32 OH, int32 OW"


def _geometry(x_shape: tuple[int, ...], windows: Any) -> tuple[int, ...]:
    """The values for _WINDOWS; `windows` is a functional.pooling.Windows that was fitted to x."""
    return (*x_shape[1:], *windows.kernel, *windows.stride, *windows.padding, *windows.places)


_max_pool = Kernel(
    "max_pool",
    f"raw T x, T lowest, {_WINDOWS}",
    "T y",
    """
    const ptrdiff_t n = i / C / OW / OH, c = i % C;
    const int row = i / C / OW % OH * SH - PH, column = i / C % OW * SW - PW;  // where the window begins
    T largest = lowest;
    for (int h = max(row, 0); h < min(row + KH, H); ++h) {
        for (int w = max(column, 0); w < min(column + KW, W); ++w) {
            const ptrdiff_t there[] = {n, c, h, w};
            const T value = x[there];
            if (value > largest || value != value) largest = value;  // NaN is not equal to itself, and stays
        }
    }
    y = largest;
    """,
)


def max_pool(x: Array, windows: Any) -> Array:
    """y[n, c, i, j] = the largest x[n, c, i*SH + u - PH, j*SW + v - PW] over u, v. Equals MaxPool2d.forward."""
    y = _empty((len(x), *windows.places, x.shape[1]), x)
    _max_pool(x, -np.inf, *_geometry(x.shape, windows), y)
    return y.transpose(0, 3, 1, 2)


# The windows that a pixel is in: those from first_i to last_i, and from first_j to last_j.
_CONTAINING = """
    const ptrdiff_t n = i / C / W / H, c = i % C;
    const int h = i / C / W % H, w = i / C % W;
    const int first_i = h + PH < KH ? 0 : (h + PH - KH) / SH + 1, last_i = min((h + PH) / SH, OH - 1);
    const int first_j = w + PW < KW ? 0 : (w + PW - KW) / SW + 1, last_j = min((w + PW) / SW, OW - 1);
"""

_max_pool_backward = Kernel(
    "max_pool_backward",
    f"raw T grad_y, raw T x, raw T y, {_WINDOWS}",
    "T grad_x",
    _CONTAINING
    + """
    const ptrdiff_t here[] = {n, c, h, w};
    const T mine = x[here];
    T sum = 0;
    for (int wi = first_i; wi <= last_i; ++wi) {
        for (int wj = first_j; wj <= last_j; ++wj) {
            const ptrdiff_t window[] = {n, c, wi, wj};
            bool first_maximum = mine == y[window];  // and none before this pixel is equal
            for (int a = max(wi * SH - PH, 0); first_maximum && a <= h; ++a) {
                const int end = a < h ? min(wj * SW - PW + KW, W) : w;
                for (int b = max(wj * SW - PW, 0); first_maximum && b < end; ++b) {
                    const ptrdiff_t there[] = {n, c, a, b};
                    first_maximum = x[there] != mine;
                }
            }
            if (first_maximum) sum += grad_y[window];
        }
    }
    grad_x = sum;
    """,
)


def max_pool_backward(grad_y: Array, x: Array, y: Array, windows: Any) -> Array:
    """grad_x[pixel] = sum of grad_y over the windows whose first maximum in row order it is. A NaN gets nothing.

    Equals MaxPool2d.backward but for rounding (a pixel's windows are added in row order here) and windows with a NaN.
    """
    n, c, h, w = x.shape
    grad_x = _empty((n, h, w, c), x)
    _max_pool_backward(grad_y, x, y, *_geometry(x.shape, windows), grad_x)
    return grad_x.transpose(0, 3, 1, 2)


# How many elements the window that begins at (row, column) counts.
_COUNT = """
    const int rows = count_padding ? min(row + KH, H + PH) - row : min(row + KH, H) - max(row, 0);
    const int columns = count_padding ? min(column + KW, W + PW) - column : min(column + KW, W) - max(column, 0);
"""

_avg_pool = Kernel(
    "avg_pool",
    f"raw T x, bool count_padding, {_WINDOWS}",
    "T y",
    """
    const ptrdiff_t n = i / C / OW / OH, c = i % C;
    const int row = i / C / OW % OH * SH - PH, column = i / C % OW * SW - PW;
    T sum = 0;
    for (int h = max(row, 0); h < min(row + KH, H); ++h) {
        for (int w = max(column, 0); w < min(column + KW, W); ++w) {
            const ptrdiff_t there[] = {n, c, h, w};
            sum += x[there];
        }
    }
    """
    + _COUNT
    + "y = sum / (T)(rows * columns);",
)


def avg_pool(x: Array, windows: Any, count_include_pad: bool) -> Array:
    """y[n, c, i, j] = the sum of the window's x / the window's count. Equals AvgPool2d.forward but for rounding."""
    y = _empty((len(x), *windows.places, x.shape[1]), x)
    _avg_pool(x, count_include_pad, *_geometry(x.shape, windows), y)
    return y.transpose(0, 3, 1, 2)


_avg_pool_backward = Kernel(
    "avg_pool_backward",
    f"raw T grad_y, bool count_padding, {_WINDOWS}",
    "T grad_x",
    _CONTAINING
    + """
    T sum = 0;
    for (int wi = first_i; wi <= last_i; ++wi) {
        for (int wj = first_j; wj <= last_j; ++wj) {
            const int row = wi * SH - PH, column = wj * SW - PW;
    """
    + _COUNT
    + """
            const ptrdiff_t window[] = {n, c, wi, wj};
            sum += grad_y[window] / (T)(rows * columns);
        }
    }
    grad_x = sum;
    """,
)


def avg_pool_backward(grad_y: Array, x_shape: tuple[int, ...], windows: Any, count_include_pad: bool) -> Array:
    """grad_x[pixel] = sum of grad_y / count over the windows it is in. Equals AvgPool2d.backward but for rounding."""
    n, c, h, w = x_shape
    grad_x = _empty((n, h, w, c), grad_y)
    _avg_pool_backward(grad_y, count_include_pad, *_geometry(x_shape, windows), grad_x)
    return grad_x.transpose(0, 3, 1, 2)


_adaptive_avg_pool = Kernel(
    "adaptive_avg_pool",
    "raw T x, int32 C, int32 H, int32 W, int32 OH, int32 OW",
    "T y",
    """
    const ptrdiff_t n = i / C / OW / OH, c = i % C, wi = i / C / OW % OH, wj = i / C % OW;
    const int top = wi * H / OH, bottom = ((wi + 1) * H + OH - 1) / OH;  // the row after the last
    const int left = wj * W / OW, right = ((wj + 1) * W + OW - 1) / OW;
    T sum = 0;
    for (int h = top; h < bottom; ++h) {
        for (int w = left; w < right; ++w) {
            const ptrdiff_t there[] = {n, c, h, w};
            sum += x[there];
        }
    }
    y = sum / (T)((bottom - top) * (right - left));
    """,
)


def adaptive_avg_pool(x: Array, places: tuple[int, int]) -> Array:
    """y[n, c, i, j] = mean of x over rows floor(i H / OH) to ceil((i + 1) H / OH) - 1, and so for columns.

    Equals AdaptiveAvgPool2d.forward but for rounding.
    """
    y = _empty((len(x), *places, x.shape[1]), x)
    _adaptive_avg_pool(x, *x.shape[1:], *places, y)
    return y.transpose(0, 3, 1, 2)


_adaptive_avg_pool_backward = Kernel(
    "adaptive_avg_pool_backward",
    "raw T grad_y, int32 C, int32 H, int32 W, int32 OH, int32 OW",
    "T grad_x",
    """
    const ptrdiff_t n = i / C / W / H, c = i % C, h = i / C / W % H, w = i / C % W;
    T sum = 0;
    for (ptrdiff_t wi = h * OH / H; wi < ((h + 1) * OH + H - 1) / H; ++wi) {  // the windows that the pixel is in
        for (ptrdiff_t wj = w * OW / W; wj < ((w + 1) * OW + W - 1) / W; ++wj) {
            const int rows = ((wi + 1) * H + OH - 1) / OH - wi * H / OH;
            const int columns = ((wj + 1) * W + OW - 1) / OW - wj * W / OW;
            const ptrdiff_t window[] = {n, c, wi, wj};
            sum += grad_y[window] / (T)(rows * columns);
        }
    }
    grad_x = sum;
    """,
)


def adaptive_avg_pool_backward(grad_y: Array, x_shape: tuple[int, ...]) -> Array:
    """grad_x[pixel] = sum of grad_y / size over the windows it is in. Equals AdaptiveAvgPool2d.backward."""
    n, c, h, w = x_shape
    grad_x = _empty((n, h, w, c), grad_y)
    _adaptive_avg_pool_backward(grad_y, *x_shape[1:], *grad_y.shape[2:], grad_x)
    return grad_x.transpose(0, 3, 1, 2)


# ---- local response normalization: all arrays (pixels, C), so that neighboring threads read neighboring channels -----

_local_response_norm = Kernel(
    "local_response_norm",
    "raw T x, int32 C, int32 before, int32 after, T scale, T beta, T k",
    "T y, T s",
    """
    const ptrdiff_t pixel = i / C;
    const int c = i % C;
    T sum = 0;
    for (int other = max(c - before, 0); other <= min(c + after, C - 1); ++other) {
        const ptrdiff_t there[] = {pixel, other};
        sum += x[there] * x[there];
    }
    const ptrdiff_t here[] = {pixel, c};
    s = k + scale * sum;
    y = x[here] * pow(s, -beta);
    """,
)


def local_response_norm(x: Array, size: int, alpha: float, beta: float, k: float) -> tuple[Array, Array]:
    """s = k + alpha / size * sum of x^2 over the channels around, y = x s^-beta; returns (y, s).

    Equals LocalResponseNorm.forward but for rounding.
    """
    y, s = _empty(x.shape, x), _empty(x.shape, x)
    _local_response_norm(x, x.shape[1], size // 2, (size - 1) // 2, alpha / size, beta, k, y, s)
    return y, s


_local_response_norm_backward = Kernel(
    "local_response_norm_backward",
    "raw T grad_y, raw T x, raw T y, raw T s, int32 C, int32 before, int32 after, T factor, T beta",
    "T grad_x",
    """
    const ptrdiff_t pixel = i / C;
    const int c = i % C;
    T sum = 0;
    for (int other = max(c - before, 0); other <= min(c + after, C - 1); ++other) {
        const ptrdiff_t there[] = {pixel, other};
        sum += grad_y[there] * y[there] / s[there];
    }
    const ptrdiff_t here[] = {pixel, c};
    grad_x = grad_y[here] * pow(s[here], -beta) - factor * x[here] * sum;
    """,
)


def local_response_norm_backward(
    grad_y: Array, x: Array, y: Array, s: Array, size: int, alpha: float, beta: float
) -> Array:
    """grad_x = grad_y s^-beta - 2 alpha beta / size * x * (sum of grad_y y / s over the mirrored window).

    Equals LocalResponseNorm.backward but for rounding.
    """
    grad_x = _empty(x.shape, x)
    factor = 2 * alpha * beta / size
    _local_response_norm_backward(grad_y, x, y, s, x.shape[1], (size - 1) // 2, size // 2, factor, beta, grad_x)
    return grad_x


# ---- batch normalization: x (pixels, C), and one number for each channel, (C,), in the others ------------------------
#
# A sum over the pixels is taken in two steps: a thread adds up a strip, each STRIPS-th pixel of one channel, and CuPy
# adds up the strips. CuPy alone would give 32 channels to one block of threads, and leave most of a GPU idle.

STRIPS = 512
_STRIP = """
    for (ptrdiff_t pixel = i / C; pixel < pixels; pixel += strips) {
        const ptrdiff_t here[] = {pixel, i % C};
"""

_strip_sums = Kernel(
    "strip_sums",
    "raw T x, int32 pixels, int32 C, int32 strips, T share",
    "T y",
    f"""
    T sum = 0;
    {_STRIP}
        sum += x[here];
    }}
    y = share * sum;
    """,
)
_strip_squares = Kernel(
    "strip_squares",
    "raw T x, raw T mean, int32 pixels, int32 C, int32 strips, T share",
    "T y",
    f"""
    T sum = 0;
    {_STRIP}
        const T difference = x[here] - mean[i % C];
        sum += difference * difference;
    }}
    y = share * sum;
    """,
)
_strip_gradients = Kernel(
    "strip_gradients",
    "raw T grad_y, raw T x, raw T mean, raw T inverse_std, int32 pixels, int32 C, int32 strips",
    "T grad_weight, T grad_bias",
    f"""
    T products = 0, sum = 0;
    {_STRIP}
        products += grad_y[here] * (x[here] - mean[i % C]);
        sum += grad_y[here];
    }}
    grad_weight = products * inverse_std[i % C];
    grad_bias = sum;
    """,
)

_inverse_std = Kernel("inverse_std", "T variance, T eps", "T y", "y = 1 / sqrt(variance + eps);")


def inverse_std(variance: Array, eps: float) -> Array:
    """1 / sqrt(variance + eps)."""
    y = _empty(variance.shape, variance)
    _inverse_std(variance, eps, y)
    return y


_running_average = Kernel(
    "running_average",
    "T current, T momentum, T factor",
    "T running",
    "running = (1 - momentum) * running + momentum * factor * current;",
)


def batch_statistics(
    x: Array, running_mean: Array | None, running_var: Array | None, momentum: float
) -> tuple[Array, Array]:
    """Mean and variance of each channel; the running statistics, where there are any, follow in place.

    Equals BatchNorm's but for rounding.
    """
    count, channels = x.shape
    strips = _empty((min(STRIPS, count), channels), x)
    _strip_sums(x, *x.shape, len(strips), 1 / count, strips)
    mean = strips.sum(axis=0)
    _strip_squares(x, mean, *x.shape, len(strips), 1 / count, strips)
    variance = strips.sum(axis=0)
    if running_mean is not None:
        _running_average(mean, momentum, 1, running_mean)
    if running_var is not None:
        _running_average(variance, momentum, count / (count - 1), running_var)
    return mean, variance


_normalize = Kernel(
    "normalize",
    "T x, T mean, T inverse_std, T weight, T bias",
    "T y",
    "y = (x - mean) * inverse_std * weight + bias;",
)


def normalize(x: Array, mean: Array, inverse_std: Array, weight: Array | None, bias: Array | None) -> Array:
    """y = weight x_hat + bias with x_hat = (x - mean) inverse_std. Equals BatchNorm.forward but for rounding."""
    y = _empty(x.shape, x)
    _normalize(x, mean, inverse_std, 1 if weight is None else weight, 0 if bias is None else bias, y)
    return y


_normalize_backward = Kernel(
    "normalize_backward",
    "T grad_y, T x, T mean, T inverse_std, T weight, T grad_weight, T grad_bias, T share",
    "T grad_x",
    """
    const T x_hat = (x - mean) * inverse_std;
    grad_x = (grad_y - share * (grad_bias + x_hat * grad_weight)) * inverse_std * weight;
    """,
)


def normalize_backward(
    grad_y: Array, x: Array, mean: Array, inverse_std: Array, weight: Array | None, training: bool
) -> tuple[Array, Array, Array]:
    """(grad_x, grad_weight, grad_bias) of `normalize`, in training also through mean and variance.

    Equals BatchNorm.backward but for rounding.
    """
    count, channels = x.shape
    strips = _empty((2, min(STRIPS, count), channels), x)
    _strip_gradients(grad_y, x, mean, inverse_std, *x.shape, strips.shape[1], *strips)
    grad_weight, grad_bias = strips.sum(axis=1)
    grad_x = _empty(x.shape, x)
    share = 1 / count if training else 0  # one pixel's part of a channel's mean; 0 where that is a constant
    scale = 1 if weight is None else weight
    _normalize_backward(grad_y, x, mean, inverse_std, scale, grad_weight, grad_bias, share, grad_x)
    return grad_x, grad_weight, grad_bias


# ---- optimizers: x and what is kept for it change in place ---------------------------------------------------------

_momentum_step = Kernel(
    "momentum_step",
    "T grad, T lr, T momentum, T share, T weight_decay, bool nesterov",
    "T x, T v",
    """
    const T g = grad + weight_decay * x;
    v = momentum * v + share * g;
    const T step = nesterov ? (T)(g + momentum * v) : v;
    x -= lr * step;
    """,
)


def momentum_step(
    x: Array, v: Array, grad: Array, lr: float, momentum: float, dampening: float, weight_decay: float, nesterov: bool
) -> None:
    """v = momentum v + (1 - dampening) (grad + weight_decay x), x = x - lr v (or Nesterov's). Equals SGD.update."""
    _momentum_step(grad, lr, momentum, 1 - dampening, weight_decay, nesterov, x, v)


_adam_step = Kernel(
    "adam_step",
    "T grad, T shrink, T weight_decay, T beta1, T share1, T beta2, T share2, T lr, T unbias2, T eps",
    "T x, T m, T v",
    """
    x *= shrink;
    const T g = grad + weight_decay * x;
    m = beta1 * m + share1 * g;
    v = beta2 * v + share2 * g * g;
    x -= lr * m / (sqrt(unbias2 * v) + eps);
    """,
)


def adam_step(
    x: Array, m: Array, v: Array, grad: Array, lr: float, betas: tuple[float, float], eps: float,
    weight_decay: float, decoupled: bool, unbias1: float, unbias2: float,
) -> None:  # fmt: skip
    """Adam's four formulas, or AdamW's where weight decay is decoupled. Equals Adam.update.

    unbias1 and unbias2 are 1 / (1 - beta^t): they depend on the step alone, and are computed once, in Python.
    """
    (beta1, beta2), shrink = betas, 1 - lr * weight_decay if decoupled else 1
    _adam_step(
        grad, shrink, 0 if decoupled else weight_decay, beta1, 1 - beta1, beta2, 1 - beta2, lr * unbias1, unbias2,
        eps, x, m, v,
    )  # fmt: skip
