"""A term of the gradient is missing, or another one in its place: what is off is a multiple of what is around."""

from __future__ import annotations

import math

import numpy as np

from minicnn.gradcheck.diagnosis.evidence import Evidence, axes_name, large_sets_of_axes


def terms_across(e: Evidence) -> str:
    """As where softmax forgets the sum in its denominator."""
    jacobian = e.derivatives()
    if jacobian is None or e.y.shape != e.found.shape:
        return ""
    own = np.diag(jacobian) * e.grad_y.ravel()
    across = e.expected.ravel() - own
    if np.abs(across).max() <= e.noise:
        return ""
    if e.explains(own):
        return "Every output counts for its own input alone: the terms from one element to another are missing."
    if e.explains(across):
        return "The terms from one element to another are there, but that of every output to its own input is missing."
    if e.explains(own - across):
        return "The terms from one element to another have the wrong sign."
    factor = _ratio(e.found.ravel() - own, across)
    if e.explains(own + factor * across) and abs(factor) > 1e-3:
        return f"The terms from one element to another count {factor:.4g} times, where they should count once."
    return ""


def _ratio(a: np.ndarray, b: np.ndarray) -> float:
    return float((a * b).sum() / (b * b).sum())


def wrong_term(e: Evidence) -> str:
    """What is too much or too little is the same, or a multiple of an array that is around, all along some axes."""
    residual = e.found - e.expected
    same_shape = [(name, array) for name, array in e.arrays() if array.shape == residual.shape]
    same_shape += [("e to the power of the output", np.exp(y)) for y in e.outputs if y.shape == residual.shape]
    same_shape += [("the gradient it is given", g) for g in e.cotangents if g.shape == residual.shape]
    one = ("a constant", np.ones(residual.shape))
    for axes in large_sets_of_axes(residual.ndim):
        if math.prod(residual.shape[axis] for axis in axes) < 4:
            continue
        where = "" if len(axes) == residual.ndim else f" along {axes_name(axes)}"
        for terms in [[one], *([term] for term in same_shape), *([one, term] for term in same_shape)]:
            if not all(np.isfinite(array).all() for _, array in terms):
                continue
            if e.explains(e.expected + _closest(residual, [array for _, array in terms], axes)):
                what = " and ".join(name if name == "a constant" else f"a multiple of {name}" for name, _ in terms)
                return f"It is off by {what}{where}: a term, perhaps that through a sum or mean, is wrong."
    return ""


def _closest(residual: np.ndarray, terms: list[np.ndarray], axes: tuple[int, ...]) -> np.ndarray:
    """The sum of multiples of the terms that is closest to the residual, with the same multiples along the axes."""
    back = tuple(range(residual.ndim - len(axes), residual.ndim))
    moved = np.moveaxis(residual, axes, back)
    size = math.prod(residual.shape[axis] for axis in axes)
    columns = np.stack([np.moveaxis(t, axes, back).reshape(-1, size) for t in terms], axis=2)  # (groups, size, terms)
    found = columns @ (np.linalg.pinv(columns) @ moved.reshape(-1, size, 1))
    return np.moveaxis(found.reshape(moved.shape), back, axes)
