"""im2col and col2im: known by what they compute, then with other strides, paddings, and orders within the columns."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product

import numpy as np

from minicnn.gradcheck.diagnosis.evidence import Evidence
from minicnn.gradcheck.diagnosis.losses import Mistake, first_that_explains
from minicnn.gradcheck.diagnosis.pools import Pair, Windows
from minicnn.gradcheck.diagnosis.windows import lines, other_lines, steps, told_apart


def unfolding(e: Evidence) -> str:
    """Columns (N, C*KH*KW, OH*OW) of an image (N, C, H, W), or added back to one: each is the other's gradient."""
    shapes = e.x.ndim, e.y.ndim
    if shapes not in ((4, 3), (3, 4)) or len(e.x) != len(e.y) or e.derivatives() is None:
        return ""
    image, columns = (e.x, e.y) if e.x.ndim == 4 else (e.y, e.x)
    for pair, places in _geometries(image.shape, columns.shape):
        if e.x.ndim == 4 and np.allclose(as_columns(Windows(e.x, places, pair)), e.y, atol=1e-9):
            return first_that_explains(e, _mistakes_of_im2col(e, pair, places))
        if e.x.ndim == 3:
            windows = Windows(e.y, places, pair)
            if np.allclose(windows.added(as_patches(e.x, windows)), e.y, atol=1e-9):
                return first_that_explains(e, _mistakes_of_col2im(e, pair, places))
    return ""


def _geometries(image: tuple[int, ...], columns: tuple[int, ...]) -> Iterator[tuple[Pair, tuple[int, int]]]:
    """The kernels, strides and paddings, one for the rows and one for the columns, and the places that fit."""
    (_, c, h, w), (_, rows, count) = image, columns
    if not c or rows % c or not count:
        return
    for kh, oh in product(range(1, 8), range(1, count + 1)):
        kw, ow = rows // c // kh, count // oh
        if kh * kw * c == rows and oh * ow == count:
            for pair in product(lines(h, oh, range(kh, kh + 1)), lines(w, ow, range(kw, kw + 1))):
                yield pair, (oh, ow)


def as_columns(windows: Windows) -> np.ndarray:
    values = np.where(windows.inside, windows.values, 0).transpose(0, 1, 4, 5, 2, 3)
    n, c, kh, kw, oh, ow = values.shape
    return values.reshape(n, c * kh * kw, oh * ow)


def as_patches(columns: np.ndarray, windows: Windows) -> np.ndarray:
    """Columns as (N, C, OH, OW, KH, KW)."""
    n, c, oh, ow, kh, kw = windows.values.shape
    return columns.reshape(n, c, kh, kw, oh, ow).transpose(0, 1, 4, 5, 2, 3)


def _mistakes_of_im2col(e: Evidence, pair: Pair, places: tuple[int, int]) -> Iterator[Mistake]:
    windows = Windows(e.x, places, pair)
    parts = as_patches(e.grad_y, windows)
    for axis, name in ((0, "rows"), (1, "columns")):
        text = f"In the patches (im2col) {name} are overwritten, where what overlaps should be added."
        yield text, _overwritten(e, pair, parts, axis)
    yield from _orders("the gradient of the patches (im2col)", parts, windows.added)
    for other in _other_geometries(pair):
        yield "Backward has " + told_apart(pair, other), Windows(e.x, places, other).added(parts)


def _mistakes_of_col2im(e: Evidence, pair: Pair, places: tuple[int, int]) -> Iterator[Mistake]:
    def flat(patches: np.ndarray) -> np.ndarray:
        return patches.transpose(0, 1, 4, 5, 2, 3).reshape(e.found.shape)

    windows = Windows(e.grad_y, places, pair)
    yield from _orders("the patches of grad_y (col2im)", np.where(windows.inside, windows.values, 0), flat)
    for other in _other_geometries(pair):
        yield "Backward has " + told_apart(pair, other), as_columns(Windows(e.grad_y, places, other))


def _orders(what: str, parts: np.ndarray, put: Callable[[np.ndarray], np.ndarray]) -> Iterator[Mistake]:
    """The parts, (N, C, OH, OW, KH, KW), with two axes exchanged or one reversed."""
    for a, b, text in ((4, 5, "the kernel's height and width"), (2, 3, "rows and columns of the places")):
        if parts.shape[a] == parts.shape[b]:
            yield f"In {what} {text} are exchanged (transposed).", put(parts.swapaxes(a, b))
    for axes, text in (((4, 5), "the kernel"), ((4,), "the kernel's rows"), ((5,), "the kernel's columns")):
        yield f"In {what} {text} are counted from the other end (reversed).", put(np.flip(parts, axes))
    for axis, text in ((4, "row"), (5, "column")):
        first = np.take(parts, [0], axis=axis)
        yield f"In {what} every {text} of the kernel is taken for the first.", put(np.broadcast_to(first, parts.shape))


def _overwritten(e: Evidence, pair: Pair, parts: np.ndarray, axis: int) -> np.ndarray:
    """The parts added along one axis of the image and written over each other along the other, offset by offset."""
    (h, w), (oh, ow) = e.x.shape[2:], parts.shape[2:4]
    rows = np.zeros((*e.x.shape[:3], ow, parts.shape[5]))
    for u, i, row in steps(h, oh, pair[0]):
        rows[:, :, row] = parts[..., u, :][:, :, i] + (0 if axis == 0 else rows[:, :, row])
    result = np.zeros(e.x.shape)
    for v, j, column in steps(w, ow, pair[1]):
        result[..., column] = rows[:, :, :, j, v] + (0 if axis == 1 else result[..., column])
    return result


def _other_geometries(pair: Pair) -> list[Pair]:
    """Those with the same kernel that differ in as little as possible first."""
    tried = product(*(list(other_lines(line)) for line in pair))
    return sorted(
        (other for other in tried if other != pair),
        key=lambda other: sum(a != b for a, b in zip(other, pair, strict=True)),
    )
