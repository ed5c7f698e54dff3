"""Comparisons, and the place of the largest element: what has no gradient."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from minicnn import backend
from minicnn.functional import checks
from minicnn.functional.basic import shapes_together
from minicnn.tensor import Tensor


def compare(comparison: Callable[[Any, Any], Any], symbol: str, a: Any, b: Any) -> Any:
    """a < b (or another comparison), element by element, as a Tensor of bools.

    One of them is a Tensor, the other may be an array or a number too. What else there is, None or a string, is
    left to Python: == is False then. But a list is refused, which == would say to differ from every tensor.
    """
    # np.float64(2) < t comes with the scalar as an array of no axes: NumPy makes it one before it asks.
    values = [x.item() if isinstance(x, np.ndarray | np.generic) and x.ndim == 0 else x for x in (a, b)]
    values = [x.data if isinstance(x, Tensor) else x for x in values]
    for value in values:
        if isinstance(value, list | tuple):
            raise TypeError(f"{symbol}: a Tensor and a {type(value).__name__}, expected a Tensor, an array or a number")
        if not backend.is_array(value) and not isinstance(value, int | float):
            return NotImplemented
    shapes_together(symbol, *values)
    xp = backend.module_of(*values)
    with backend.on_device_of(*values):
        return Tensor(xp.asarray(comparison(*values)))


def eq(a: Any, b: Any) -> Any:
    """a == b."""
    return compare(operator.eq, "==", a, b)


def ne(a: Any, b: Any) -> Any:
    """a != b."""
    return compare(operator.ne, "!=", a, b)


def lt(a: Any, b: Any) -> Any:
    """a < b."""
    return compare(operator.lt, "<", a, b)


def le(a: Any, b: Any) -> Any:
    """a <= b."""
    return compare(operator.le, "<=", a, b)


def gt(a: Any, b: Any) -> Any:
    """a > b."""
    return compare(operator.gt, ">", a, b)


def ge(a: Any, b: Any) -> Any:
    """a >= b."""
    return compare(operator.ge, ">=", a, b)


def argmax(x: Tensor, axis: int | None = None) -> Tensor:
    """Where the largest element along the axis is, or that of all elements in row order; the first of equals."""
    checks.tensor("argmax", "x", x)
    if axis is not None:
        axis = checks.axis_of("argmax", axis, x.data)
    elif x.data.size == 0:
        raise ValueError(f"argmax: x has shape {x.shape}, expected at least one element")
    xp = backend.module_of(x.data)
    with backend.on_device_of(x.data):
        return Tensor(xp.asarray(x.data.argmax(axis=axis)))


def attach_operators() -> None:
    """Give Tensor the comparisons, and argmax (tensor.py comes before this file)."""
    for comparison in (eq, ne, lt, le, gt, ge):
        setattr(Tensor, f"__{comparison.__name__}__", comparison)
    setattr(Tensor, "argmax", argmax)  # noqa: B010 - mypy refuses assignments to methods


attach_operators()
