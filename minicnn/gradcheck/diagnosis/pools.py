"""Pooling: the windows that forward has are found from what it computes; then the mistakes made in their gradients."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np

from minicnn.gradcheck.diagnosis.evidence import Evidence
from minicnn.gradcheck.diagnosis.losses import Mistake, first_that_explains
from minicnn.gradcheck.diagnosis.windows import Line, lines, other_lines, told_apart

Pair = tuple[Line, ...]


def pooling(e: Evidence) -> str:
    """y = the largest, or the mean, of every window of x; grad_y goes to the largest, or to all in equal shares."""
    if e.x.ndim != 4 or e.y.ndim != 4 or e.x.shape[:2] != e.y.shape[:2] or e.derivatives() is None:
        return ""
    if max(e.x.shape[2:]) > 16 or not e.y.size:
        return ""
    for pair in _geometries(e):
        some = Windows(e.x[:1, :1], e.y.shape[2:], pair)
        for kind in ("max", "mean", "mean of the inside"):
            if np.allclose(some.pooled(kind), e.y[:1, :1], atol=1e-9):
                windows = Windows(e.x, e.y.shape[2:], pair)
                if np.allclose(windows.pooled(kind), e.y, atol=1e-9):
                    mistakes = _max_mistakes if kind == "max" else _mean_mistakes
                    return first_that_explains(e, mistakes(e, windows, kind))
    return ""


def _geometries(e: Evidence) -> list[Pair]:
    rows, columns = (
        lines(e.x.shape[axis], e.y.shape[axis], range(1, min(7, e.x.shape[axis] + 2) + 1)) for axis in (2, 3)
    )
    pairs = [pair for pair in product(rows, columns) if pair[0][0] * pair[1][0] > 1]
    return sorted(pairs, key=lambda pair: (pair[0] != pair[1], sum(pair[0]) + sum(pair[1])))


class Windows:
    """x as its windows, (N, C, OH, OW, KH, KW); what lies in the padding is not `inside`."""

    def __init__(self, x: np.ndarray, places: tuple[int, ...], pair: Pair) -> None:
        self.shape, self.pair = x.shape, pair
        (kh, sh, ph, _), (kw, sw, pw, _) = pair
        rows = np.arange(places[0])[:, None] * sh + np.arange(kh) - ph  # (OH, KH)
        columns = np.arange(places[1])[:, None] * sw + np.arange(kw) - pw
        inside_rows, inside_columns = (rows >= 0) & (rows < x.shape[2]), (columns >= 0) & (columns < x.shape[3])
        self.inside = inside_rows[:, None, :, None] & inside_columns[None, :, None, :]  # (OH, OW, KH, KW)
        self.rows = np.clip(rows, 0, x.shape[2] - 1)[:, None, :, None]
        self.columns = np.clip(columns, 0, x.shape[3] - 1)[None, :, None, :]
        self.values = x[:, :, self.rows, self.columns]

    def pooled(self, kind: str) -> np.ndarray:
        if kind == "max":
            return np.where(self.inside, self.values, -np.inf).max(axis=(4, 5))
        with np.errstate(all="ignore"):
            return np.where(self.inside, self.values, 0).sum(axis=(4, 5)) / self.counts(kind)

    def counts(self, kind: str) -> np.ndarray:
        """What each window's sum is divided by: all that it holds, or what of it is inside the image."""
        inside = self.inside.sum(axis=(2, 3))
        return inside if kind == "mean of the inside" else np.full_like(inside, self.inside[0, 0].size)

    def added(self, parts: np.ndarray) -> np.ndarray:
        """The parts, (N, C, OH, OW, KH, KW), each added to the pixel of x that stands there."""
        grad_x = np.zeros(self.shape)
        where: Any = (slice(None), slice(None), self.rows, self.columns)
        np.add.at(grad_x, where, np.where(self.inside, parts, 0))
        return grad_x


def _max_mistakes(e: Evidence, w: Windows, kind: str) -> Iterator[Mistake]:
    g, (kh, kw) = e.grad_y[..., None, None], w.values.shape[4:]
    start = f"Each window's largest should get its grad_y (max pooling {kh}x{kw}), but "
    largest = (w.values == e.y[..., None, None]) & w.inside
    yield start + "all of the window gets it: the mask x == max is missing.", w.added(g * w.inside)
    yield start + "every element gets a share of it, as in average pooling.", w.added(g * w.inside / (kh * kw))
    if kh == kw:
        turned = w.added(g * largest.swapaxes(4, 5))
        yield start + "row and column of the largest in the window are exchanged (transposed).", turned
    corner = np.zeros((kh, kw))
    corner[0, 0] = 1
    yield start + "the first of the window gets it, whichever is the largest.", w.added(g * corner)
    yield start + "the last of the window gets it, whichever is the largest.", w.added(g * corner[::-1, ::-1])
    smallest = np.where(w.inside, w.values, np.inf)
    yield start + "the smallest gets it.", w.added(g * (smallest == smallest.min(axis=(4, 5), keepdims=True)))
    size = np.where(w.inside, np.abs(w.values), -1)
    yield start + "the largest in size, |x|, gets it.", w.added(g * (size == size.max(axis=(4, 5), keepdims=True)))
    yield start + "it gets it times its own value.", w.added(g * largest * w.values)
    yield start + "it gets a share of it, divided by the size of the window.", w.added(g * largest / (kh * kw))
    yield from _other_geometries(e, w, g * largest)


def _mean_mistakes(e: Evidence, w: Windows, kind: str) -> Iterator[Mistake]:
    g, (kh, kw) = e.grad_y[..., None, None], w.values.shape[4:]
    start = f"Each pixel should get its share of each window's grad_y (average pooling {kh}x{kw}), but "
    full, inside = w.counts("mean"), np.maximum(w.counts("mean of the inside"), 1)
    if kind == "mean":
        text = "it is divided by the count of pixels inside the image, where forward divides by the full window."
        yield start + text, w.added(g / inside[..., None, None])
    else:
        text = "it is divided by the full window's count, where forward leaves out the padding."
        yield start + text, w.added(g / full[..., None, None])
    share = g / w.counts(kind)[..., None, None] * np.ones((kh, kw))
    yield from _other_geometries(e, w, share)
    corner = np.zeros((kh, kw))
    corner[0, 0] = 1
    yield start + "the first of the window gets all of it.", w.added(g * corner)
    largest = w.values == np.where(w.inside, w.values, -np.inf).max(axis=(4, 5), keepdims=True)
    yield start + "the largest gets all of it, as in max pooling.", w.added(g * largest)


def _other_geometries(e: Evidence, w: Windows, parts: np.ndarray) -> Iterator[Mistake]:
    """What each window gives to its elements, given to where they would be with another stride or padding."""
    tried = [list(other_lines(line)) for line in w.pair]
    for pair in sorted(product(*tried), key=lambda pair: sum(a != b for a, b in zip(pair, w.pair, strict=True))):
        if pair != w.pair:
            yield "Backward has " + told_apart(w.pair, pair), Windows(e.x, e.y.shape[2:], pair).added(parts)
