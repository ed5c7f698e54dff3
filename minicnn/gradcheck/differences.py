"""A function, its inputs and its cotangents: what backward says of them, and what differences say, and how exactly.

For y = fn(x) and cotangents g, everything here is about the number f(x) = <g, fn(x)> and how it changes with x. One
look at a slope takes f at four places, a step of h and one of c h to either side, and gives two central differences,

    near = (f(x + h) - f(x - h)) / 2h  =  f' + h^2 f'''/6 + ...
    far = (f(x + c h) - f(x - c h)) / 2 c h  =  f' + c^2 h^2 f'''/6 + ...

so that (c^2 near - far) / (c^2 - 1), Richardson's extrapolation, is free of h^2. How far that may be off is known as
well: where f is smooth by less than near and far differ, and a fourth difference of f; and by the rounding of the
outputs, divided by h. Where that is too much, another step is tried. Where a smaller step does not help there is a
kink, and the point is moved.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np

from minicnn import backend, rng
from minicnn.backend import Array
from minicnn.gradcheck.memory import borrowed, same
from minicnn.tensor import Tensor, no_grad

STEP = 2e-5  # times the size of x: there curvature and rounding disturb alike
SAFETY = 8  # times its doubt is what a difference may be off
LADDER = 15.0  # from one step that is tried to the next; no power of 2, else rounding may be the same at all places
LOWEST, HIGHEST = LADDER**-3, LADDER**5  # the smallest and the largest that may be tried, in steps
WIDER = 2.2  # the farther places are that much farther away; not 2, where rounding may be alike at both
GOOD = 2e-9  # where a difference is as exact as that, relative to the largest of its input, no other step is tried
GOOD_ALONG = 1e-7  # the same for directions through a whole network, which cross kinks all the time
ROUNDING = float(np.finfo(np.float64).eps)
STEPS = [10.0**-n for n in range(2, 12)]  # of the sweep


class GradCheckError(AssertionError):
    """The gradient that backward computes is not the function's; the message says where, by how much, perhaps why.

    The same as data: `input`, the number of the input, and `index`, its worst element, or None where it is not about
    one; `hypothesis`, the sentence that names the mistake, "" where none fits.
    """

    def __init__(
        self, message: str, input: int | None = None, index: tuple[int, ...] | None = None, hypothesis: str = ""
    ) -> None:
        super().__init__(message)
        self.input, self.index, self.hypothesis = input, index, hypothesis


class Slope(NamedTuple):
    """What differences say of the slope of f along a line."""

    value: float
    step: float
    truncation: float  # how far it may be off because f is not straight
    rounding: float  # and because f is rounded
    kink: bool = False  # a smaller step would not make it any more exact

    @property
    def doubt(self) -> float:
        return self.truncation + self.rounding


class Line(NamedTuple):
    """A line through an input."""

    move: Callable[[float], float]  # moves the input by about t from where it was, and says how far it came
    size: float  # of the numbers there: what they are may be rounded off, too


class Differences:
    """The function, its inputs, and the cotangents of its outputs. `eps`: the only step, where it is not None."""

    def __init__(
        self, fn: Callable[..., Any], tensors: list[Tensor], eps: float | None, random: np.random.Generator
    ) -> None:
        self.fn, self.tensors, self.eps, self.random = fn, tensors, eps, random
        self.first_steps = [np.full(t.shape, eps or STEP * size_of(t.data)) for t in tensors]
        self.steps = [steps.copy() for steps in self.first_steps]  # those that turned out best
        self.moved = dict.fromkeys(range(len(tensors)), 0)  # how many elements were moved away from kinks
        self.evaluations = 0  # of fn
        self.random_state = rng.get_state()  # so that dropout draws the same mask every time
        self.cotangents: list[Array] = []

    def outputs(self) -> list[Tensor]:
        self.evaluations += 1
        rng.set_state(self.random_state)
        outputs = self.fn(*self.tensors)
        outputs = list(outputs) if isinstance(outputs, tuple | list) else [outputs]
        for y in outputs:
            if not isinstance(y, Tensor):
                raise TypeError(
                    f"gradcheck: fn returned {type(y).__name__}, expected a Tensor or a tuple of them; compute with "
                    "Tensors, as an array does not know where it comes from"
                )
        return outputs

    def draw_cotangents(self) -> None:
        """Random numbers, one array for each output."""
        with self._unchanged_by("forward"):
            outputs = self.outputs()
        self.cotangents = [backend.module_of(y.data).asarray(self.random.standard_normal(y.shape)) for y in outputs]

    def terms(self) -> Array:
        """The terms g[j] y[j] whose sum f(x) is, those of all outputs side by side."""
        with no_grad():
            terms = [(g * y.data).ravel() for g, y in zip(self.cotangents, self.outputs(), strict=True)]
        return terms[0] if len(terms) == 1 else backend.module_of(*terms).concatenate(terms)

    # ---- what backward says ---------------------------------------------------------------------------------------

    def backward_gradients(
        self,
        checked: list[int],
        layout: Callable[[Array], Array] | None = None,
        needed: Sequence[int] | None = None,
        retain_graph: bool = True,
    ) -> list[Array | None]:
        """The gradients of the inputs `checked`, None for those not `needed`; `layout` puts all in other memory."""
        needed = checked if needed is None else needed
        with borrowed(self.tensors, needed, layout):
            with self._unchanged_by("forward"):
                outputs = self.outputs()
            cotangents = [layout(g) if layout else g.copy() for g in self.cotangents]
            walks = [(y, g) for y, g in zip(outputs, cotangents, strict=True) if y.requires_grad]
            with self._unchanged_by("backward"):
                for number, (y, g) in enumerate(walks):
                    y.backward(g, retain_graph=retain_graph or number < len(walks) - 1)
            if not all(same(g, h) for g, h in zip(cotangents, self.cotangents, strict=True)):
                raise GradCheckError(
                    "gradcheck: backward() changed the gradient it was given, though no operation does: where a tensor "
                    "is used more than once, the sum of what arrives is written into what others get as well"
                )
            grads = [self.tensors[i].grad for i in checked]
        return [
            backend.module_of(t.data).zeros_like(t.data) if grad is None and i in needed else grad
            for i, t, grad in zip(checked, (self.tensors[i] for i in checked), grads, strict=True)
        ]

    @contextmanager
    def _unchanged_by(self, what: str) -> Iterator[None]:
        """GradCheckError where forward or backward, inside, changes the data of an input."""
        before = [t.data.copy() for t in self.tensors]
        yield
        for i, (t, data) in enumerate(zip(self.tensors, before, strict=True)):
            if not same(t.data, data):
                raise GradCheckError(f"gradcheck: {what} changed inputs[{i}]; it must compute with a copy", input=i)

    # ---- what differences say -------------------------------------------------------------------------------------

    def slopes(self, checked: list[int]) -> dict[int, list[Slope]]:
        """The slopes along every element of the inputs; those at a kink are moved away from it first."""
        kinks_before = np.inf
        while True:
            slopes = {i: self.slopes_of(i) for i in checked}
            kinks = [
                (i, index)
                for i, of_input in slopes.items()
                for index, slope in zip(np.ndindex(self.tensors[i].shape), of_input, strict=True)
                if slope.kink
            ]
            if not kinks or len(kinks) >= kinks_before:
                return slopes
            kinks_before = len(kinks)
            for i, index in kinks:
                away = self.random.uniform(4, 40) if self.eps is None else self.random.uniform(100, 1000)
                self.tensors[i].data[index] += away * self.first_steps[i][index] * self.random.choice([-1, 1])
                self.moved[i] += 1

    def slopes_of(self, i: int) -> list[Slope]:
        """The slope along every element of inputs[i]. The step that was best for one is the first for the next."""
        slopes, here = [], self.terms()
        largest, rung = 0.0, 1.0
        for index in np.ndindex(self.tensors[i].shape):
            usual = float(self.first_steps[i][index])
            slope = self.slope(self.along_element(i, index), here, usual, rung, largest, GOOD)
            if slope.doubt <= GOOD * abs(slope.value) and slope.step > LOWEST * usual:
                rung = slope.step / usual
            self.steps[i][index] = slope.step
            largest = max(largest, abs(slope.value))
            slopes.append(slope)
        return slopes

    def slopes_along(self, i: int, directions: list[Array]) -> list[Slope]:
        """The slopes along directions of inputs[i]."""
        here, usual = self.terms(), float(np.median(self.first_steps[i]))
        return [self.slope(self.along_direction(i, d), here, usual, 1.0, 0.0, GOOD_ALONG) for d in directions]

    def along_element(self, i: int, index: tuple[int, ...]) -> Line:
        """One element of inputs[i] moves."""
        data = self.tensors[i].data
        x = float(data[index])

        def move(t: float) -> float:
            data[index] = x + t
            return (x + t) - x

        return Line(move, abs(x))

    def along_direction(self, i: int, direction: Array) -> Line:
        """All of inputs[i] moves."""
        data = self.tensors[i].data
        x = data.copy()

        def move(t: float) -> float:
            data[...] = x + t * direction if t else x
            return t

        return Line(move, float(abs(x).max()) if x.size else 0.0)

    def slope(self, line: Line, here: Array, usual: float, rung: float, largest: float, good: float) -> Slope:
        """The slope along a line, with the step that tells it best; `rung` times `usual` is tried first."""

        def enough(slope: Slope) -> bool:
            return slope.doubt <= good * max(abs(slope.value), largest) or slope.value == slope.truncation == 0

        def climb(best: Slope, factor: float) -> tuple[Slope, Slope]:
            """Up or down the ladder as long as that halves the doubt: the best, and the last that was tried."""
            last = best
            while not enough(best) and LOWEST < best.step * factor / usual < HIGHEST:
                last = self.look(line, best.step * factor, here)
                if not last.doubt < best.doubt / 2:
                    break
                best = last
            return best, last

        first = best = self.look(line, rung * usual, here)
        if self.eps is not None:
            smaller = self.look(line, first.step / LADDER, here) if first.truncation > 1e-3 * abs(first.value) else None
            return first._replace(kink=smaller is not None and agree(first.truncation, smaller.truncation))
        noisy = first.rounding > first.truncation / 8
        if not enough(first) and not noisy:
            best, last = climb(first, 1 / LADDER)
            if last is not best and agree(last.truncation, best.truncation):
                return best._replace(kink=True)
            noisy = best is first
        if not enough(best) and noisy:
            best = min(best, climb(first, LADDER)[0], key=lambda slope: slope.doubt)
        if 0 < line.size < WIDER * best.step:  # 0 lies between the places, and may be a pole, or where a domain ends
            inside = self.look(line, STEP * line.size, here)
            if not abs(inside.value - best.value) <= SAFETY * (inside.doubt + best.doubt):
                return inside
        return best

    def look(self, line: Line, step: float, here: Array) -> Slope:
        """The slope from f at four places, two to either side; `here`: the terms in the middle."""
        square = WIDER * WIDER
        with np.errstate(all="ignore"):  # a step may lead out of where the function is defined
            h, wide = line.move(step) or step, line.move(WIDER * step) or WIDER * step  # as the numbers there allow it
            (p, far_left), (q, left), (r, right), (s, far_right) = [
                (line.move(t), self.terms()) for t in (-wide, -h, h, wide)
            ]
            line.move(0)
            if r == q:  # lost in the digits of what it was added to
                return Slope(np.nan, step, np.inf, np.inf)
            near, far = float((right - left).sum()) / (r - q), float((far_right - far_left).sum()) / (s - p)
            bend = far_left + far_right - square * (left + right) + 2 * (square - 1) * here
            # What has changed may be wrong in its last digit; what has not cancels. Only where nothing has, the step
            # may have been too small for the digits of all, though hardly all of it one way.
            size, changed = abs(here), (left != right) | (far_left != far_right)
            in_doubt = float((size * changed).sum()) or float((size * size).sum()) ** 0.5
        value = near if self.eps else (square * near - far) / (square - 1)
        truncation = abs(near - far) + abs(float(bend.sum())) / h
        if not np.isfinite(value + truncation):
            return Slope(np.nan, step, np.inf, np.inf)
        return Slope(value, step, truncation, ROUNDING * (2 * in_doubt + abs(value) * line.size) / h)

    def central(self, i: int, step: float | None = None) -> np.ndarray:
        """The central difference for every element of inputs[i]: less exact, in half the time."""
        differences = np.empty(self.tensors[i].shape)
        for index in np.ndindex(differences.shape):
            move, h = self.along_element(i, index).move, step or float(self.steps[i][index])
            below, under = move(-h), self.terms()
            above, over = move(h), self.terms()
            move(0)
            differences[index] = float((over - under).sum()) / (above - below)
        return differences

    def sweep(self, i: int, gradient: Array) -> list[tuple[float, float]]:
        """For each step size how far the central difference is from what backward says, along one direction."""
        xp, signs = backend.module_of(gradient), np.random.default_rng(0).choice([-1.0, 1.0], gradient.shape)
        direction = xp.asarray(signs)
        said, scale = float((gradient * direction).sum()), float(abs(gradient).sum()) or 1.0
        move, sweep = self.along_direction(i, direction).move, []
        for step in STEPS:
            with np.errstate(all="ignore"):
                (_, below), (_, above) = [(move(t), self.terms()) for t in (-step, step)]
                sweep.append((step, abs(float((above - below).sum()) / (2 * step) - said) / scale))
        move(0)
        return sweep


def agree(a: float, b: float) -> bool:
    """Whether two doubts are of the same size, although the step was another one: so it is at a kink alone."""
    return a / 3 < b < 3 * a


def size_of(x: Array) -> float:
    """How far the elements of x lie apart, or how large they are where they are equal."""
    x = backend.to_device(x, "cpu")
    if x.dtype.kind != "f" or not x.size:
        return 1.0
    spread = np.median(np.abs(x - np.median(x)))
    return float(spread or np.abs(x).mean() or 1.0)
