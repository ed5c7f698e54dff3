"""The checks that operations share: every error names the operation, the argument, what came and what was expected."""

from __future__ import annotations

from typing import Any

import numpy as np

from minicnn import backend
from minicnn.backend import Array
from minicnn.tensor import Tensor

IntPair = int | tuple[int, int]


def pair(operation: str, argument: str, value: Any, minimum: int = 0) -> tuple[int, int]:
    """An int, or a pair of them, as (rows, columns); ValueError below `minimum`, TypeError for anything else."""
    values = tuple(value) if isinstance(value, tuple | list) else (value, value)
    if len(values) != 2 or not all(is_integer(v) for v in values):
        raise TypeError(f"{operation}: {argument} is {value!r}, expected an int or a pair of ints")
    if min(values) < minimum:
        raise ValueError(f"{operation}: {argument} is {value!r}, expected at least {minimum}")
    return int(values[0]), int(values[1])


def tensor(operation: str, argument: str, value: Any) -> Tensor:
    """TypeError for anything but a Tensor."""
    if not isinstance(value, Tensor):
        hint = ": write mc.Tensor(array)" if backend.is_array(value) else ""
        raise TypeError(f"{operation}: {argument} is {type(value).__name__}, expected a Tensor{hint}")
    return value


def ndim(operation: str, argument: str, x: Array, expected: int, axes: str) -> None:
    """ValueError where x has not as many axes as expected; `axes` names them, like "(N, C, H, W)"."""
    if x.ndim != expected:
        raise ValueError(f"{operation}: {argument} has shape {x.shape}, expected {expected} axes {axes}")


def shape(operation: str, argument: str, x: Array | None, expected: tuple[int, ...]) -> None:
    """ValueError where x (unless it is None) has another shape than expected."""
    if x is not None and x.shape != expected:
        raise ValueError(f"{operation}: {argument} has shape {x.shape}, expected {expected}")


def axis(operation: str, value: Any, dimensions: int) -> int:
    """The axis counted from the front; ValueError where there is no such axis."""
    if not is_integer(value):
        raise TypeError(f"{operation}: axis is {value!r}, expected an int")
    if not -dimensions <= value < dimensions:
        raise ValueError(f"{operation}: axis is {value}, expected {-dimensions} to {dimensions - 1}")
    return int(value) % dimensions


def axis_of(operation: str, value: Any, x: Array) -> int:
    """The axis of x counted from the front; ValueError where there is no such axis, or nothing along it."""
    found = axis(operation, value, x.ndim)
    if x.shape[found] == 0:
        raise ValueError(f"{operation}: x has shape {x.shape}, expected at least one element along axis {value}")
    return found


def axes(operation: str, value: Any, dimensions: int) -> tuple[int, ...]:
    """One axis, several, or None for all of them, as a tuple of different axes counted from the front."""
    if value is None:
        return tuple(range(dimensions))
    values = value if isinstance(value, tuple | list) else (value,)
    found = tuple(axis(operation, v, dimensions) for v in values)
    if len(set(found)) != len(found):
        raise ValueError(f"{operation}: axis is {value}, which names an axis twice")
    return found


def probability(operation: str, argument: str, value: Any) -> float:
    """A number from 0 to 1."""
    is_number = isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)
    if not is_number or not 0 <= value <= 1:
        raise ValueError(f"{operation}: {argument} is {value!r}, expected a number from 0 to 1")
    return float(value)


def like(operation: str, argument: str, array: Any, x: Array) -> None:
    """TypeError where `array` (unless it is None) is no array of the dtype, and on the device, of x."""
    if array is None:
        return
    if not backend.is_array(array):
        raise TypeError(f"{operation}: {argument} is {type(array).__name__}, expected an array or a Tensor")
    if array.dtype != x.dtype or backend.device_of(array) != backend.device_of(x):
        found, expected = (f"{a.dtype} on {backend.device_of(a)}" for a in (array, x))
        raise TypeError(f"{operation}: {argument} is {found}, x is {expected}")


def is_integer(value: Any) -> bool:
    """An int, Python's or NumPy's, but no bool."""
    return isinstance(value, int | np.integer) and not isinstance(value, bool)
