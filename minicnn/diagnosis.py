"""What is wrong with a gradient: simple mistakes, each tried against the true gradient until one fits."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations, permutations

import numpy as np


def diagnose(
    found: np.ndarray, expected: np.ndarray, wrong: np.ndarray, by_batch_item: Callable[[], list[np.ndarray]]
) -> str:
    """The first simple mistake that turns `expected` into `found`, as a sentence; "" where none fits.

    found, expected: the gradient from backward and from differences; wrong: where they differ (all of one shape).
    by_batch_item: computes what only the first, and only the last item of the batch would have given.
    """
    if not np.isfinite(found).all():
        return f"It is not finite in {np.sum(~np.isfinite(found))} elements."
    if not found.any():
        return "It is zero everywhere: this input was forgotten, or cut out of the graph."
    return (
        _factor(found, expected)
        or _reordered(found, expected)
        or _one_batch_item(found, by_batch_item)
        or _one_place(found, expected, wrong)
    )


def _fits(a: np.ndarray, b: np.ndarray) -> bool:
    return bool(np.allclose(a, b, rtol=1e-3, atol=1e-5 * max(1.0, float(np.abs(b).max(initial=0)))))


def _factor(found: np.ndarray, expected: np.ndarray) -> str:
    square = float((expected * expected).sum())
    factor = float((found * expected).sum()) / square if square else 0.0
    if not factor or not _fits(found, factor * expected):
        return ""
    if abs(factor + 1) < 1e-3:
        return "It has the wrong sign."
    return f"It is the right one times {factor:.6g}{_where_from(factor, found.shape)}."


def _where_from(factor: float, shape: tuple[int, ...]) -> str:
    """Sizes in the shape that the factor, or one over it, could have come from."""
    for count in range(1, len(shape) + 1):
        for axes in combinations(range(len(shape)), count):
            size = int(np.prod([shape[axis] for axis in axes]))
            names = "axis " + str(axes[0]) if count == 1 else f"axes {', '.join(map(str, axes))}"
            for value, name in ((size, "the size of"), (1 / size, "1 / the size of")):
                if size > 1 and abs(abs(factor) / value - 1) < 1e-3:
                    return f", {name} {names}"
    return ""


def _reordered(found: np.ndarray, expected: np.ndarray) -> str:
    axes = range(found.ndim)
    for order in permutations(axes):
        if order != tuple(axes) and expected.transpose(order).shape == found.shape:
            if _fits(found, expected.transpose(order)):
                return f"It is transposed: the right one with its axes in the order {order}."
    for count in range(1, found.ndim + 1):
        for flipped in combinations(axes, count):
            if _fits(found, np.flip(expected, flipped)):
                return f"It is the right one reversed along axis {', '.join(map(str, flipped))}."
    return ""


def _one_batch_item(found: np.ndarray, by_batch_item: Callable[[], list[np.ndarray]]) -> str:
    for name, part in zip(("first", "last"), by_batch_item(), strict=True):
        if _fits(found, part):
            return (
                f"It is that of the {name} item of the batch alone: the sum over the batch is missing or overwritten."
            )
    return ""


def _one_place(found: np.ndarray, expected: np.ndarray, wrong: np.ndarray) -> str:
    zero = " Backward says 0 there." if not found[wrong].any() else ""
    for count in range(found.ndim, 0, -1):
        for axes in combinations(range(found.ndim), count):
            others = tuple(axis for axis in range(found.ndim) if axis not in axes)
            places = np.argwhere(wrong.any(axis=others))
            if len(places) == 1 and any(found.shape[axis] > 1 for axis in axes):
                where = ", ".join(f"{place} of axis {axis}" for axis, place in zip(axes, places[0], strict=True))
                return f"Only index {where} is wrong.{zero}"
    if found.ndim >= 2 and min(found.shape[-2:]) > 2 and not wrong[..., 1:-1, 1:-1].any():
        return f"Only the border of the last two axes is wrong: look at the padding.{zero}"
    if zero and expected[wrong].any():
        return "Where it is wrong it is zero: a mask or a slice leaves these elements out."
    if not expected[wrong].any():
        return "Where it is wrong it should be zero: a mask lets these elements through."
    return ""
