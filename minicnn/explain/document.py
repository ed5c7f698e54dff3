"""What a worked example is made of, before it is text on a terminal or a page.

An Explanation is a list of sections, a section a list of items: prose, a formula, arrays in aligned numbers, one number
traced to what it was made of, and checks that several ways agree.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

Index = tuple[int, ...]


@dataclass(frozen=True)
class Prose:
    """A paragraph. It is wrapped where it is shown."""

    text: str


@dataclass(frozen=True)
class Formula:
    """Lines that are shown as they are; 76 characters of each fit a terminal, longer ones are wrapped there."""

    lines: tuple[str, ...]


@dataclass(frozen=True)
class Numbers:
    """An array with its name, shown in aligned columns; `marked` elements stand out (color, and [ ] without color).

    With more than two axes it is shown matrix by matrix, x[0,0], x[0,1]; of a large one what lies around the marked
    elements. A name such as "weight[1]" says that the array is a part of another. note: what stands beside the name.
    """

    name: str
    array: np.ndarray
    marked: tuple[Index, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class Beside:
    """Arrays and symbols next to each other where there is room (patches @ kernels = y), else below each other."""

    parts: tuple[Numbers | str, ...]


@dataclass(frozen=True)
class Trace:
    """One number and what it was made of: result = the sum (or whatever `how` says) of the terms.

    terms: (what it is, such as "x[0,1,2] * w[0,0,1,2]"; its factors in numbers, () for none; their product).
    AssertionError where a term is not the product of its factors, or a sum is not that of its terms.
    """

    name: str
    value: float
    terms: tuple[tuple[str, tuple[float, ...], float], ...]
    how: str = "sum"

    def __post_init__(self) -> None:
        for what, factors, product in self.terms:
            if factors and not math.isclose(math.prod(factors), product, rel_tol=1e-6):
                raise AssertionError(f"{self.name}: {what} is {product:g}, its factors give {math.prod(factors):g}")
        products = [product for _, _, product in self.terms]
        largest = max(map(abs, products), default=0.0)
        if self.how == "sum" and not math.isclose(sum(products), self.value, rel_tol=1e-6, abs_tol=1e-6 * largest):
            raise AssertionError(f"{self.name} is {self.value:g}, its terms add up to {sum(products):g}")


@dataclass(frozen=True)
class Agreement:
    """The same numbers found in several ways. AssertionError, naming the two, where one is further off than `within`.

    ways: {"the loops": array, "the library": array, "differences": array}; within: a part of the largest number.
    """

    what: str
    ways: Mapping[str, np.ndarray]
    within: float = 1e-6

    def __post_init__(self) -> None:
        (first, expected), *others = self.ways.items()
        for name, found in others:
            if np.shape(found) != np.shape(expected):
                raise AssertionError(f"{self.what}: {first} gives shape {np.shape(expected)}, {name} {np.shape(found)}")
            # Differences of numbers around 1 are not exact to the last digit, even where the slope is 0.
            smallest = 1e-3 if name == "differences" else 1e-6
            limit = self.within * max(smallest, float(np.max(np.abs(expected), initial=0)))
            if not np.allclose(found, expected, rtol=0, atol=limit):
                raise AssertionError(
                    f"{self.what}: {first} and {name} differ by {self.off():.3g}, expected {limit:.3g}"
                )

    def off(self) -> float:
        """The largest difference between the first way and any other."""
        first, *others = self.ways.values()
        return max((float(np.max(np.abs(first - other), initial=0)) for other in others), default=0.0)


Item = Prose | Formula | Numbers | Beside | Trace | Agreement


@dataclass(frozen=True)
class Section:
    title: str
    items: Sequence[Item]


@dataclass
class Explanation:
    """A worked example of one operation. `print` it, or write `html()` to a file; a notebook shows the page.

    made_of: for the page, where pointing at a number lights up what it was made of. {"y": f} with f(index of a number
    of y) = {"x": indices of numbers of x, "weight": ...}; names are those of `Numbers` without their brackets.
    """

    title: str
    sections: list[Section] = field(default_factory=list)
    made_of: Mapping[str, Callable[[Index], Mapping[str, Sequence[Index]]]] = field(default_factory=dict)

    def text(self, color: bool = False) -> str:
        """Lines of 80 columns at most; with color for terminals that have it."""
        from minicnn.explain.terminal import text

        return text(self, color)

    def html(self) -> str:
        """A page of its own, which needs nothing but a browser."""
        from minicnn.explain.page import page

        return page(self)

    def _repr_html_(self) -> str:
        from minicnn.explain.page import frame

        return frame(self)

    def __str__(self) -> str:
        return self.text()
