"""Normalization over a batch, a layer or an instance: known by its true gradient, with its terms by name."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from minicnn.gradcheck.diagnosis.evidence import (
    Evidence,
    aligned,
    alignments,
    axes_name,
    fitted,
    large_sets_of_axes,
    sets_of_axes,
)

Axes = tuple[int, ...]


def normalization(e: Evidence) -> str:
    """grad_x = r (g - mean(g) - x_hat mean(g x_hat))  with the means over some axes, g = grad_y or grad_y * weight.

    r, one number for each group of elements that share their mean, and the size of x_hat are taken from the true
    gradient. Without subtracting the mean (RMS norm) there is no mean(g), and x in place of x - mean(x).
    """
    if e.derivatives() is None or e.y.shape != e.x.shape or e.is_elementwise():
        return ""
    for axes in large_sets_of_axes(e.x.ndim):
        size = int(np.prod([e.x.shape[axis] for axis in axes]))
        if size < 3:
            continue
        for g in _weighted(e):
            for centered in (True, False):
                terms = _terms(e.x, g, axes, centered)
                scales = _scales(e.expected, terms, axes)
                if scales is not None:
                    return _normalization_mistakes(e, g, axes, size, scales, centered)
    return ""


def _weighted(e: Evidence) -> Iterator[np.ndarray]:
    """grad_y, and grad_y times each input that could be a weight."""
    yield e.grad_y
    for i, w in enumerate(e.inputs):
        if i != e.number and w.dtype.kind == "f" and w.ndim == 1:
            yield from (e.grad_y * aligned(w, axes, e.y.shape) for axes in alignments(w.shape, e.y.shape))


def _terms(x: np.ndarray, g: np.ndarray, axes: Axes, centered: bool) -> list[np.ndarray]:
    """g, the mean of g, and the part through the variance, each without its number for the group."""
    middle = x - x.mean(axis=axes, keepdims=True) if centered else x
    through_mean = g.mean(axis=axes, keepdims=True) if centered else np.zeros_like(g)
    through_variance = middle * (g * middle).mean(axis=axes, keepdims=True)
    return [g, np.broadcast_to(through_mean, g.shape), np.broadcast_to(through_variance, g.shape)]


def _scales(expected: np.ndarray, terms: list[np.ndarray], axes: Axes) -> tuple[np.ndarray, np.ndarray] | None:
    """r and s of each group, for which  expected = r (g - mean(g)) - s (the third term);  None where there are none."""
    g, mean, variance = terms
    a, b = g - mean, -variance

    def dot(u: np.ndarray, v: np.ndarray) -> np.ndarray:
        return (u * v).sum(axis=axes, keepdims=True)

    determinant = dot(a, a) * dot(b, b) - dot(a, b) ** 2
    with np.errstate(all="ignore"):
        r = (dot(a, expected) * dot(b, b) - dot(b, expected) * dot(a, b)) / determinant
        s = (dot(b, expected) * dot(a, a) - dot(a, expected) * dot(a, b)) / determinant
        fits = np.allclose(r * a + s * b, expected, rtol=1e-4, atol=1e-6 * np.abs(expected).max())
    return (r, s) if fits and np.abs(s).max() > 1e-3 * np.abs(r).max() else None


def _normalization_mistakes(
    e: Evidence, g: np.ndarray, axes: Axes, size: int, scales: tuple[np.ndarray, np.ndarray], centered: bool
) -> str:
    (r, s), where = scales, axes_name(axes)
    terms = _terms(e.x, g, axes, centered)
    parts = np.stack([r * terms[0], -r * terms[1], -s * terms[2]])[[0, 1, 2] if centered else [0, 2]]
    counts = fitted(parts.reshape(len(parts), -1), e.found.ravel())
    if e.explains(np.tensordot(counts, parts, 1)):
        names = ["grad_y's own term", "the mean's term, mean(grad_y)", "the variance's term, x_hat mean(grad_y x_hat)"]
        names = names if centered else [names[0], "the term through the norm, the sum of squares,"]
        return _counts_as_text(names, counts, size, where)
    if centered:
        for other in sets_of_axes(e.x.ndim):
            for which, mean_axes, variance_axes in (
                ("Both means run", other, other), ("mean(grad_y), the mean's term, runs", other, axes),
                ("mean(grad_y x_hat), in the variance's term, runs", axes, other),
            ):  # fmt: skip
                x_hat = (e.x - e.x.mean(axis=axes, keepdims=True)) * np.sqrt(np.maximum(s / r, 0))
                mean = g.mean(axis=mean_axes, keepdims=True)
                variance = x_hat * (g * x_hat).mean(axis=variance_axes, keepdims=True)
                if other != axes and e.explains(r * (g - mean - variance)):
                    return f"{which} along {axes_name(other)}, where forward normalizes over {where}."
        own, mean, _ = terms
        if e.explains(r * own - r * mean - s * e.x * (g * e.x).mean(axis=axes, keepdims=True)):
            return "The variance's term has x in place of x less its mean."
    if g is not e.grad_y:
        return _normalization_mistakes(e, e.grad_y, axes, size, scales, centered) and (
            "The weight is left out of the gradient of a normalized input."
        )
    return ""


def _counts_as_text(names: list[str], counts: np.ndarray, size: int, where: str) -> str:
    missing = [name for name, count in zip(names, counts, strict=True) if abs(count) < 1e-3]
    if len(missing) == 2 and len(names) == 3 and abs(counts[0]) > 1e-3:
        return f"Normalized over {where}: mean and variance are taken for constants, their two terms are missing."
    if missing:
        return f"Normalized over {where}: {' and '.join(missing)} is missing."
    texts = []
    for name, count in zip(names, counts, strict=True):
        if abs(count + 1) < 1e-3:
            texts.append(f"{name} has the wrong sign")
        elif abs(count / size - 1) < 1e-3:
            texts.append(f"{name} has a sum in place of the mean")
        elif abs(count - 1) > 1e-3:
            texts.append(f"{name} counts {count:.4g} times")
    return f"Normalized over {where}: {' and '.join(texts)}." if texts else ""
