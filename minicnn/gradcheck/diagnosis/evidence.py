"""Evidence: what a hypothesis about a wrong gradient may look at, and how it is told whether it fits."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np

Axes = tuple[int, ...]


@dataclass
class Evidence:
    """All that a hypothesis may look at. x is the input in question, y the output; all arrays are NumPy's."""

    found: np.ndarray  # the gradient that backward says, of x's shape
    expected: np.ndarray  # the true one, from differences
    wrong: np.ndarray  # where they differ
    number: int  # x is inputs[number]
    inputs: list[np.ndarray]
    outputs: list[np.ndarray]
    cotangents: list[np.ndarray]
    constants: Mapping[str, float]  # the numbers that the operations were made with: {"p of dropout": 0.5}
    # What takes more evaluations of the function, and so is computed when a hypothesis asks for it:
    others: Callable[[], Mapping[int, np.ndarray]]  # the true gradients of other inputs of x's shape, by number
    derivatives: Callable[[], np.ndarray | None]  # dy[j]/dx[i], (x.size, y.size); None where too large or not finite
    with_changed: Callable[[int, np.ndarray], np.ndarray]  # the true gradient if inputs[n] were that array
    walk: Callable[[Callable], np.ndarray]  # the gradient if what arrives from several uses was combined so

    def explains(self, candidate: np.ndarray) -> bool:
        """Whether a mistake that gives this gradient leaves of every element's error at most 0.5 %, or rounding."""
        found, expected = self.found.ravel(), self.expected.ravel()
        with np.errstate(all="ignore"):
            return bool((np.abs(found - candidate.ravel()) <= self.noise + 0.005 * np.abs(found - expected)).all())

    @property
    def noise(self) -> float:
        """How far differences may be off: by their own error, and by the rounding of the outputs."""
        largest_y = max((float(np.abs(y).max(initial=0)) for y in self.outputs), default=0.0)
        return 1e-7 * float(np.abs(self.expected).max(initial=0)) + 1e-9 * max(1.0, largest_y)

    @property
    def x(self) -> np.ndarray:
        return self.inputs[self.number]

    @property
    def y(self) -> np.ndarray:
        """The first output; what looks at it asks for `derivatives()`, which are there for a single output alone."""
        return self.outputs[0]

    @property
    def grad_y(self) -> np.ndarray:
        return self.cotangents[0]

    def parts(self) -> np.ndarray | None:
        """What each output contributes to each element of x, (x.size, y.size): dy[j]/dx[i] grad_y[j]."""
        jacobian = self.derivatives()
        return None if jacobian is None else jacobian * self.grad_y.ravel()

    def parts_along(self, axes: Axes) -> np.ndarray | None:
        """What each place along these axes of the output contributes to each element of x:  (places, x.size)."""
        parts = self.parts()
        if parts is None:
            return None
        rest = tuple(axis + 1 for axis in range(self.y.ndim) if axis not in axes)
        return parts.reshape(-1, *self.y.shape).sum(axis=rest).reshape(len(parts), -1).T

    def is_elementwise(self) -> bool:
        """Whether each output depends on the element of x in its own place alone."""
        jacobian = self.derivatives() if self.y.shape == self.found.shape else None
        return jacobian is not None and not (jacobian - np.diag(np.diag(jacobian))).any()

    def arrays(self) -> Iterator[tuple[str, np.ndarray]]:
        """The floating inputs and the outputs, with what sentences call them."""
        yield from ((f"inputs[{i}]", x) for i, x in enumerate(self.inputs) if x.dtype.kind == "f")
        yield from (("the output", y) for y in self.outputs)


def fitted(rows: np.ndarray, to: np.ndarray) -> np.ndarray:
    """The weights of the rows whose sum is closest to `to`; nan where a number is not finite: LAPACK may hang there."""
    if not (np.isfinite(rows).all() and np.isfinite(to).all()):
        return np.full(len(rows), np.nan)
    return np.linalg.lstsq(rows.T, to, rcond=None)[0]


def sets_of_axes(dimensions: int) -> list[Axes]:
    """All sets of axes, the smaller ones first: (0,), (1,), (2,), (0, 1), (0, 2), (1, 2), (0, 1, 2)."""
    return [axes for count in range(1, dimensions + 1) for axes in combinations(range(dimensions), count)]


def large_sets_of_axes(dimensions: int) -> list[Axes]:
    """The same sets, the larger ones first."""
    return sorted(sets_of_axes(dimensions), key=len, reverse=True)


def axes_name(axes: Axes) -> str:
    return f"axis {axes[0]}" if len(axes) == 1 else f"axes {', '.join(map(str, axes))}"


def alignments(shape: tuple[int, ...], to: tuple[int, ...]) -> Iterator[Axes]:
    """The axes of `to` along which an array of this shape could run: (C,) fits axis 1 of (N, C, H, W)."""
    if math.prod(shape) > 1:
        yield from (axes for axes in combinations(range(len(to)), len(shape)) if tuple(to[i] for i in axes) == shape)


def aligned(array: np.ndarray, axes: Axes, to: tuple[int, ...]) -> np.ndarray:
    """The array with axes of length 1 put in, so that it runs along these axes of an array of shape `to`."""
    return array.reshape([n if i in axes else 1 for i, n in enumerate(to)])


def several(names: list[str], most: int = 5) -> str:
    """ "a, b or c"; of more names than `most` the first ones."""
    names = names[:most]
    return " or ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
