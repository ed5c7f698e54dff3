"""What is shown of an array: matrix by matrix, numbers as text; of a large one what lies around the marked elements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from minicnn.explain.document import Index, Numbers, Trace

COLUMNS, MATRICES = 18, 4  # so many of an array are shown at most
WHOLE, ROWS = 16, 10  # so many rows are shown whole; of more of them, so many
UNMARKED = 4  # rows and columns of a large one of which nothing is marked, and one matrix
AROUND = 1  # rows and columns beside the marked ones, where there is not room for all
LEFT_OUT = ".."
FIRST_TERMS, LAST_TERMS = 9, 2  # of a number that is made of many


Cell = tuple[str, Index, bool]  # text, index in the whole array, () for LEFT_OUT, and whether it is marked


@dataclass(frozen=True)
class Matrix:
    """A matrix of an array, or a window of it."""

    name: str
    cells: list[list[Cell]]


def matrices(numbers: Numbers, room: int = 10**6) -> tuple[list[Matrix], int]:
    """The matrices that are shown, none wider than `room` characters, and how many are left out."""
    array = np.asarray(numbers.array)
    missing = max(0, 2 - array.ndim)  # axes: a vector is shown as one row, a number as a matrix of one element
    whole: np.ndarray = array.reshape((1,) * missing + array.shape)
    base, outer = base_of(numbers.name)
    marked: dict[Index, set[Index]] = {}  # of each matrix
    for mark in numbers.marked:
        mark = (0,) * missing + tuple(mark)
        marked.setdefault(mark[:-2], set()).add(mark[-2:])
    every = list(np.ndindex(whole.shape[:-2]))
    hits = [i for i, index in enumerate(every) if index in marked]
    chosen = places(len(every), hits, MATRICES) if hits or len(every) <= MATRICES else [0]
    shown = [(every[i], marked.get(every[i], set())) for i in chosen if i is not None]

    height = whole.shape[-2]
    most_rows = height if height <= WHOLE else ROWS
    rows = [places(height, sorted({row for row, _ in marks}), most_rows) for _, marks in shown]
    values = [
        whole[index][[row for row in some if row is not None]] for (index, _), some in zip(shown, rows, strict=True)
    ]
    digits = decimals(np.concatenate([np.ravel(value) for value in values]) if values else whole)
    width = max((len(written(v, digits)) for value in values for v in np.ravel(value)), default=1)
    most = max(3, min(COLUMNS, (room - 1) // (width + 1)))

    found = []
    for (index, marks), some in zip(shown, rows, strict=True):
        columns = places(whole.shape[-1], sorted({column for _, column in marks}), most)

        def cell(row: int | None, column: int | None, index: Index = index, marks: set[Index] = marks) -> Cell:
            if row is None or column is None:
                return LEFT_OUT, (), False
            place = (*index, row, column)[missing:]
            return written(whole[index][row, column], digits), (*outer, *place), (row, column) in marks

        parts = [*map(str, outer), *map(str, index[missing:])]
        if None in some or None in columns:
            parts += [span(some)] * (array.ndim > 1) + [span(columns)]
        name = base + (f"[{','.join(parts)}]" if parts else "")
        found.append(Matrix(name, [[cell(row, column) for column in columns] for row in some]))
    return found, len(every) - len(shown)


def base_of(name: str) -> tuple[str, Index]:
    """ "weight[1]" -> ("weight", (1,)): the array that this is a part of, and which."""
    base, bracket, inside = name.partition("[")
    digits = inside.removesuffix("]").split(",")
    if bracket and inside.endswith("]") and all(digit.isdigit() for digit in digits):
        return base, tuple(map(int, digits))
    return name, ()


def places(length: int, marked: Sequence[int], most: int) -> list[int | None]:
    """Which of `length` are shown, `most` at most: all, or those around the marked; None where some are left out."""
    if length <= most:
        return list(range(length))
    first, last = (marked[0], marked[-1]) if marked else (0, min(most - 2, UNMARKED - 1))
    if last - first + 1 > most - 2 and marked:  # both ends of what is marked
        half = max(1, (most - 3) // 2)
        chosen = [*range(first, first + half), *range(last - half + 1, last + 1)]
    else:
        around = min(AROUND, (most - 2 - (last - first + 1)) // 2) if marked else 0
        chosen = list(range(max(0, first - around), min(length, last + around + 1)))
    found: list[int | None] = [] if chosen[0] == 0 else [None]
    for one, following in zip(chosen, [*chosen[1:], length], strict=True):
        found += [one] if following == one + 1 else [one, None]
    return found


def span(shown: Sequence[int | None]) -> str:
    """As a slice: 3:7; .. where it has several parts."""
    there = [one for one in shown if one is not None]
    return f"{there[0]}:{there[-1] + 1}" if there[-1] - there[0] + 1 == len(there) else LEFT_OUT


# ---- numbers as text ---------------------------------------------------------------------------------------------


def decimals(values: np.ndarray) -> int:
    """How many digits behind the point these numbers need, 4 significant ones at most; -1: the scientific notation."""
    values = np.abs(np.asarray(values, np.float64))
    values = values[np.isfinite(values)]
    largest = float(values.max(initial=0))
    rounding = np.clip(1e-9 * largest, 1e-14, 1e-9)  # what is left of 0.1 + 0.2 - 0.3 is no digit, 1e-10 alone is
    for digits in range(4):
        if np.allclose(values, np.round(values, digits), rtol=0, atol=rounding):
            return digits if largest < 1e7 else -1
    if largest >= 1e6 or largest < 1e-3:
        return -1
    return int(np.clip(3 - np.floor(np.log10(largest)), 1, 6))


def written(value: float, digits: int) -> str:
    """A number with so many digits behind the point; see `decimals`."""
    text = f"{value:.3e}" if digits < 0 and value else f"{value:.{max(0, digits)}f}"
    return text.removeprefix("-") if not text.strip("-0.") else text  # no -0


def aligned(values: Sequence[float]) -> list[str]:
    """Numbers with equally many digits behind the point, all equally long."""
    digits = decimals(np.asarray(values, np.float64))
    texts = [written(value, digits) for value in values]
    width = max(map(len, texts), default=0)
    return [text.rjust(width) for text in texts]


def trace_rows(trace: Trace) -> tuple[list[tuple[str, str, str]], str]:
    """(what a term is, its factors, their product) in aligned texts, and the result; of many terms some."""
    few = len(trace.terms) <= FIRST_TERMS + 1 + LAST_TERMS
    terms = [*trace.terms] if few else [*trace.terms[:FIRST_TERMS], *trace.terms[-LAST_TERMS:]]
    *products, result = aligned([*(product for _, _, product in terms), trace.value])
    columns = []
    for k in range(max((len(factors) for _, factors, _ in terms), default=0)):
        there = iter(aligned([factors[k] for _, factors, _ in terms if len(factors) > k]))
        columns.append([next(there) if len(factors) > k else None for _, factors, _ in terms])
    factors = [" * ".join(text for column in columns if (text := column[i]) is not None) for i in range(len(terms))]
    rows = [(what, text, product) for (what, _, _), text, product in zip(terms, factors, products, strict=True)]
    if not few:
        left_out = trace.terms[FIRST_TERMS:-LAST_TERMS]
        digits = decimals(np.array([*(product for _, _, product in terms), trace.value]))
        together = written(sum(product for _, _, product in left_out), digits) if trace.how == "sum" else ""
        rows.insert(FIRST_TERMS, (f"... and {len(left_out):,} more", "", together.rjust(len(result))))
    return rows, result


def number(value: float) -> str:
    """A number by itself, with as few digits as it needs."""
    return written(float(value), decimals(np.asarray(value)))
