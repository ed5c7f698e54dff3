"""Simple differences between what came and what is right, for mistakes that are on nobody's list.

Each hypothesis says what a mistake would give: (sentence, array). Where that is what came, on every case, the sentence
is told. So "the right one divided by kernel_size**2" is told only where this divisor fits windows of different sizes.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations, permutations
from math import log, prod, sqrt
from typing import Any

import numpy as np

from exercises.stages import Case, Outputs

Guess = tuple[str, Any]  # a sentence, and the array that this mistake gives; a function where that takes computing


@dataclass(frozen=True)
class View:
    """One output on one case: what came, what is right, and all that stands around it."""

    name: str
    came: np.ndarray
    expected: np.ndarray
    case: Case  # with grad_y, where there is one
    rights: Outputs  # all outputs of the solution
    solve: Callable[[Case], np.ndarray | None]  # this output of the solution for another case; None where it has none


def guesses(v: View) -> Iterator[Guess]:
    """All hypotheses, the simplest first."""
    for hypothesis in (simple, other_outputs, factors, offsets, order, shapes, sums, functions, changed_inputs, pairs,
                       reductions, shifts, cut_out):  # fmt: skip
        yield from hypothesis(v)


# ---- the right one times a number, plus a number -------------------------------------------------------------------


def simple(v: View) -> Iterator[Guess]:
    yield "is 0 everywhere", np.zeros_like(v.expected)
    yield "has the wrong sign: it is the right one times -1", -v.expected
    yield "has no sign: it is |the right one|", np.abs(v.expected)
    if "grad_y" in v.case:
        yield "does not depend on grad_y: what comes from above multiplies it", without_grad_y(v)
    for name, array in arrays(v):
        yield f"is {name} itself", array
        yield f"is -{name}", -array
    yield "is 1 everywhere", np.ones_like(v.expected)


def turned(array: np.ndarray | None) -> np.ndarray | None:
    return None if array is None else -array


def without_grad_y(v: View) -> Callable[[], np.ndarray | None]:
    return lambda: v.solve({**v.case, "grad_y": np.ones_like(v.case["grad_y"])})


def other_outputs(v: View) -> Iterator[Guess]:
    outputs = {name: array for name, array in v.rights.items() if not name.startswith("_")}
    for name, array in outputs.items():
        if name != v.name:
            yield f"is what {name} has to be: are they exchanged?", array
    backwards = dict(zip(outputs, reversed(outputs.values()), strict=True))
    yield "is what another has to be: they are in reverse order", backwards[v.name]


def factors(v: View) -> Iterator[Guess]:
    for name, value in quantities(v):
        yield f"is the right one times {name}{as_sum(name)}", v.expected * value
        yield f"is the right one divided by {name}{as_mean(name)}", v.expected / value if value else v.expected
        yield f"is the right one times -{name}", v.expected * -value
    for name, array in arrays(v):
        if array.shape == v.expected.shape and array.size > 1:
            with np.errstate(all="ignore"):
                yield f"is the right one times {name}: this factor is too much", v.expected * array
                yield f"is the right one divided by {name}: this factor is missing", v.expected / array
    if v.came.shape == v.expected.shape and (factor := constant(v)) not in (0, 1):
        yield f"is the right one times {factor:.6g}", v.expected * factor


def constant(v: View) -> float:
    """What came over what is right, where that is one number; else 0."""
    if not np.isfinite(v.came).all() or not np.isfinite(v.expected).all() or not v.expected.any():
        return 0.0
    return float(f"{(v.came * v.expected).sum() / (v.expected * v.expected).sum():.6g}")


def as_mean(name: str) -> str:
    return ": is it a mean where a sum is meant?" if name.startswith("the number") else ""


def as_sum(name: str) -> str:
    return ": is it a sum where a mean is meant?" if name.startswith("the number") else ""


def offsets(v: View) -> Iterator[Guess]:
    if v.expected.dtype.kind == "b":
        return
    for name, value in [("1", 1.0), *numbers_of(v.case)]:
        yield f"is too large by {name} everywhere", v.expected + value
        yield f"is too small by {name} everywhere", v.expected - value
    for name, array in arrays(v):
        if array.shape != v.expected.shape or array.size > 1:
            continue
        yield f"is too large by {name}", v.expected + array
    if v.came.shape == v.expected.shape and v.came.size > 2 and np.isfinite(v.came - v.expected).all():
        difference = float(f"{(v.came - v.expected).mean():.6g}")
        yield f"is off by {difference:g} everywhere", v.expected + difference


def quantities(v: View) -> Iterator[tuple[str, float]]:
    """Numbers that may be a factor too much or too little, by what they are; those of a case first."""
    scalars = list(numbers_of(v.case))
    yield from [("2", 2.0), ("3", 3.0)]
    for name, value in scalars:
        yield name, value
        yield f"{name}**2", value**2
        if isinstance(v.case.get(name), float):
            yield f"(1 - {name})", 1 - value
            yield f"(1 - {name})**2", (1 - value) ** 2
    sizes = list(sizes_of(v))
    yield from sizes
    for i, (a, m) in enumerate(scalars):
        for b, n in scalars[i + 1 :]:
            yield f"({a} * {b})", m * n
            if n:
                yield f"({a} / {b})", m / n
                yield f"({a} / {b})**2", (m / n) ** 2
    for name, value in [*scalars, *sizes]:
        if value >= 0:
            yield f"the square root of {name}", sqrt(value)
    for name, value in sizes:
        if value:
            yield f"(n - 1) / n, with n {name}", (value - 1) / value
    yield from [("the logarithm of 2", log(2)), ("the logarithm of 10", log(10)), ("the square root of 2", sqrt(2)),
                ("the square root of 3", sqrt(3))]  # fmt: skip


def sizes_of(v: View) -> Iterator[tuple[str, float]]:
    """Along the axes of the arrays in the case, of several of them together, and of the output."""
    for name, array in [*arrays(v), ("the output", v.expected)]:
        if name == "grad_y" or (array is v.expected and v.name.startswith("grad_")):
            continue
        for axis, size in enumerate(array.shape):
            yield f"the number along axis {axis} of {name}", float(size)
        if v.expected.size:
            yield f"the number of values of {name} for each of the result", array.size / v.expected.size
        if array.ndim == 4:
            yield f"the number of pixels of {name}", float(prod(array.shape[2:]))
            yield f"the number of images times pixels of {name}", float(prod(array.shape) / max(1, array.shape[1]))
        if array.ndim > 1:
            yield f"the number of all its values, {name}", float(array.size)
            yield f"the number along all axes but the first of {name}", float(array.size / max(1, len(array)))


def numbers_of(case: Case) -> Iterator[tuple[str, float]]:
    """The options and numbers of a case, by name."""
    for name, value in case.items():
        if isinstance(value, int | float | np.number) and not isinstance(value, bool):
            yield name, float(value)
        elif isinstance(value, tuple) and value and all(isinstance(part, int) for part in value):
            for i, part in enumerate(value):
                yield f"{name}[{i}]", float(part)
            if len(value) > 1:
                yield f"the product of {name}", float(prod(value))


def arrays(v: View) -> list[tuple[str, np.ndarray]]:
    """The arrays of floating point numbers in the case, by name."""
    return [(n, a) for n, a in v.case.items() if isinstance(a, np.ndarray) and a.dtype.kind == "f"]


# ---- the right numbers, elsewhere ----------------------------------------------------------------------------------


def order(v: View) -> Iterator[Guess]:
    """Axes exchanged, turned around."""
    e = v.expected
    if e.ndim == 2:
        yield "is transposed", e.T
        yield (
            "was reshaped where it had to be transposed: its numbers are those, in another order",
            e.T.reshape(e.shape),
        )
        yield (
            "was reshaped where it had to be transposed: its numbers are those, in another order",
            e.reshape(e.T.shape).T,
        )
    elif 2 < e.ndim <= 4:
        for axes in list(permutations(range(e.ndim)))[1:]:
            text = f"({', '.join(map(str, axes))})"
            yield f"has its axes in another order: it is the right one with transpose{text}", e.transpose(axes)
            other = e.transpose(axes)
            yield ("was reshaped where its axes had to be exchanged: its numbers are those, in another order",
                   other.reshape(e.shape))  # fmt: skip
            yield ("was reshaped where its axes had to be exchanged: its numbers are those, in another order",
                   e.reshape(other.shape).transpose(np.argsort(axes)))  # fmt: skip
    for axis in range(e.ndim):
        yield f"is the other way around along axis {axis}", np.flip(e, axis)
    if e.ndim > 1:
        yield f"is turned by 180 degrees: reversed along axes {e.ndim - 2} and {e.ndim - 1}", np.flip(e, (-2, -1))
        yield "is reversed along all axes", np.flip(e)


def shifts(v: View) -> Iterator[Guess]:
    e = v.expected
    for axis in range(e.ndim):
        if not e.shape[axis]:
            continue
        for by in (1, -1):
            rolled = np.roll(e, by, axis)
            yield f"is shifted by {by} along axis {axis}, and goes around", rolled
            cut = np.moveaxis(rolled.copy(), axis, 0)
            cut[0 if by > 0 else -1] = 0
            yield f"is shifted by {by} along axis {axis}", np.moveaxis(cut, 0, axis)
    for axis in range(e.ndim):
        if e.shape[axis]:
            for word, index in (("first", 0), ("last", -1)):
                only = np.zeros_like(e)
                np.moveaxis(only, axis, 0)[index] = np.moveaxis(e, axis, 0)[index]
                yield f"is right at the {word} index of axis {axis}, and 0 at all others", only
                rest = np.array(e)
                np.moveaxis(rest, axis, 0)[index] = 0
                yield f"is right but for the {word} index of axis {axis}, where it is 0", rest
                copied = np.take(e, [index], axis)
                yield (
                    f"has what belongs to the {word} index of axis {axis} everywhere",
                    np.broadcast_to(copied, e.shape),
                )


def sums(v: View) -> Iterator[Guess]:
    """Added up, or averaged, over an axis too many; or not at all."""
    e, came = v.expected, v.came
    for axis in range(e.ndim):
        if not e.shape[axis]:
            continue
        for how, value in (("added up", e.sum(axis, keepdims=True)), ("averaged", e.mean(axis, keepdims=True)),
                           ("multiplied", e.prod(axis, keepdims=True))):  # fmt: skip
            text = f"is {how} over axis {axis}, which has to stay"
            yield text, value
            yield text, value.squeeze(axis)
            yield text, np.broadcast_to(value, e.shape)
        for how, parts in (("added up step by step", e.cumsum(axis)), ("normalized", normalized(e, axis))):
            yield f"is {how} along axis {axis}", parts
    if came.ndim <= e.ndim and came.shape == e.shape:
        return
    for count in (1, 2, 3):
        for axes in combinations(range(came.ndim), count):
            names = " and ".join(map(str, axes))
            with np.errstate(all="ignore"):
                for keep in (False, True):
                    added = came.sum(axes, keepdims=keep)
                    if added.shape == e.shape:
                        # As a guess about what came: it is what came where it adds up to what is right.
                        fits = np.allclose(added, e, atol=1e-6 * max(1.0, float(np.abs(e).max(initial=0))))
                        yield f"is not added up yet over axis {names}", came if fits else None
                        fits = np.allclose(came.mean(axes, keepdims=keep), e)
                        yield f"is not averaged yet over axis {names}", came if fits else None


def reductions(v: View) -> Iterator[Guess]:
    """One number, or an array of the case added up over other axes."""
    e = v.expected
    if e.size > 1:
        for how, number in (("the sum", e.sum()), ("the mean", e.mean()), ("the largest", e.max()),
                            ("the smallest", e.min())):  # fmt: skip
            yield f"is one number alone, {how} of the right ones", number
            yield f"is the same everywhere, {how} of the right ones", np.full(e.shape, number)
    for name, array in arrays(v):
        for count in range(1, array.ndim + 1):
            for axes in combinations(range(array.ndim), count) if array.size else ():
                over = f"over ax{'i' if count == 1 else 'e'}s {', '.join(map(str, axes))}"
                for how, reduce in (("added up", np.sum), ("averaged", np.mean), ("at its largest", np.max)):
                    value = reduce(array, axis=axes, keepdims=True)
                    yield f"is {name}, {how} {over}", value.squeeze(axes)
                    yield f"is {name}, {how} {over}", value
                    if value.ndim == e.ndim and all(a in (1, b) for a, b in zip(value.shape, e.shape, strict=True)):
                        yield f"is {name}, {how} {over}", np.broadcast_to(value, e.shape)


def pairs(v: View) -> Iterator[Guess]:
    """Two arrays of the case put together in another way."""
    several = arrays(v)
    for i, (a, x) in enumerate(several):
        for b, y in several[i + 1 :]:
            if x.shape == y.shape:
                yield f"is {a} * {b}", x * y
                yield f"is {a} + {b}", x + y
                yield f"is {a} - {b}", x - y
                yield f"is {b} - {a}", y - x
                yield f"is {a} / {b}", x / y
                yield f"is {b} / {a}", y / x
            if x.ndim == y.ndim == 2:
                for text, left, right in (
                    (f"{a} @ {b}", x, y), (f"{a}.T @ {b}", x.T, y), (f"{a} @ {b}.T", x, y.T),
                    (f"{b} @ {a}", y, x), (f"{b}.T @ {a}", y.T, x), (f"{b} @ {a}.T", y, x.T),
                ):  # fmt: skip
                    if left.shape[1] == right.shape[0]:
                        yield f"is the matrix product {text}", left @ right


def normalized(e: np.ndarray, axis: int) -> np.ndarray:
    with np.errstate(all="ignore"):
        return e / e.sum(axis, keepdims=True)


def shapes(v: View) -> Iterator[Guess]:
    """The right numbers in another shape."""
    came, e = v.came, v.expected
    if came.shape == e.shape:
        return
    if came.size == e.size:
        same = e.reshape(came.shape)
        without = tuple(n for n in came.shape if n != 1) == tuple(n for n in e.shape if n != 1)
        text = "an axis of size 1 is missing" if came.ndim < e.ndim else "an axis of size 1 is too much"
        yield (f"has the right numbers, but {text}" if without else "has the right numbers in another shape"), same
    for axis in range(min(e.ndim, came.ndim)):
        if came.ndim == e.ndim and came.shape[axis] < e.shape[axis]:
            n = came.shape[axis]
            yield f"stops early: the last ones of axis {axis} are missing", np.take(e, range(n), axis)
            yield (
                f"begins late: the first ones of axis {axis} are missing",
                np.take(e, range(e.shape[axis] - n, e.shape[axis]), axis),
            )
    if came.ndim >= e.ndim and came.size > e.size:
        with contextlib.suppress(ValueError):
            yield "is there several times over: it was broadcast", np.broadcast_to(e, came.shape)


# ---- a function of the right one, the right one for other inputs ---------------------------------------------------


def functions(v: View) -> Iterator[Guess]:
    e = v.expected
    if e.dtype.kind != "f":
        return
    with np.errstate(all="ignore"):
        yield (
            "has lost what stands behind the point: is it an array of whole numbers, or // in place of /?",
            np.trunc(e),
        )
        yield "is rounded down: // in place of /?", np.floor(e)
        yield "is rounded to whole numbers", np.round(e)
        yield "is rounded up", np.ceil(e)
        yield "is 0 where it has to be negative", np.maximum(e, 0)
        yield "is 0 where it has to be positive", np.minimum(e, 0)
        yield "is cut off at 1", np.minimum(e, 1)
        yield "is cut off at -1 and 1", np.clip(e, -1, 1)
        yield "is cut off at 0 and 1", np.clip(e, 0, 1)
        yield "is only the sign of the right one", np.sign(e)
        yield "is the right one squared", e * e
        yield "is the square root of the right one", np.sqrt(e)
        yield "is 1 divided by the right one", 1 / e
        yield "is 1 minus the right one", 1 - e
        yield "is the logarithm of the right one", np.log(e)
        yield "is e to the power of the right one", np.exp(e)
        yield "is only as exact as float16: take the dtype of the input", e.astype(np.float16).astype(e.dtype)
        for name, array in arrays(v):
            if array.shape == e.shape and array.size > 1:
                yield f"has {name} added to it", e + array
                yield f"has {name} subtracted from it", e - array


def changed_inputs(v: View) -> Iterator[Guess]:
    """What the solution gives where one thing of the case is another."""
    for name, text, value in changes(v.case):
        if value is not None:
            yield f"is what is right {text}", lambda name=name, value=value: v.solve({**v.case, name: value})
    for name, x in arrays(v):
        if name != "grad_y":
            yield (
                f"is what is right for -{name} with the sign turned around: the smallest in place of the largest?",
                lambda name=name, x=x: turned(v.solve({**v.case, name: -x})),
            )


def cut_out(v: View) -> Iterator[Guess]:
    """A part of an array, though not the one that belongs there."""
    for name, array in arrays(v):
        for axis, size in enumerate(array.shape):
            if array.ndim == v.came.ndim and array.shape[:axis] == v.came.shape[:axis] and size > v.came.shape[axis]:
                n = v.came.shape[axis]
                for start in range(size - n + 1):
                    part = np.take(array, range(start, start + n), axis)
                    yield f"is cut out of {name} at the wrong place", part


def changes(case: Case) -> Iterator[tuple[str, str, Any]]:
    """(name, what is said of it, what stands in its place)."""
    for name, value in case.items():
        if isinstance(value, np.ndarray) and value.dtype.kind == "f":
            for text, new in other_arrays(name, value, case):
                yield name, f"for {text} in place of {name}", new
            for text, new in parts_of(value):
                yield name, text.format(name), new
        elif isinstance(value, np.ndarray) and value.dtype.kind == "i":
            for text, new in ((f"{name} + 1", value + 1), (f"{name} - 1", value - 1), ("the reverse", value[::-1]),
                              ("that of the first, for all,", np.broadcast_to(value[:1], value.shape)),
                              ("that of the last, for all,", np.broadcast_to(value[-1:], value.shape))):  # fmt: skip
                yield name, f"for {text} in place of {name}", new.copy()
        elif isinstance(value, bool):
            yield name, f"for {name}=False, always", False
            yield name, f"for {name}=True, always", True
            yield name, f"for the opposite of {name}", not value
        elif isinstance(value, int):
            for other, n in case.items():
                if other != name and isinstance(n, int) and not isinstance(n, bool):
                    yield name, f"for {other} in place of {name}", n
            others = {f"{name} + 1": value + 1, f"{name} - 1": value - 1, "1": 1, "0": 0, f"2 * {name}": 2 * value,
                      f"{name} // 2": value // 2}  # fmt: skip
            yield from ((name, f"for {text} in place of {name}", number) for text, number in others.items())
        elif isinstance(value, float):
            near = {f"1 - {name}": 1 - value, f"{name} / 2": value / 2, f"2 * {name}": 2 * value,
                    f"{name}**2": value**2, f"-{name}": -value, "0": 0.0, "1": 1.0}  # fmt: skip
            yield from ((name, f"for {text} in place of {name}", number) for text, number in near.items())
        elif isinstance(value, tuple) and len(value) == 2:
            yield name, f"for {name} the other way around", value[::-1]
            yield name, f"for the first of {name} along both axes", (value[0], value[0])
            yield name, f"for the second of {name} along both axes", (value[1], value[1])


def other_arrays(name: str, x: np.ndarray, case: Case) -> Iterator[tuple[str, np.ndarray]]:
    """What may stand in place of an array."""
    yield "ones", np.ones_like(x)
    yield "zeros", np.zeros_like(x)
    yield f"|{name}|", np.abs(x)
    yield f"-{name}", -x
    yield f"the square of {name}", x * x
    yield f"{name} / 2", x / 2
    yield f"2 * {name}", 2 * x
    yield f"{name} * log(2) (a power of 2 in place of e?)", x * log(2)
    yield f"the sign of {name}", np.sign(x)
    yield f"{name} + 1", x + 1
    yield f"{name} - 1", x - 1
    yield f"max({name}, 0)", np.maximum(x, 0)
    if x.ndim and x.size:
        yield "their mean", np.full_like(x, x.mean())
        yield f"{name} - mean", x - x.mean()
        yield f"the last of axis 0 of {name}, for all,", np.broadcast_to(x[-1:], x.shape).copy()
        yield f"the first of axis 0 of {name}, for all,", np.broadcast_to(x[:1], x.shape).copy()
    for axis in range(x.ndim):
        yield f"{name} reversed along axis {axis}", np.flip(x, axis).copy()
    if x.ndim > 1:
        yield f"{name} turned by 180 degrees", np.flip(x, (-2, -1)).copy()
        if x.shape[-1] == x.shape[-2]:
            yield f"{name} transposed", x.swapaxes(-1, -2).copy()
        if x.ndim > 2 and x.shape[0] == x.shape[1]:
            yield f"{name} with axes 0 and 1 exchanged", x.swapaxes(0, 1).copy()
        yield f"{name} read by columns (reshaped, not transposed)", x.T.reshape(x.shape).copy()
    for other, y in case.items():
        if other != name and isinstance(y, np.ndarray) and y.shape == x.shape and y.dtype.kind == "f":
            yield other, y.copy()


def parts_of(x: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    """Something of an array alone comes into it, or is left out: the others are 0."""
    for axis in range(x.ndim):
        for word, index in (("first", 0), ("last", -1)):
            only, rest = np.zeros_like(x), x.copy()
            if x.shape[axis]:
                np.moveaxis(only, axis, 0)[index] = np.moveaxis(x, axis, 0)[index]
                np.moveaxis(rest, axis, 0)[index] = 0
            yield f"with the {word} index of axis {axis} of {{}} alone: the others do not come into it", only
            yield f"without the {word} index of axis {axis} of {{}}", rest
