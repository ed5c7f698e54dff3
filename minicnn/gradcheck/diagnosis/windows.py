"""Convolution: the geometry that forward has is found first, then the one that backward has."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product

import numpy as np

from minicnn.gradcheck.diagnosis.evidence import Evidence

Line = tuple[int, ...]  # of one axis: kernel, stride, padding, dilation
LARGE = 300_000  # multiplications that trying one geometry may take


def lines(size: int, places: int, kernels: range, dilations: range = range(1, 2)) -> list[Line]:
    """All geometries of one axis that make so many places of this size; floor or ceil. The usual ones first."""
    found = []
    for k, s, p, d in product(kernels, range(1, 5), range(0, 4), dilations):
        span = size + 2 * p - d * (k - 1) - 1
        if span >= 0 and p < max(2, d * (k - 1) + 1) and places in (span // s + 1, -(-span // s) + 1):
            found.append((k, s, p, d))
    return sorted(found, key=lambda line: (line[3], line[2], line[1], line[0]))


def steps(size: int, places: int, line: Line) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
    """For each offset u of the kernel: u, the places that see the image there, and the pixels that they see."""
    k, s, p, d = line
    for u in range(k):
        pixels = np.arange(places) * s + u * d - p
        inside = (pixels >= 0) & (pixels < size)
        yield u, np.flatnonzero(inside), pixels[inside]


def convolution(e: Evidence) -> str:
    """grad_x[n, c, S i + u - P] = sum of weight[k, c, u] grad_y[n, k, i], or the same sum for grad_weight: known by its
    true value; then other strides, paddings and dilations are tried, and kernels that are turned or transposed.
    """
    if e.derivatives() is None or e.y.ndim != 4 or e.found.ndim != 4 or e.y.size * e.found.size > LARGE:
        return ""
    for i, other in enumerate(e.inputs):
        if i == e.number or other.ndim != 4:
            continue
        for x, w, gradient in ((e.x, other, grad_image), (other, e.x, grad_kernel)):
            if x.shape[1] == w.shape[1] and e.y.shape[:2] == (len(x), len(w)):
                sentence = _convolution(e, x, w, gradient)
                if sentence:
                    return sentence
    return ""


def _convolution(e: Evidence, x: np.ndarray, w: np.ndarray, gradient: Callable[..., np.ndarray]) -> str:
    options = [
        lines(x.shape[axis], e.y.shape[axis], range(w.shape[axis], w.shape[axis] + 1), range(1, 4)) for axis in (2, 3)
    ]
    geometry = next(
        (pair for pair in product(*options)
         if np.allclose(gradient(e.grad_y, x, w, *pair), e.expected, rtol=1e-4, atol=1e-6)), None
    )  # fmt: skip
    if geometry is None:
        return ""
    if gradient is grad_image:
        for how, turned in _turned(w):
            if e.explains(gradient(e.grad_y, x, turned, *geometry)):
                return f"It is right for a kernel {how}, inputs[{_number(e, w)}]."
    tried = list(other_lines(geometry[0])), list(other_lines(geometry[1]))
    for pair in sorted(product(*tried), key=lambda pair: _differences(geometry, pair)):
        if pair != geometry and e.explains(gradient(e.grad_y, x, w, *pair)):
            return "Backward has " + told_apart(geometry, pair)
    return ""


def _number(e: Evidence, array: np.ndarray) -> int:
    return next(i for i, x in enumerate(e.inputs) if x is array)


def grad_image(grad_y: np.ndarray, x: np.ndarray, w: np.ndarray, rows: Line, columns: Line) -> np.ndarray:
    grad_x = np.zeros(x.shape)
    for u, i, row in steps(x.shape[2], grad_y.shape[2], rows):
        for v, j, column in steps(x.shape[3], grad_y.shape[3], columns):
            part = np.einsum("nkij,kc->ncij", grad_y[:, :, i][:, :, :, j], w[:, :, u, v])
            grad_x[:, :, row[:, None], column] += part
    return grad_x


def grad_kernel(grad_y: np.ndarray, x: np.ndarray, w: np.ndarray, rows: Line, columns: Line) -> np.ndarray:
    grad_w = np.zeros(w.shape)
    for u, i, row in steps(x.shape[2], grad_y.shape[2], rows):
        for v, j, column in steps(x.shape[3], grad_y.shape[3], columns):
            part = x[:, :, row[:, None], column]
            grad_w[:, :, u, v] = np.einsum("nkij,ncij->kc", grad_y[:, :, i][:, :, :, j], part)
    return grad_w


def _turned(w: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    yield "turned around: reversed along axes 2, 3", w[:, :, ::-1, ::-1]
    yield "reversed along axis 2", w[:, :, ::-1]
    yield "reversed along axis 3", w[:, :, :, ::-1]
    if w.shape[2] == w.shape[3]:
        yield "transposed: with its axes 2 and 3, height and width, exchanged", w.swapaxes(2, 3)
    if w.shape[0] == w.shape[1]:
        yield "transposed: with its axes 0 and 1, the channels, exchanged", w.swapaxes(0, 1)
    yield "read as (KW, KH), the axes exchanged, and reshaped", w.swapaxes(2, 3).reshape(w.shape)
    yield "read as (KW, KH), the axes exchanged", w.reshape(*w.shape[:2], w.shape[3], w.shape[2]).swapaxes(2, 3)
    for order in ((0, 2, 3, 1), (0, 3, 1, 2), (1, 0, 2, 3)):
        yield f"read with its axes in the order {order}", w.transpose(order).reshape(w.shape)
        as_read = w.reshape([w.shape[axis] for axis in order])
        yield f"read as if its axes were in the order {order}", as_read.transpose(np.argsort(order))


def other_lines(line: Line) -> Iterator[Line]:
    """Other strides, paddings (also negative ones, as where nothing is cut off) and dilations of one axis."""
    k, s, p, d = line
    yield line
    yield from ((k, other, p, d) for other in range(1, 5) if other != s)
    yield from ((k, s, other, d) for other in range(-p - 1, p + 3) if other != p)
    yield from ((k, s, p, other) for other in range(1, 4) if other != d)
    yield (k, 1, 0, d)
    yield (k, 1, 0, 1)


def _differences(a: tuple[Line, ...], b: tuple[Line, ...]) -> int:
    return sum(m != n for one, other in zip(a, b, strict=True) for m, n in zip(one, other, strict=True))


def told_apart(forward: tuple[Line, ...], backward: tuple[Line, ...]) -> str:
    texts = []
    for what, place in (("kernel size", 0), ("stride", 1), ("padding", 2), ("dilation", 3)):
        has, should = ((backward[0][place], backward[1][place]), (forward[0][place], forward[1][place]))
        if has != should:
            exchanged = ", its axes exchanged" if has == should[::-1] else ""
            texts.append(f"{what} {has}, where forward has {should}{exchanged}")
    return "; ".join(texts) + "."
