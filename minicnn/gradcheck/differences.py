"""A function, its inputs and its cotangents: what backward says of them, and what differences say.

For y = fn(x) and cotangents g, everything here is about the number f(x) = <g, fn(x)> and how it changes with x.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from minicnn import backend, rng
from minicnn.backend import Array
from minicnn.function import Function
from minicnn.gradcheck.diagnosis import Evidence
from minicnn.tensor import Tensor, no_grad, outputs_first

VANISHES = 1e-9  # a gradient with no element larger than this proves nothing
KINK = 1e-3  # a jump of the slope by more than this, relative to its size, is looked at more closely
STEP = 1e-6  # what is tried first: about the cube root of float64's rounding, best for numbers around 1
STEPS = [10.0**-n for n in range(2, 12)]  # of the sweep
USABLE = (1e-5, 1e-10)  # the largest and the smallest step that the sweep may pick: larger ones meet more kinks


class GradCheckError(AssertionError):
    """The gradient that backward computes is not the function's; the message says where, by how much, perhaps why."""


class Differences:
    """The function, its inputs, and the cotangents of its outputs."""

    def __init__(self, fn: Callable[..., Any], tensors: list[Tensor], eps: float, random: np.random.Generator) -> None:
        self.fn, self.tensors, self.random = fn, tensors, random
        self.steps = [eps] * len(tensors)
        self.evaluations = 0  # of fn
        self.sign_random = np.random.default_rng(0)  # of its own: looking for a step changes no other draw
        self.random_state = rng.get_state()  # so that dropout draws the same mask every time
        self.cotangents: list[Array] = []
        self._draw()

    def outputs(self) -> list[Tensor]:
        self.evaluations += 1
        rng.set_state(self.random_state)
        outputs = self.fn(*self.tensors)
        return list(outputs) if isinstance(outputs, tuple | list) else [outputs]

    def value(self) -> float:
        """f(x) = <cotangent, fn(x)>."""
        with no_grad():
            pairs = zip(self.cotangents, self.outputs(), strict=True)
            return float(sum((g * y.data).sum() for g, y in pairs))

    def backward_gradients(self, checked: list[int], strided: bool = False) -> list[Array]:
        """What backward says; with `strided`, for inputs and cotangents whose memory is not contiguous."""
        for i in checked:
            self.tensors[i].grad = None
            if strided:
                self.tensors[i].data = strided_copy(self.tensors[i].data)
        outputs = self.outputs()
        before = [self.tensors[i].data.copy() for i in checked]
        cotangents = [strided_copy(g) if strided else g.copy() for g in self.cotangents]
        for y, cotangent in zip(outputs, cotangents, strict=True):
            if y.requires_grad:
                y.backward(cotangent, retain_graph=True)
        for i, data in zip(checked, before, strict=True):
            if not (self.tensors[i].data == data).all():
                raise GradCheckError(f"gradcheck: backward changed inputs[{i}]")
        if any((g != h).any() for g, h in zip(cotangents, self.cotangents, strict=True)):
            raise GradCheckError("gradcheck: backward changed the gradient it was given")
        grads = [self.tensors[i].grad for i in checked]
        return [backend.module_of(t.data).zeros_like(t.data) if g is None else g
                for g, t in zip(grads, (self.tensors[i] for i in checked), strict=True)]  # fmt: skip

    def slopes(self, i: int, index: tuple[int, ...], eps: float) -> tuple[float, float]:
        """The differences to the left and to the right of one element of inputs[i]."""
        data = self.tensors[i].data
        x, middle = data[index].copy(), self.value()
        data[index] = x - eps
        left = (middle - self.value()) / eps
        data[index] = x + eps
        right = (self.value() - middle) / eps
        data[index] = x
        return left, right

    def central(self, i: int) -> np.ndarray:
        """The central difference for every element of inputs[i]."""
        data, eps = self.tensors[i].data, self.steps[i]
        differences = np.empty(data.shape)
        for index in np.ndindex(data.shape):
            x = data[index].copy()
            data[index] = x + eps
            above = self.value()
            data[index] = x - eps
            differences[index] = (above - self.value()) / (2 * eps)
            data[index] = x
        return differences

    def along(self, i: int, direction: Array, eps: float | None = None) -> float:
        """The central difference along a direction of inputs[i]."""
        data, eps = self.tensors[i].data, eps or self.steps[i]
        x = data.copy()
        data[...] = x + eps * direction
        above = self.value()
        data[...] = x - eps * direction
        below = self.value()
        data[...] = x
        return (above - below) / (2 * eps)

    def signs(self, i: int) -> Array:
        """A direction in which every element of inputs[i] moves by one step, up or down."""
        data = self.tensors[i].data
        return backend.module_of(data).asarray(self.sign_random.choice([-1.0, 1.0], data.shape))

    def choose_steps(self, checked: list[int]) -> None:
        """For each input the step whose difference agrees best with those of its neighbors: the bottom of the V.

        Where the step that is tried first already agrees to six digits, it stays.
        """
        for i in checked:
            direction = self.signs(i)

            def disagreement(step: float, i: int = i, direction: Array = direction) -> float:
                with np.errstate(all="ignore"):  # a step may lead out of where the function is defined
                    larger, here, smaller = (self.along(i, direction, s) for s in (10 * step, step, step / 10))
                found = max(abs(larger - here), abs(smaller - here)) / max(abs(here), 1e-300)
                return found if np.isfinite(found) else np.inf

            if disagreement(STEP) > 1e-6:
                self.steps[i] = min([s for s in STEPS if USABLE[0] >= s >= USABLE[1]], key=disagreement)

    def sweep(self, i: int, gradient: Array) -> list[tuple[float, float]]:
        """For each step size how far the difference is from what backward says, along one direction."""
        direction = self.signs(i)
        said = float((gradient * direction).sum())
        scale = float((abs(gradient)).sum()) or 1.0
        with np.errstate(all="ignore"):
            return [(step, abs(self.along(i, direction, step) - said) / scale) for step in STEPS]

    def evidence(self, i: int, found: np.ndarray, expected: np.ndarray, wrong: np.ndarray) -> Evidence:
        """What there is to find out why the gradient of inputs[i] is wrong; the costly parts only when asked for."""
        outputs, error = self.outputs(), np.abs(found - expected)

        def others() -> dict[int, np.ndarray]:
            alike = [j for j, t in enumerate(self.tensors) if t.requires_grad and t.shape == found.shape and j != i]
            return {j: self.central(j) for j in alike}

        def with_changed(j: int, array: np.ndarray) -> np.ndarray:
            data = self.tensors[j].data
            self.tensors[j].data = backend.module_of(data).asarray(array)
            try:
                return self.central(i)
            finally:
                self.tensors[j].data = data

        def on_host(arrays: list[Array]) -> list[np.ndarray]:
            return [backend.to_device(array, "cpu") for array in arrays]

        return Evidence(
            found=found,
            expected=expected,
            wrong=wrong | (error > 0.02 * error.max(initial=0)),  # also where it is off by less than the tolerance
            number=i,
            inputs=on_host([t.data for t in self.tensors]),
            outputs=on_host([y.data for y in outputs]),
            cotangents=on_host(self.cotangents),
            constants=constants(outputs),
            others=functools.cache(others),
            derivatives=functools.cache(lambda: self.derivatives(i)),
            with_changed=with_changed,
            walk=lambda combine: self.walk(i, outputs, combine),
        )

    def derivatives(self, i: int) -> np.ndarray | None:
        """dy[j]/dx[i] of the only output for x = inputs[i], (x.size, y.size); None where it would be too large."""
        data, eps = self.tensors[i].data, self.steps[i]
        if len(self.cotangents) != 1 or data.size * self.cotangents[0].size > 4_000_000:
            return None
        rows = np.empty((data.size, self.cotangents[0].size))
        with no_grad():
            for row, index in zip(rows, np.ndindex(data.shape), strict=True):
                x = data[index].copy()
                data[index] = x + eps
                above = self.outputs()[0].data.copy()  # a view of x moves with it
                data[index] = x - eps
                row[:] = backend.to_device((above - self.outputs()[0].data) / (2 * eps), "cpu").ravel()
                data[index] = x
        rows[np.abs(rows) < 1e-7 * np.abs(rows).max(initial=0)] = 0  # rounding, where y[j] does not depend on x[i]
        return rows

    def walk(self, i: int, outputs: list[Tensor], combine: Callable[[Array, Array], Array]) -> np.ndarray:
        """The gradient of inputs[i] where `combine` puts together what arrives from several uses of a tensor."""
        arrived: dict[Any, Array] = {y.edge: g for y, g in zip(outputs, self.cotangents, strict=True)}
        for function in outputs_first([y.creator for y in outputs if y.creator is not None]):
            for edge, grad_x in zip(function.edges, function.gradients(arrived[function].copy()), strict=True):
                if edge is not None:
                    arrived[edge] = combine(arrived[edge], grad_x) if edge in arrived else grad_x
        return backend.to_device(arrived[self.tensors[i]], "cpu")

    def draw_cotangents(self, checked: list[int]) -> None:
        """Draw again until every input has a true gradient to compare with."""
        for _ in range(3):
            value = abs(self.value())
            flat = [i for i in checked if self.tensors[i].data.size and self._vanishes(i, value)]
            if not flat:
                return
            self._draw()
        raise GradCheckError(
            f"gradcheck: the true gradient of inputs[{flat[0]}] is zero for every cotangent tried: nothing would be "
            "proven; choose a function that depends on this input"
        )

    def _draw(self) -> None:
        with no_grad():
            self.cotangents = [
                backend.module_of(y.data).asarray(self.random.standard_normal(y.shape)) for y in self.outputs()
            ]

    def _vanishes(self, i: int, value: float) -> bool:
        """At most three random directions are tried: a gradient that is not zero is orthogonal to none of them."""
        xp, shape = backend.module_of(self.tensors[i].data), self.tensors[i].shape
        noise = VANISHES * max(1, value / self.steps[i] * 1e-6)
        return all(abs(self.along(i, xp.asarray(self.random.standard_normal(shape)))) < noise for _ in range(3))

    def move_away_from_kinks(self, checked: list[int]) -> None:
        """Shift every element whose slope jumps to a place where it does not."""
        for _ in range(10):
            kinks = [(i, index) for i in checked for index in np.ndindex(self.tensors[i].shape) if self._kink(i, index)]
            if not kinks:
                return
            for i, index in kinks:
                away = self.random.uniform(100, 1000) * self.steps[i] * self.random.choice([-1, 1])
                self.tensors[i].data[index] += away
        raise GradCheckError(f"gradcheck: inputs[{kinks[0][0]}] has a kink at {kinks[0][1]} wherever it is moved")

    def _kink(self, i: int, index: tuple[int, ...]) -> bool:
        """Where f is smooth, left and right slope differ by eps f'', so by a quarter as much for a quarter of eps."""
        eps = self.steps[i]
        left, right = self.slopes(i, index, eps)
        jump, size = abs(right - left), max(1, abs(left), abs(right))
        if jump < KINK * size:
            return False
        left, right = self.slopes(i, index, eps / 4)
        return not 0.15 < abs(right - left) / jump < 0.35


def constants(outputs: list[Tensor]) -> dict[str, float]:
    """The numbers that the operations of the graph were made with, like {"p of dropout": 0.5}."""
    functions: Iterator[Function] = outputs_first([y.creator for y in outputs if y.creator is not None])
    return {
        f"{name} of {function.name}": float(value)
        for function in functions
        for name, value in vars(function).items()
        if type(value) in (int, float)  # a NumPy number is a result, not an option
    }


def strided_copy(array: Array) -> Array:
    """The same numbers in memory that is not contiguous: every second element of a larger array, axes reversed."""
    xp = backend.module_of(array)
    wide = xp.zeros([2 * n for n in reversed(array.shape)], array.dtype).transpose()
    view = wide[tuple(slice(None, None, 2) for _ in array.shape) + (...,)]
    view[...] = array
    return view
