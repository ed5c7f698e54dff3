"""Channels last: how images lie in memory.

An array of images has the shape (N, C, H, W) for whoever looks at it. Memory has one dimension, though, so something
must say which of the numbers are neighbors there. In row order those are the pixels of one channel; here they are the
channels of one pixel: the memory of (N, H, W, C), seen through a transposed view.

A convolution and a pooling window look at some pixels and at all of their channels. With channels last, what they copy,
compare and add comes in long runs, however small the image; the patches of a convolution are the rows of one tall
matrix, whose product with the kernels is the next image, in place; and a 1x1 convolution is a matrix product of the
image as it lies. PyTorch calls this memory format `channels_last`, and is faster with it too.

Only speed depends on it: every operation takes arrays in any layout, and copies where it must.
"""

from __future__ import annotations

from minicnn import backend
from minicnn.backend import Array


def channels_last(x: Array) -> Array:
    """x (N, C, H, W) -> (N, H, W, C), contiguous: a view where x lies so in memory already, else a copy.

    The same for any x (N, C, ...).
    """
    return backend.module_of(x).ascontiguousarray(x.transpose(0, *range(2, x.ndim), 1))


def channels_second(x: Array) -> Array:
    """The way back: x (N, H, W, C) -> (N, C, H, W), a view. The same for any x (N, ..., C)."""
    return x.transpose(0, x.ndim - 1, *range(1, x.ndim - 1))
