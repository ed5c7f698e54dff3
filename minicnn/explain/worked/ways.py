"""What worked examples share: their arguments, an element and a cotangent if none is given, and differences."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minicnn import backend
from minicnn.explain.document import Agreement, Formula, Index
from minicnn.functional import checks
from minicnn.gradcheck.differences import GOOD, Differences
from minicnn.tensor import Tensor

MOST_LOOPS = 1 << 17  # products that plain loops add up; of more of them a sample
MOST_MOVED = 1 << 12  # the same where every difference runs them twice
MOST_DIFFERENCES = 64  # elements of an input that differences are taken at; of more of them a sample
MOST_OUTPUTS = 1 << 19  # that are computed for the differences of one input
KINK_STEP = 1e-4  # how far from a place a kink is looked for
DOUBT = 2e-7  # of the largest slope: where a difference may be off by more, nothing is concluded from it
SMALLEST = 1e-3  # slopes below this are taken for that large, as in Agreement
LEAST, MOST = 1e-100, 1e12  # that the largest number of an array may be: with others differences lose their digits
Term = tuple[str, tuple[float, ...], float]  # of a Trace


def in_numpy(value: Any) -> Any:
    """The array of a Tensor, or an array, wherever it lies, in NumPy; all else as it is."""
    array = value.data if isinstance(value, Tensor) else value
    return backend.to_device(array, "cpu") if backend.is_array(array) else array


def as_array(operation: str, argument: str, value: Any) -> np.ndarray:
    """An array or a Tensor, wherever it lies, as a new array of float64.

    ValueError for what is no such thing, and for numbers that nothing can be followed with: inf and nan, too large and
    too small ones, and none at all.
    """
    array = in_numpy(value)
    try:
        if np.iscomplexobj(array):
            raise TypeError
        found = np.array(array, np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"{operation}: {argument} is {type(value).__name__}, expected numbers in a Tensor or an array "
                         "without holes") from None  # fmt: skip
    if not np.isfinite(found).all():
        raise ValueError(f"{operation}: {argument} has an inf or a nan in it, expected finite numbers")
    if not found.size:
        raise ValueError(f"{operation}: {argument} has shape {found.shape}, expected at least one number")
    largest = np.abs(found).max()
    if largest and not LEAST <= largest <= MOST:
        raise ValueError(f"{operation}: the largest number of {argument} is {largest:.3g}, expected from {LEAST:g} "
                         f"to {MOST:g}")  # fmt: skip
    return found


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
    index = tuple(at) if np.iterable(at) else (at,)
    if not all(map(checks.is_integer, index)):
        raise ValueError(f"{operation}: at is {at!r}, expected an index, integers alone")
    if len(index) != len(shape) or any(not -n <= i < n for i, n in zip(index, shape, strict=True)):
        raise ValueError(f"{operation}: at is {index}, but the output has shape {shape}")
    return tuple(int(i) % n for i, n in zip(index, shape, strict=True))


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
    """The slopes of sum(forward() * grad_y) at these places of x, which `forward` reads, and which is moved.

    They are those of gradcheck, which know how exact they are. NaN where that is not enough, and at a kink: the slope
    to the left is not that to the right there, as that of a ReLU at 0, and differences have nothing to say.
    """
    by = Differences(lambda _: Tensor(forward()), [Tensor(x)], None, np.random.default_rng(0))
    by.cotangents = [grad_y]
    here, steps = by.terms(), by.first_steps[0]
    slopes = [by.slope(by.along_element(0, place), here, float(steps[place]), 1.0, 0.0, GOOD) for place in places]
    largest = max([SMALLEST, *(abs(slope.value) for slope in slopes if not slope.kink)])
    return np.array([slope.value if slope.doubt < DOUBT * largest else np.nan for slope in slopes])


def has_kink(forward: Callable[[], np.ndarray], x: np.ndarray, place: Index) -> bool:
    """Whether any of the outputs has a kink at this place of x, which `forward` reads, and which is moved.

    With h a tenth as large, f(x+h) + f(x-h) - 2f(x) is a tenth at a kink, a hundredth where f is smooth.
    """
    value, here = x[place], forward()
    bends = []
    for h in (KINK_STEP, KINK_STEP / 10):
        bend = -2 * here
        for x[place] in (value + h, value - h):
            bend = bend + forward()
        bends.append(np.abs(bend))
    x[place] = value
    rounding = 1e-13 * np.abs(here).max(initial=1)
    return bool((bends[1] > np.maximum(bends[0] / 30, rounding)).any())


def code(function: Callable[..., Any]) -> Formula:
    """The function as it stands here and as it runs, its docstring in lines that fit a terminal."""
    lines = textwrap.dedent(inspect.getsource(function)).rstrip().splitlines()
    said: list[str] = []
    if function.__doc__:
        end = 1 if lines[1].count('"""') == 2 else next(i for i in range(2, len(lines)) if '"""' in lines[i])
        del lines[1 : end + 1]
        said = textwrap.wrap(f'"""{inspect.getdoc(function)}"""', 76, initial_indent=" " * 4, subsequent_indent=" " * 4)
    return Formula((lines[0], *said, *lines[1:]))


def gradients(function: Callable[..., Tensor], inputs: Sequence[np.ndarray | None], grad_y: np.ndarray) -> list[Any]:
    """What the library's backward gives for each of the inputs; None for None."""
    tensors = [None if one is None else Tensor(one.copy(), requires_grad=True) for one in inputs]
    function(*tensors).backward(grad_y)
    return [None if one is None else one.grad for one in tensors]


def gradient_agreements(
    name: str, found: dict[str, np.ndarray], forward: Callable[[], np.ndarray], x: np.ndarray, grad_y: np.ndarray
) -> list[Agreement]:
    """That these gradients of x are the same, and those of differences of `forward`; of a large x at some elements."""
    places = sample(x.shape, min(MOST_DIFFERENCES, max(2, MOST_OUTPUTS // grad_y.size)))
    by_differences = differences(forward, x, grad_y, places)
    one, of_it = next(iter(found.items()))
    for i, place in enumerate(places):
        off = abs(by_differences[i] - of_it[place])
        if off > DOUBT * max(SMALLEST, abs(by_differences[i])) and has_kink(forward, x, place):
            by_differences[i] = np.nan  # kinks of several outputs had cancelled in their sum
    if len(places) == x.size and not np.isnan(by_differences).any():
        return [Agreement(name, found | {"differences": by_differences.reshape(x.shape)})]
    known = [place for place, slope in zip(places, by_differences, strict=True) if not np.isnan(slope)]
    by_formulas = [Agreement(name, found)] if len(found) > 1 else []
    if not known:
        return by_formulas
    alike = {one: at_places(of_it, known), "differences": by_differences[~np.isnan(by_differences)]}
    return [*by_formulas, Agreement(name + some(known, x), alike)]


# ---- arrays of any shape as matrices ------------------------------------------------------------------------------


def as_rows(array: np.ndarray, axis: int) -> np.ndarray:
    """What lies along an axis as the rows of a matrix, a copy: (N, C, H, W) with axis 1 -> (N*H*W, C)."""
    return np.moveaxis(array, axis, -1).reshape(-1, array.shape[axis]).copy()


def as_row(index: Index, shape: Index, axis: int) -> int:
    """The row in which `as_rows` has the element with this index; its column is index[axis]."""
    others, sizes = (one[:axis] + one[axis + 1 :] for one in (index, shape))
    return int(np.ravel_multi_index(others, sizes)) if others else 0


# ---- words --------------------------------------------------------------------------------------------------------


def some(places: Sequence[Index], array: np.ndarray, what: str = "elements") -> str:
    """ " (100 of 50,176 elements)" where they are not all."""
    return "" if len(places) == array.size else f" ({len(places):,} of {array.size:,} {what})"
