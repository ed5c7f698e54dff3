"""Checks of options that are numbers, so that every error says who asks, for what, what came and what was expected."""

from __future__ import annotations

import math
from typing import Any

import numpy as np


def number(owner: str, name: str, value: Any, minimum: float = 0, below: float = math.inf) -> float:
    """The option as a Python float, once it has been checked to be from `minimum` to just below `below`.

    A Python float, because a NumPy one would turn a float32 computation into float64.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
        raise TypeError(f"{owner}: {name} is {value!r}, expected a number")
    if not minimum <= value < below:
        limits = f"at least {minimum}" if below == math.inf else f"from {minimum} to below {below}"
        raise ValueError(f"{owner}: {name} is {value!r}, expected a finite number, {limits}")
    return float(value)


def whole_number(owner: str, name: str, value: Any, minimum: int) -> int:
    """The option as a Python int, once it has been checked to be at least `minimum`."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise TypeError(f"{owner}: {name} is {value!r}, expected an int")
    if value < minimum:
        raise ValueError(f"{owner}: {name} is {value!r}, expected at least {minimum}")
    return int(value)


def true_or_false(owner: str, name: str, value: Any) -> bool:
    """The option, once it has been checked to be a bool."""
    if not isinstance(value, bool):
        raise TypeError(f"{owner}: {name} is {value!r}, expected True or False")
    return value
