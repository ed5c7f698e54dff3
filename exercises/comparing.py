"""When two outputs are the same."""

from __future__ import annotations

from typing import Any

import numpy as np


def agree(came: Any, expected: Any, tolerance: float, shapes_only: bool = False) -> bool:
    """Equal, or as near as rounding allows: to `tolerance` times the largest number that is expected."""
    if not isinstance(expected, np.ndarray) or not isinstance(came, np.ndarray):
        return (came is None and expected is None) or (
            isinstance(came, str) and isinstance(expected, str) and came == expected
        )
    if came.shape != expected.shape:
        return False
    if shapes_only:
        return True
    return not differing(came, expected, tolerance).any()


def differing(came: np.ndarray, expected: np.ndarray, tolerance: float) -> np.ndarray:
    """Which numbers of two arrays of one shape are not the same, but for rounding."""
    finite = expected[np.isfinite(expected)]
    scale = max(1.0, float(np.abs(finite).max())) if finite.size else 1.0
    return ~np.isclose(came, expected, rtol=0, atol=tolerance * scale, equal_nan=True)
