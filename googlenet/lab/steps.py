"""A convolution in eight steps, from its definition to the fast one.

Every step computes the same: x (N, C, H, W) and weight (K, C, KH, KW) -> y (N, K, OH, OW), with stride 1 and so much
padding that 3x3 kernels keep the size. docs/performance.md tells the story; `python -m googlenet lab im2col` measures
the steps against each other, `python -m benchmarks.steps` beside PyTorch and what the machine could do at best.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

import minicnn as mc
import minicnn.functional as F

Array = Any
N, C, H, W, K, KH, KW = 16, 96, 28, 28, 128, 3, 3  # the 3x3 convolution of Inception 3a, for a batch of 16
MULTIPLY_ADDS = N * K * H * W * C * KH * KW


def padded(x: Array) -> Array:
    """A frame of zeros one pixel wide around the images (N, C, H, W)."""
    return np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))


def definition(x: Array, weight: Array) -> Array:
    """Every multiplication of the formula, one after the other."""
    (n, _, h, w), (k, c, kh, kw) = x.shape, weight.shape
    y = np.empty((n, k, h, w), x.dtype)
    x, weight = padded(x).tolist(), weight.tolist()  # lists: Python reads a number from them faster than from an array
    for image in range(n):
        for kernel in range(k):
            for i in range(h):
                for j in range(w):
                    total = 0.0
                    for channel in range(c):
                        for u in range(kh):
                            for v in range(kw):
                                total += weight[kernel][channel][u][v] * x[image][channel][i + u][j + v]
                    y[image, kernel, i, j] = total
    return y


def dot_products(x: Array, weight: Array) -> Array:
    """The three inner loops are the dot product of a kernel and the patch under it."""
    (n, _, h, w), (k, _, kh, kw) = x.shape, weight.shape
    x, y = padded(x), np.empty((n, k, h, w), x.dtype)
    for image in range(n):
        for kernel in range(k):
            for i in range(h):
                for j in range(w):
                    y[image, kernel, i, j] = np.vdot(weight[kernel], x[image, :, i : i + kh, j : j + kw])
    return y


def matrix_vector(x: Array, weight: Array) -> Array:
    """All kernels look at the same patch: with the kernels as rows, a matrix times a vector."""
    (n, _, h, w), (k, _, kh, kw) = x.shape, weight.shape
    x, y = padded(x), np.empty((n, k, h, w), x.dtype)
    kernels = weight.reshape(k, -1)
    for image in range(n):
        for i in range(h):
            for j in range(w):
                y[image, :, i, j] = kernels @ x[image, :, i : i + kh, j : j + kw].reshape(-1)
    return y


def offsets(x: Array, weight: Array) -> Array:
    """Another order of the loops: for each place (u, v) in the kernel, all pixels of all images at once."""
    (n, _, h, w), (k, _, kh, kw) = x.shape, weight.shape
    x, y = padded(x), np.zeros((k, n, h, w), x.dtype)
    for u in range(kh):
        for v in range(kw):
            y += np.tensordot(weight[:, :, u, v], x[:, :, u : u + h, v : v + w], axes=(1, 1))  # (K, C) by (N, C, H, W)
    return y.transpose(1, 0, 2, 3)


def row_order(x: Array, weight: Array) -> Array:
    """im2col: all patches side by side as columns, and one matrix product for the whole batch.

    (K, N*OH*OW) = (K, C*KH*KW) @ (C*KH*KW, N*OH*OW), and then back to (N, K, OH, OW) in memory.
    """
    (n, _, h, w), (k, c, kh, kw) = x.shape, weight.shape
    patches = sliding_window_view(padded(x), (kh, kw), axis=(2, 3))  # (N, C, OH, OW, KH, KW), a view
    columns = patches.transpose(1, 4, 5, 0, 2, 3).reshape(c * kh * kw, n * h * w)
    y = weight.reshape(k, -1) @ columns
    return np.ascontiguousarray(y.reshape(k, n, h, w).transpose(1, 0, 2, 3))


def channels_last(x: Array, weight: Array) -> Array:
    """The same with the channels last in memory, (N, H, W, C) and (K, KH, KW, C): long runs to copy for a patch.

    (N*OH*OW, K) = (N*OH*OW, KH*KW*C) @ (KH*KW*C, K), which is y as it lies in memory.
    """
    (n, _, h, w), k = x.shape, len(weight)
    y = patches_as_rows(x, weight) @ weight.transpose(0, 2, 3, 1).reshape(k, -1).T
    return y.reshape(n, h, w, k).transpose(0, 3, 1, 2)


def blocks(x: Array, weight: Array) -> Array:
    """One image after the other: its patches are still in the cache when the product reads them."""
    (n, _, h, w), k = x.shape, len(weight)
    kernels, y = weight.transpose(0, 2, 3, 1).reshape(k, -1), np.empty((n, h, w, k), x.dtype)
    for image in range(n):
        np.matmul(patches_as_rows(x[image : image + 1], weight), kernels.T, out=y[image].reshape(-1, k))
    return y.transpose(0, 3, 1, 2)


def patches_as_rows(x: Array, weight: Array) -> Array:
    """(N*OH*OW, KH*KW*C), a copy."""
    _, c, kh, kw = weight.shape
    x = np.pad(x.transpose(0, 2, 3, 1), ((0, 0), (1, 1), (1, 1), (0, 0)))
    patches = sliding_window_view(x, (kh, kw), axis=(1, 2))  # (N, OH, OW, C, KH, KW), a view
    return patches.transpose(0, 1, 2, 4, 5, 3).reshape(-1, kh * kw * c)


def library(x: Array, weight: Array) -> Array:
    """Blocks on all threads: each takes its images."""
    return F.conv2d(mc.Tensor(x), mc.Tensor(weight), padding=1).data


# ---- what can be measured of them -----------------------------------------------------------------------------------


class Step(NamedTuple):
    """One line of the table. Its speed is that on the first `images` and `kernels`: the slow steps take a part.

    moved: the numbers that its passes over arrays read and write for the whole batch, from wherever, memory or a cache;
    a matrix product reads and writes each of its matrices once. None where we cannot know.
    """

    name: str
    compute: Callable[[Array, Array], Array]
    channels_last: bool
    moved: int | None
    images: int = N
    kernels: int = K


PIXELS = N * H * W
X, Y, FRAME = PIXELS * C, PIXELS * K, N * C * (H + 2) * (W + 2)
PATCHES, KERNELS = X * KH * KW, K * C * KH * KW
PADDING = X + FRAME  # read, and written into the frame
IM2COL = PADDING + 2 * PATCHES  # each number of a patch is read and written

ONE_THREAD = [
    Step("1 the definition, seven loops", definition, False, PADDING + 2 * MULTIPLY_ADDS + Y, images=1, kernels=2),
    # A patch lies in pieces: it is copied, then read with the kernel.
    Step("2 a dot product a number", dot_products, False, PADDING + 4 * MULTIPLY_ADDS + Y, images=1, kernels=8),
    Step("3 matrix times vector a pixel", matrix_vector, False, IM2COL + PATCHES + PIXELS * KERNELS + Y, images=1),
    # For each place in the kernel the image is copied and read again, the product written, and added to y.
    Step("4 a matrix product an offset", offsets, False, PADDING + KH * KW * (3 * X + 4 * Y)),
    Step("5 im2col, one matrix product", row_order, False, IM2COL + PATCHES + KERNELS + 3 * Y),  # y is put in order
    Step("6 channels last in memory", channels_last, True, IM2COL + PATCHES + KERNELS + Y),
    Step("7 image by image, in the cache", blocks, True, IM2COL + PATCHES + N * KERNELS + Y),
]
ALL_THREADS = [Step("8 images on all threads", library, True, IM2COL + PATCHES + N * KERNELS + Y)]


class Work(NamedTuple):
    """What is timed. amount: GFLOP or GB of one call."""

    call: Callable[[], object]
    amount: float


def step_works(steps: list[Step]) -> list[Work]:
    """The steps with their arrays. Raises AssertionError where one does not compute what the library does."""
    rng = np.random.default_rng(0)
    arrays = [rng.standard_normal(shape, dtype=np.float32) for shape in ((N, C, H, W), (K, C, KH, KW))]
    last = [np.ascontiguousarray(a.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2) for a in arrays]
    expected, works = library(*arrays), []
    for step in steps:
        x, weight = last if step.channels_last else arrays
        call = partial(step.compute, x[: step.images], weight[: step.kernels])
        np.testing.assert_allclose(call(), expected[: step.images, : step.kernels], rtol=1e-3, atol=1e-3)
        works.append(Work(call, 2e-9 * MULTIPLY_ADDS * step.images / N * step.kernels / K))
    return works
