"""gradcheck: prove a gradient by comparing it with differences of the function itself.

For y = fn(x) and a random cotangent g of y's shape, backward should return the gradient of the number
f(x) = <g, fn(x)>. Each of its elements is compared with the central difference, whose error shrinks with eps^2:

    df/dx_i  ~  (f(x + eps e_i) - f(x - eps e_i)) / (2 eps)

Why random: with a cotangent of ones, f is the plain sum of the outputs, and many mistakes cancel in a sum. Softmax's
outputs always add up to 1, so there the true gradient is 0, and backward times 7 would pass.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from minicnn import backend, rng
from minicnn.backend import Array
from minicnn.diagnosis import diagnose
from minicnn.tensor import Tensor, no_grad

VANISHES = 1e-9  # a gradient with no element larger than this proves nothing
KINK = 1e-3  # a jump of the slope by more than this, relative to its size, is looked at more closely


class GradCheckError(AssertionError):
    """The gradient that backward computes is not the function's; the message says where, by how much, perhaps why."""


def gradcheck(
    fn: Callable[..., Any],
    inputs: Tensor | Sequence[Tensor],
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-4,
    seed: int = 0,
    directions: int | None = None,
) -> bool:
    """True where backward through `fn` agrees with differences of `fn`, for every element of every input.

    fn takes Tensors and returns a Tensor or a tuple of them. inputs are float64; those that require a gradient are
    checked, or all where none does. They are also tried with memory that is not contiguous, and are left as they came.
    Points near a kink (ReLU at 0, ties in max pooling) are moved away from it first.

    directions: instead of every element, that many random directions for each input; for whole networks.

    Raises GradCheckError where an element is off by more than atol + rtol |difference|, where backward changes what it
    is given, or where the true gradient vanishes, so that nothing would be proven; TypeError for inputs not in float64.
    """
    tensors = [inputs] if isinstance(inputs, Tensor) else list(inputs)
    checked = [i for i, t in enumerate(tensors) if t.requires_grad] or list(range(len(tensors)))
    for i in checked:
        if tensors[i].dtype != np.float64:
            raise TypeError(
                f"gradcheck: inputs[{i}] is {tensors[i].dtype}, expected float64: differences need its digits"
            )
    if not checked:
        raise ValueError("gradcheck: inputs is empty, expected at least one Tensor")
    with _borrowed(tensors, checked):
        # Not default_rng(seed) itself: a cotangent equal to inputs that were drawn so would hide a transposed gradient.
        check = _Check(fn, tensors, eps, np.random.default_rng([seed, 1409, 4842]))
        if directions is None:
            check.move_away_from_kinks(checked)
        check.draw_cotangents(checked)
        gradients = check.backward_gradients(checked)
        for i, gradient in zip(checked, gradients, strict=True):
            if directions is None:
                _compare_elements(check, i, gradient, atol, rtol)
            else:
                _compare_directions(check, i, gradient, directions, atol, rtol)
        _compare_layouts(check, checked, gradients, atol, rtol)
    return True


@contextmanager
def _borrowed(tensors: list[Tensor], checked: list[int]) -> Iterator[None]:
    """Work on copies of the inputs' data, inside the same Tensors (fn may hold them, as a Module holds parameters)."""
    before = [(t.data, t.grad, t.requires_grad) for t in tensors]
    for i, t in enumerate(tensors):
        t.data, t.grad, t.requires_grad = t.data.copy(), None, i in checked
    try:
        yield
    finally:
        for t, (data, grad, requires_grad) in zip(tensors, before, strict=True):
            t.data, t.grad, t.requires_grad = data, grad, requires_grad


class _Check:
    """The function, its inputs, and the cotangents of its outputs."""

    def __init__(self, fn: Callable[..., Any], tensors: list[Tensor], eps: float, random: np.random.Generator) -> None:
        self.fn, self.tensors, self.eps, self.random = fn, tensors, eps, random
        self.random_state = rng.get_state()  # so that dropout draws the same mask every time
        self.cotangents: list[Array] = []
        self._draw()

    def outputs(self) -> list[Tensor]:
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
                self.tensors[i].data = _strided(self.tensors[i].data)
        outputs = self.outputs()
        before = [self.tensors[i].data.copy() for i in checked]
        cotangents = [_strided(g) if strided else g.copy() for g in self.cotangents]
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

    def central(self, i: int) -> Array:
        """The central difference for every element of inputs[i]."""
        data = self.tensors[i].data
        differences = np.empty(data.shape)
        for index in np.ndindex(data.shape):
            x = data[index].copy()
            data[index] = x + self.eps
            above = self.value()
            data[index] = x - self.eps
            differences[index] = (above - self.value()) / (2 * self.eps)
            data[index] = x
        return differences

    def along(self, i: int, direction: Array) -> float:
        """The central difference along a direction of inputs[i]."""
        data = self.tensors[i].data
        x = data.copy()
        data[...] = x + self.eps * direction
        above = self.value()
        data[...] = x - self.eps * direction
        below = self.value()
        data[...] = x
        return (above - below) / (2 * self.eps)

    def draw_cotangents(self, checked: list[int]) -> None:
        """Draw again until every input has a true gradient to compare with."""
        for _ in range(3):
            flat = [i for i in checked if self.tensors[i].data.size and self._vanishes(i)]
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

    def _vanishes(self, i: int) -> bool:
        """At most three random directions are tried: a gradient that is not zero is orthogonal to none of them."""
        xp, shape = backend.module_of(self.tensors[i].data), self.tensors[i].shape
        noise = VANISHES * max(1, abs(self.value()) / self.eps * 1e-6)
        return all(abs(self.along(i, xp.asarray(self.random.standard_normal(shape)))) < noise for _ in range(3))

    def move_away_from_kinks(self, checked: list[int]) -> None:
        """Shift every element whose slope jumps to a place where it does not."""
        for _ in range(10):
            kinks = [(i, index) for i in checked for index in np.ndindex(self.tensors[i].shape) if self._kink(i, index)]
            if not kinks:
                return
            for i, index in kinks:
                self.tensors[i].data[index] += self.random.uniform(100, 1000) * self.eps * self.random.choice([-1, 1])
        raise GradCheckError(f"gradcheck: inputs[{kinks[0][0]}] has a kink at {kinks[0][1]} wherever it is moved")

    def _kink(self, i: int, index: tuple[int, ...]) -> bool:
        """Where f is smooth, left and right slope differ by eps f'', so by a quarter as much for a quarter of eps."""
        left, right = self.slopes(i, index, self.eps)
        jump, size = abs(right - left), max(1, abs(left), abs(right))
        if jump < KINK * size:
            return False
        left, right = self.slopes(i, index, self.eps / 4)
        return not 0.15 < abs(right - left) / jump < 0.35


def _compare_elements(check: _Check, i: int, gradient: Array, atol: float, rtol: float) -> None:
    expected, found = check.central(i), backend.to_device(gradient, "cpu")
    wrong = ~(np.abs(found - expected) <= atol + rtol * np.abs(expected))  # so that nan is wrong too
    if not wrong.any():
        return
    error = np.where(np.isnan(found), np.inf, np.abs(found - expected))
    worst = np.unravel_index(np.argmax(np.where(wrong, error, -1)), error.shape)
    place = f"[{', '.join(str(int(n)) for n in worst)}]"
    message = (
        f"gradcheck: the gradient of inputs[{i}], shape {found.shape}, is wrong in {wrong.sum()} of {wrong.size} "
        f"elements; the worst is {place}: backward says {found[worst]:.6g}, the difference {expected[worst]:.6g}"
    )
    why = diagnose(found, expected, wrong, lambda: _by_batch_item(check, i))
    raise GradCheckError(f"{message}. {why}" if why else message)


def _by_batch_item(check: _Check, i: int) -> list[Array]:
    """The differences that the first and the last item of the batch alone would give."""
    whole, parts = check.cotangents, []
    for item in (0, -1):
        check.cotangents = [g.copy() for g in whole]
        for g in check.cotangents:
            if g.ndim:
                others = np.ones(len(g), bool)
                others[item] = False
                g[others] = 0
        parts.append(check.central(i))
    check.cotangents = whole
    return parts


def _compare_directions(check: _Check, i: int, gradient: Array, count: int, atol: float, rtol: float) -> None:
    xp = backend.module_of(gradient)
    for _ in range(count):
        direction = xp.asarray(check.random.standard_normal(gradient.shape))
        found, expected = float((gradient * direction).sum()), check.along(i, direction)
        if not abs(found - expected) <= atol + rtol * abs(expected):
            raise GradCheckError(
                f"gradcheck: the gradient of inputs[{i}], shape {gradient.shape}, is wrong along a random direction: "
                f"backward says {found:.6g}, the difference {expected:.6g}"
            )


def _compare_layouts(check: _Check, checked: list[int], gradients: list[Array], atol: float, rtol: float) -> None:
    again = check.backward_gradients(checked, strided=True)
    for i, gradient, strided in zip(checked, gradients, again, strict=True):
        if not (abs(gradient - strided) <= atol + rtol * abs(gradient)).all():
            raise GradCheckError(
                f"gradcheck: the gradient of inputs[{i}] is right for contiguous memory only: "
                "it differs where inputs or cotangent are strided"
            )


def _strided(array: Array) -> Array:
    """The same numbers in memory that is not contiguous: every second element of a larger array, axes reversed."""
    xp = backend.module_of(array)
    wide = xp.zeros([2 * n for n in reversed(array.shape)], array.dtype).transpose()
    view = wide[tuple(slice(None, None, 2) for _ in array.shape) + (...,)]
    view[...] = array
    return view
