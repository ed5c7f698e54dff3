"""The right gradient times something: nothing, zero, a number, a sign, a size, an array that is around."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from minicnn.gradcheck.diagnosis.evidence import Axes, Evidence, aligned, alignments, axes_name, sets_of_axes, several

ENOUGH = 3  # so many elements must agree before a number that comes from nowhere is called the factor


def not_finite(e: Evidence) -> str:
    bad = np.sum(~np.isfinite(e.found))
    return f"It is not finite in {bad} elements." if bad else ""


def zero(e: Evidence) -> str:
    return "" if e.found.any() else "It is zero everywhere: this input was forgotten, or cut out of the graph."


def constant_factor(e: Evidence) -> str:
    """grad_x = factor * the true one."""
    square = float((e.expected * e.expected).sum())
    factor = float((e.found * e.expected).sum()) / square if square else 0.0
    if not factor or not e.explains(factor * e.expected):
        return ""
    if abs(factor + 1) < 1e-3:
        return "It has the wrong sign."
    certain, perhaps = _where_from(abs(factor), e)
    if not certain and not perhaps and np.sum(e.expected != 0) < ENOUGH:
        return ""  # any number is the right one times some factor
    origin = f", {certain}" if certain else ""
    hint = f" Perhaps that is {several(perhaps)}." if perhaps else ""
    sign = " and has the wrong sign" if factor < 0 else ""
    return f"It is the right one times {factor:.6g}{origin}{sign}.{hint}"


def _where_from(factor: float, e: Evidence) -> tuple[str, list[str]]:
    """What the factor comes from, where only one constant or size fits; else all that it could come from."""

    def is_close(value: float) -> bool:
        return value not in (0, 1) and math.isfinite(value) and abs(factor / value - 1) < 1e-4

    for name, p in e.constants.items():
        if name.startswith("p of ") and 0 < p < 1:
            for text, value in {
                f"1 - {name}": 1 - p, f"1 / (1 - {name})": 1 / (1 - p), f"1 / {name}": 1 / p, name: p,
                f"(1 - p) / p, with {name}: 1 / p stands for 1 / (1 - p)": (1 - p) / p,
            }.items():  # fmt: skip
                if is_close(value):
                    return f"{text}: dropout's scale", []
    constants = [(name, c) for name, c in e.constants.items() if c and not name.startswith("axis of ")]
    found = [name for name, c in constants if is_close(c)]
    found += [f"1 / {name}" for name, c in constants if is_close(1 / c)]
    sizes = list(_sizes(e))
    fewest = min((len(axes) for _, axes, size in sizes if is_close(size) or is_close(1 / size)), default=0)
    found += [name for name, axes, size in sizes if is_close(size) and len(axes) == fewest]
    found += [f"1 / {name}" for name, axes, size in sizes if is_close(1 / size) and len(axes) == fewest]
    roots = [text for name, _, size in sizes for text, value in _with_roots(name, size) if is_close(value)][:1]
    for n in (2, 3):
        if is_close(n) or is_close(1 / n):
            return "", [f"the {n} of a derivative", *(found or roots)]  # of x^2, of sqrt(x), of tanh(x/2), of x^3
    if len(found) == 1:
        return found[0], []
    if not found:
        single = [(name, size) for name, axes, size in sizes if len(axes) == 1]
        ratios = [f"{a} over {b}" for a, n in single for b, m in single if n != m and is_close(n / m)]
        found = ratios[:2] + roots
    if not found:
        for base in (2, 10):
            for text, value in {f"log {base}": math.log(base), f"1 / log {base}": 1 / math.log(base)}.items():
                if is_close(value):
                    return text, []
    return "", found


def _with_roots(name: str, n: int) -> list[tuple[str, float]]:
    """What else is made of a size: a variance's n / (n - 1), attention's 1 / sqrt(n)."""
    return [(f"n / (n - 1), n = {n}, {name}", n / (n - 1)), (f"(n - 1) / n, n = {n}, {name}", (n - 1) / n),
            (f"the square root of {name}", n**0.5), (f"1 / the square root of {name}", n**-0.5)]  # fmt: skip


def _sizes(e: Evidence) -> list[tuple[str, Axes, int]]:
    """The sizes of all axes, and of axes together: of x, of the other inputs, of the output where it differs."""
    shapes = [("", e.found.shape)]
    shapes += [(f" of inputs[{i}]", x.shape) for i, x in enumerate(e.inputs) if i != e.number]
    shapes += [(" of the output", y.shape) for y in e.outputs]
    sizes: list[tuple[str, Axes, int]] = []
    inputs = [x.shape for x in e.inputs]
    for whose, shape in shapes:
        for axes in sets_of_axes(len(shape)):
            size = math.prod(shape[axis] for axis in axes)
            told = "output" in whose and (axes == (0,) or shape in inputs) and any((axes, size) == s[1:] for s in sizes)
            if all(shape[axis] != 1 for axis in axes) and size > 1 and not told:
                sizes.append((f"the size of {axes_name(axes)}{whose}", axes, size))
    return sizes


def signs(e: Evidence) -> str:
    if e.explains(np.copysign(e.expected, e.found)):
        return f"It has the wrong sign in {np.sum(e.wrong)} of {e.wrong.size} elements."
    return ""


def array_factor(e: Evidence) -> str:
    """The right gradient times, or divided by, an array that is around: an input, the output, 1 minus one of them."""
    arrays = [*e.arrays(), *(("the gradient it is given", g) for g in e.cotangents)]
    for name, array in arrays:
        for text, value in _powers(name, array):
            for axes in alignments(value.shape, e.found.shape):
                factor = aligned(value, axes, e.found.shape)
                with np.errstate(all="ignore"):
                    if factor.all() and e.explains(e.expected / factor):
                        return f"The factor {text} is missing."
                    if e.explains(e.expected * factor):
                        return f"The factor {text} is there once too often."
    return ""


def _powers(name: str, v: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    yield from [(name, v), (f"1 - {name}", 1 - v), (f"{name} squared", v * v), (f"|{name}|", np.abs(v))]
    if np.abs(v).max(initial=0) < 100:
        s = 1 / (1 + np.exp(-v))
        yield from [(f"s (1 - s), the derivative of s = sigmoid({name}),", s * (1 - s)), (f"sigmoid({name})", s),
                    (f"1 - t^2, the derivative of t = tanh({name}),", 1 - np.tanh(v) ** 2),
                    (f"1 - t^2, the derivative of tanh where t = {name},", 1 - v * v),
                    (f"e^{name}", np.exp(v))]  # fmt: skip
    if v.ndim > 1 and v.size:
        e_x = np.exp(v - v.max(axis=1, keepdims=True))
        yield f"softmax({name})", e_x / e_x.sum(axis=1, keepdims=True)


def several_factors(e: Evidence) -> str:
    """As where windows of different sizes are all divided by the same number."""
    nonzero = np.abs(e.expected) > 1e-7 * np.abs(e.expected).max(initial=0)
    if np.abs(e.found[~nonzero]).max(initial=0) > 1e-5 or np.sum(nonzero) < 4:
        return ""
    factors, counts = np.unique(np.round(e.found[nonzero] / e.expected[nonzero], 3), return_counts=True)
    if len(factors) > max(2, np.sum(nonzero) // 3) or len(factors) > 8 or np.abs(factors - 1).max() < 0.05:
        return ""
    text = ", ".join(f"{factor:g} ({count} elements)" for factor, count in zip(factors, counts, strict=True))
    return f"It is the right one times a factor that differs from place to place: {text}."


def factor_along(e: Evidence) -> str:
    """The right gradient times a number for each index of one axis: the size of a group, a weight, a norm."""
    for axis, size in enumerate(e.found.shape):
        rest = tuple(i for i in range(e.found.ndim) if i != axis)
        if size < 2 or e.found.size // size < ENOUGH:
            continue
        with np.errstate(all="ignore"):
            factors = (e.found * e.expected).sum(axis=rest) / (e.expected * e.expected).sum(axis=rest)
        if np.isfinite(factors).all() and e.explains(aligned(factors, (axis,), e.found.shape) * e.expected):
            some = ", ".join(f"{factor:.4g}" for factor in factors[:6]) + (", ..." if size > 6 else "")
            return f"It is the right one times a factor that changes along axis {axis} alone: {some}."
    return ""
