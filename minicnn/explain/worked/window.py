"""A window that slides over an image, as in a convolution and a pool: what it has under it, and where it was."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from minicnn.explain.document import Index, Numbers
from minicnn.functional import checks
from minicnn.functional.im2col import output_size
from minicnn.functional.pooling import Windows

Pair = tuple[int, int]
MOST_PLACES = 1 << 17  # of a window, over which plain loops walk
MOST_IN_PATCHES = 1 << 25  # numbers in the patches of an image


@dataclass(frozen=True)
class Window:
    """size: of the image, (H, W). places: how many the window has, (OH, OW)."""

    size: Pair
    kernel: Pair
    stride: Pair
    padding: Pair
    places: Pair

    @classmethod
    def fitting(cls, operation: str, x: np.ndarray, kernel_size: Any, stride: Any, padding: Any) -> Window:
        """The window of a convolution over images x (N, C, H, W). ValueError where the example would be too large."""
        checks.ndim(operation, "x", x, 4, "(N, C, H, W)")
        kernel = checks.pair(operation, "kernel_size", kernel_size, minimum=1)
        stride, padding = (
            checks.pair(operation, "stride", stride, minimum=1),
            checks.pair(operation, "padding", padding),
        )
        places = output_size(operation, x.shape[2:], kernel, stride, padding)
        if math.prod((x.shape[1], *kernel, *places)) > MOST_IN_PATCHES:
            raise ValueError(
                f"{operation}: the patches of x {x.shape} would be more than {MOST_IN_PATCHES:,} numbers, too many for "
                "an example: give it a part of x"
            )
        return cls(x.shape[2:], kernel, stride, padding, places).small_enough(operation, len(x))

    @classmethod
    def of_pool(
        cls, operation: str, x: np.ndarray, kernel_size: Any, stride: Any, padding: Any, ceil_mode: bool
    ) -> Window:
        """The window of a pool over images x (N, C, H, W). ValueError where the example would be too large."""
        windows = Windows(operation, kernel_size, stride, padding, ceil_mode)
        places = windows.fit(x)
        return cls(x.shape[2:], windows.kernel, windows.stride, windows.padding, places).small_enough(operation, 1)

    def small_enough(self, operation: str, images: int) -> Window:
        """Itself, where plain loops can walk over all its places in so many images; else ValueError."""
        places = images * math.prod(self.places)
        if places > MOST_PLACES:
            raise ValueError(
                f"{operation}: there are {places:,} places for the window, at most {MOST_PLACES:,} can be explained: "
                "give it a part of x"
            )
        return self

    def geometry(self) -> tuple[Pair, Pair, Pair]:
        return self.kernel, self.stride, self.padding

    def options(self) -> str:
        """In words: "kernel 2, stride 1, padding 0"."""
        named = zip(("kernel", "stride", "padding"), self.geometry(), strict=True)
        return ", ".join(f"{name} {a if a == b else (a, b)}" for name, (a, b) in named)

    def pixel(self, i: int, j: int, u: int, v: int) -> Pair:
        """Row and column of the image under the window's element u, v at the place i, j; outside it is padding."""
        return i * self.stride[0] + u - self.padding[0], j * self.stride[1] + v - self.padding[1]

    def inside(self, pixel: Pair) -> bool:
        return all(0 <= p < n for p, n in zip(pixel, self.size, strict=True))

    def under(self, i: int, j: int) -> list[Pair]:
        """The pixels under the window at the place i, j, without padding, in row order."""
        return [pixel for u, v in np.ndindex(self.kernel) if self.inside(pixel := self.pixel(i, j, u, v))]

    def count(self, i: int, j: int) -> int:
        """How many of the window's elements are in the padded image: in ceil mode some may be outside."""
        row, column = self.pixel(i, j, 0, 0)
        sides = zip((row, column), self.size, self.kernel, self.padding, strict=True)
        return math.prod(min(start + k, n + p) - start for start, n, k, p in sides)

    def over(self, pixel: Pair) -> list[tuple[int, int, int, int]]:
        """(i, j, u, v): at which places the window has this pixel under it, and under which of its elements."""
        rows, columns = (
            [(i, u) for i in range(places) if 0 <= (u := at + p - i * s) < k]
            for at, p, s, k, places in zip(pixel, self.padding, self.stride, self.kernel, self.places, strict=True)
        )
        return [(i, j, u, v) for i, u in rows for j, v in columns]

    def middle(self, i: int, j: int) -> Pair:
        """A pixel of the image in the middle of the window at the place i, j."""
        pixel = self.pixel(i, j, (self.kernel[0] - 1) // 2, (self.kernel[1] - 1) // 2)
        return min(max(pixel[0], 0), self.size[0] - 1), min(max(pixel[1], 0), self.size[1] - 1)

    def name(self, x: str) -> str:
        """What the image is called where it is shown: with its padding, if it has some."""
        return f"padded {x}" if any(self.padding) else x

    def elements(self, channels: range, i: int, j: int) -> list[Index]:
        """What is under the window at the place i, j, as indices of the image that `shown` shows."""
        top, left = i * self.stride[0], j * self.stride[1]
        found = [(c, top + u, left + v) for c in channels for u, v in np.ndindex(self.kernel)]
        height, width = (n + 2 * p for n, p in zip(self.size, self.padding, strict=True))
        return [(c, row, column) for c, row, column in found if row < height and column < width]  # ceil mode

    def shown(self, n: int, x: np.ndarray, channels: range, i: int, j: int) -> Numbers:
        """Image n of x, with its padding if it has some, and what is under the window in these channels."""
        (ph, pw), marked = self.padding, tuple(self.elements(channels, i, j))
        return Numbers(named(self.name("x"), n), np.pad(x[n], ((0, 0), (ph, ph), (pw, pw))), marked)

    def formula(self) -> tuple[str, str]:
        """Row and column of the pixel under u, v at i, j, in letters: "i*2 + u - 1"."""
        row, column = (
            (letter if s == 1 else f"{letter}*{s}") + f" + {offset}" + (f" - {p}" if p else "")
            for letter, offset, s, p in zip("ij", "uv", self.stride, self.padding, strict=True)
        )
        return row, column


def named(name: str, *index: int) -> str:
    """("x", 0, 1) -> "x[0,1]"; of a single number the name alone."""
    return f"{name}[{','.join(map(str, index))}]" if index else name


def all_of(array: np.ndarray) -> tuple[Index, ...]:
    """The indices of all elements, to mark them."""
    return tuple(np.ndindex(array.shape))
