"""An array in a few characters: how large its numbers are, or the numbers themselves where they are few."""

from __future__ import annotations

from typing import Any

import numpy as np

from minicnn import backend

FEW, LONGEST = 6, 50  # so many numbers are shown whole, where they need no more characters


def on_cpu(array: Any) -> np.ndarray:
    """The array in NumPy, in float64: squares of large float32 or float16 numbers would overflow."""
    return np.asarray(backend.to_device(array, "cpu"), np.float64)


def norm_of(array: Any) -> float:
    """The square root of the sum of the squares of all elements."""
    found, largest = on_cpu(array), largest_of(array)
    if largest == 0 or not np.isfinite(largest):
        return largest
    return largest * float(np.sqrt(np.sum(np.square(found / largest))))  # so that no square is too large


def largest_of(array: Any) -> float:
    """The largest absolute value; 0 of an empty array."""
    return float(np.max(np.abs(on_cpu(array)), initial=0))


def amount(array: Any) -> str:
    """ "-0.25", "[1 0.5 -2]", or "norm 0.314, largest 0.0987"; and how many are not finite."""
    found = on_cpu(array)
    if found.ndim == 0:
        return short(float(found))
    if found.size <= FEW and len(nested(found)) <= LONGEST:
        return nested(found)
    broken = int(np.sum(~np.isfinite(found)))
    if broken:
        return f"{broken:,} of {found.size:,} are not finite"
    return f"norm {short(norm_of(found))}, largest {short(largest_of(found))}"


def nested(array: np.ndarray) -> str:
    """The numbers in brackets, as NumPy prints them, on one line."""
    if array.ndim == 0:
        return short(float(array))
    return f"[{' '.join(map(nested, array))}]"


def short(number: float) -> str:
    """Three digits: "0.0123", "1.2e-05", "nan"."""
    return f"{number:.3g}"
