"""What worked examples share: their arguments, an element and a cotangent if none is given, and differences."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minicnn import backend
from minicnn.explain.document import Agreement, Formula, Index
from minicnn.tensor import Tensor

MOST_LOOPS = 1 << 17  # products that plain loops add up; of more of them a sample
MOST_MOVED = 1 << 12  # the same where every difference runs them twice
MOST_DIFFERENCES = 64  # elements of an input that differences are taken at; of more of them a sample
MOST_OUTPUTS = 1 << 22  # that are computed for the differences of one input
STEP = 1e-5
Term = tuple[str, tuple[float, ...], float]  # of a Trace


def as_array(operation: str, argument: str, value: Any) -> np.ndarray:
    """An array or a Tensor, wherever it lies, as a new array of float64. ValueError for what is no such thing."""
    array = value.data if isinstance(value, Tensor) else value
    try:
        return np.array(backend.to_device(array, "cpu") if backend.is_array(array) else array, np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"{operation}: {argument} is {type(value).__name__}, expected numbers in a Tensor or an array "
                         "without holes") from None  # fmt: skip


def cotangent(operation: str, grad_y: Any, shape: Index) -> np.ndarray:
    """grad_y as an array of this shape; if it is None, small numbers that are not all the same."""
    if grad_y is None:
        return np.resize(np.array([1.0, 2.0, -1.0, 3.0, -2.0]), shape)
    found = as_array(operation, "grad_y", grad_y)
    if found.ndim < len(shape):
        found = found.reshape((1,) * (len(shape) - found.ndim) + found.shape)
    if found.shape != shape:
        raise ValueError(f"{operation}: grad_y has shape {found.shape}, expected that of the output, {shape}")
    return found


def element(operation: str, at: Sequence[int] | None, shape: Index) -> Index:
    """The chosen element of an array of this shape; if it is None, one in the middle."""
    if 0 in shape:
        raise ValueError(f"{operation}: the output has shape {shape}, expected at least one element")
    if at is None:
        return tuple(n // 2 for n in shape)
    index = tuple(int(i) for i in at)
    if len(index) != len(shape) or any(not -n <= i < n for i, n in zip(index, shape, strict=True)):
        raise ValueError(f"{operation}: at is {index}, but the output has shape {shape}")
    return tuple(i % n for i, n in zip(index, shape, strict=True))


def sample(shape: Index, most: int, *always: Index) -> list[Index]:
    """All indices of an array of this shape, or `most` of them, spread over it, with those that must not be missing."""
    size = int(np.prod(shape))
    if size <= most:
        return list(np.ndindex(shape))
    chosen = np.unique(np.linspace(0, size - 1, most).astype(int) * 7919 % size)
    found = [tuple(int(i) for i in np.unravel_index(one, shape)) for one in chosen]
    return [*found, *(index for index in always if index not in found)]


def planes(y: np.ndarray, kernel: tuple[int, int], *always: Index) -> list[Index]:
    """(n, c) of the planes of y (N, C, OH, OW) over which plain loops slide a window: all, or as many as are quick."""
    return sample(y.shape[:2], max(1, MOST_LOOPS // (y[0, 0].size * kernel[0] * kernel[1])), *always)


def product(what: str, *factors: float) -> Term:
    """A term of a Trace."""
    return what, tuple(map(float, factors)), float(np.prod(factors))


def at_places(array: np.ndarray, places: Sequence[Index]) -> np.ndarray:
    """The elements of an array at these places, one after the other."""
    return np.array([array[place] for place in places])


def differences(
    forward: Callable[[], np.ndarray], x: np.ndarray, grad_y: np.ndarray, places: Sequence[Index]
) -> np.ndarray:
    """Central differences of sum(forward() * grad_y) at these places of x, which `forward` reads; x stays as it is."""
    found = []
    for place in places:
        value = x[place]
        step = STEP * max(1.0, abs(value))
        x[place] = value + step
        above = forward()
        x[place] = value - step
        below = forward()
        x[place] = value
        found.append(float(((above - below) * grad_y).sum()) / (2 * step))  # first the difference: it is exact
    return np.array(found)


def code(function: Callable[..., Any]) -> Formula:
    """The function as it stands here and as it runs, without its docstring."""
    lines = textwrap.dedent(inspect.getsource(function)).rstrip().splitlines()
    if '"""' in lines[1]:
        end = 1 if lines[1].count('"""') == 2 else next(i for i in range(2, len(lines)) if '"""' in lines[i])
        del lines[1 : end + 1]
    return Formula(tuple(lines))


def gradients(function: Callable[..., Tensor], inputs: Sequence[np.ndarray | None], grad_y: np.ndarray) -> list[Any]:
    """What the library's backward gives for each of the inputs; None for None."""
    tensors = [None if one is None else Tensor(one.copy(), requires_grad=True) for one in inputs]
    function(*tensors).backward(grad_y)
    return [None if one is None else one.grad for one in tensors]


def gradient_agreements(
    name: str,
    found: dict[str, np.ndarray],
    forward: Callable[[], np.ndarray],
    x: np.ndarray,
    grad_y: np.ndarray,
    smooth: Callable[[Index], bool] = lambda place: True,
) -> list[Agreement]:
    """That these gradients of x are the same, and those of differences of `forward`; of a large x at some elements.

    smooth: whether y has a derivative at an element of x; elsewhere differences say nothing.
    """
    most = min(MOST_DIFFERENCES, max(4, MOST_OUTPUTS // grad_y.size))
    places = [place for place in sample(x.shape, most) if smooth(place)]
    by_differences = differences(forward, x, grad_y, places)  # none, where y has no derivative at all
    if len(places) == x.size:
        return [Agreement(name, found | {"differences": by_differences.reshape(x.shape)})]
    one, of_it = next(iter(found.items()))
    rest = Agreement(name + some(places, x), {one: at_places(of_it, places), "differences": by_differences})
    return [rest] if len(found) == 1 else [Agreement(name, found), rest]


# ---- words --------------------------------------------------------------------------------------------------------


def some(places: Sequence[Index], array: np.ndarray, what: str = "elements") -> str:
    """ " (100 of 50,176 elements)" where they are not all."""
    return "" if len(places) == array.size else f" ({len(places):,} of {array.size:,} {what})"
