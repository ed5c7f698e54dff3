"""Arrays in a message: small ones whole, of large ones what lies around the first wrong number."""

from __future__ import annotations

from typing import Any

import numpy as np

WIDTH = 80
LARGEST = 64  # numbers of an array that are shown whole
AROUND = (5, 6)  # rows and columns of a larger one


def array_lines(name: str, value: np.ndarray) -> list[str]:
    """An array below its name; of a large one only what it is like."""
    head = f"  {name}, shape {value.shape}"
    if value.size > LARGEST:
        return [f"{head}, from {number(value.min())} to {number(value.max())}"]
    return [head, *in_brackets(written(value, decimals(value)), value.shape)]


def compared_lines(name: str, came: np.ndarray, expected: np.ndarray, wrong: np.ndarray) -> list[str]:
    """Two arrays of one shape, one below the other, number below number; those that are wrong have a *."""
    title = f"{name}, shape {came.shape}"
    if came.size > LARGEST:
        place = neighborhood(came.shape, np.argwhere(wrong)[0])
        came, expected, wrong = came[place], expected[place], wrong[place]
        title += f"; of it {name}[{', '.join(in_slice(part) for part in place)}]"
    digits = decimals(came, expected, wrong)
    marked = [f"*{text}" if bad else text for text, bad in zip(written(came, digits), wrong.flat, strict=True)]
    right = written(expected, digits)
    width = max(map(len, marked + right))
    lines = [f"  {title}, came", *in_brackets([text.rjust(width) for text in marked], came.shape)]
    return [*lines, "  expected", *in_brackets([text.rjust(width) for text in right], came.shape)]


def neighborhood(shape: tuple[int, ...], place: np.ndarray) -> tuple[int | slice, ...]:
    """An index for a few rows and columns around a place, in the image that it lies in."""
    index: list[int | slice] = [int(i) for i in place]
    for axis, most in zip(range(-1, -1 - min(2, len(shape)), -1), reversed(AROUND), strict=False):
        length = shape[axis]
        start = min(max(0, int(place[axis]) - most // 2), max(0, length - most))
        index[axis] = slice(start, min(length, start + most))
    return tuple(index)


def in_slice(part: int | slice) -> str:
    return f"{part.start}:{part.stop}" if isinstance(part, slice) else str(part)


def in_brackets(texts: list[str], shape: tuple[int, ...]) -> list[str]:
    """Numbers that are texts already, set as NumPy sets an array."""
    width = max(map(len, texts), default=0)
    numbers = np.arange(len(texts)).reshape(shape)
    formatter: Any = {"int": lambda i: texts[i].rjust(width)}
    text = np.array2string(numbers, formatter=formatter, max_line_width=WIDTH - 6, separator=" ", threshold=10**6)
    return ["      " + line for line in text.splitlines() if line.strip()]


def decimals(value: np.ndarray, other: np.ndarray | None = None, wrong: np.ndarray | None = None) -> int:
    """As many digits behind the point as are needed, up to 4; more only where what is wrong would look right.

    -1 stands for the scientific notation, for what is very large or very small.
    """
    numbers = np.concatenate([np.ravel(a).astype(np.float64) for a in (value, other) if a is not None])
    numbers = numbers[np.isfinite(numbers)]
    largest = np.abs(numbers).max(initial=0)
    if largest >= 1e6 or 0 < largest < 1e-3:
        return -1
    digits = next((d for d in range(4) if np.allclose(numbers, np.round(numbers, d), rtol=0, atol=5e-5)), 4)
    while other is not None and wrong is not None and digits < 9 and wrong.any():
        both = zip(written(value[wrong], digits), written(other[wrong], digits), strict=True)
        if all(came != expected for came, expected in both):
            break
        digits += 1
    return digits


def written(values: np.ndarray, digits: int) -> list[str]:
    """Every number with so many digits behind the point."""
    if values.dtype.kind == "b":
        return [str(bool(v)) for v in values.flat]
    if digits < 0:
        return [f"{float(v):.3e}" for v in values.flat]
    return [f"{round(float(v), digits) + 0.0:.{digits}f}" for v in values.flat]  # + 0.0: no -0


def number(value: Any) -> str:
    """One number, with up to six digits."""
    value = np.asarray(value)
    return str(bool(value)) if value.dtype.kind == "b" else f"{float(value):.6g}"
