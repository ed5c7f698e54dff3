"""gradcheck: prove a gradient by comparing it with differences of the function itself.

For y = fn(x) and a random cotangent g of y's shape, backward should return the gradient of the number
f(x) = <g, fn(x)>. Each of its elements is compared with differences of f, which also say how exact they are: backward
must agree as closely as that, usually to nine digits.

Why random: with a cotangent of ones, f is the plain sum of the outputs, and many mistakes cancel in a sum. Softmax's
outputs always add up to 1, so there the true gradient is 0, and backward times 7 would pass.

Before, it is seen whether an operation changes what it is given; afterwards, whether a backward that was right stays
so: in other memory, a second time, for cotangents of other sizes, where only some inputs need a gradient.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from itertools import combinations
from typing import Any

import numpy as np

from minicnn import backend
from minicnn.backend import Array
from minicnn.gradcheck.clues import evidence
from minicnn.gradcheck.diagnosis import constant_factor, diagnose, zero
from minicnn.gradcheck.differences import ROUNDING, SAFETY, Differences, GradCheckError, Slope
from minicnn.gradcheck.functions import CLOSE, Call, close, look_again, look_for_changes, watched
from minicnn.gradcheck.memory import borrowed, channels_last_copy, strided_copy
from minicnn.gradcheck.report import GradCheckReport, InputReport
from minicnn.gradcheck.special import Nudge, look_at_special_points
from minicnn.tensor import Tensor

NAMED = 1e-6  # smaller errors, relative to the largest gradient, are of no mistake that the diagnosis knows
TOLD = 1e-2  # an element was not looked at where its difference may be off by more, relative to the largest one


def gradcheck(
    fn: Callable[..., Any],
    inputs: Tensor | Sequence[Tensor],
    *,
    eps: float | None = None,
    atol: float | None = None,
    rtol: float | None = None,
    seed: int = 0,
    directions: int | None = None,
    special: bool | Nudge = False,
    report: bool = False,
) -> bool | GradCheckReport:
    """True where backward through `fn` agrees with differences of `fn`, for every element of every input.

    fn takes Tensors and returns a Tensor or a tuple of them. inputs are float64; those that require a gradient are
    checked, or all where none does. They are also tried with memory that is not contiguous, and are left as they came.
    Points near a kink (ReLU at 0, ties in max pooling) are moved away from it first.

    eps: the step of the differences; where it is None, each element gets the one that tells its slope best.
    atol, rtol: let backward be off by atol + rtol |difference|, in place of what the differences themselves can tell.
    directions: instead of every element, that many random directions for each input; for whole networks.
    special: for one operation: also try zeros, ties and repeats, where backward must say something between the slopes
        to either side; and what our own operation promises there, or what a function does that moves an array off its
        ties: special=lambda x: x - 1e-3 promises a ReLU's 0 at 0.
    report: return a GradCheckReport (errors, step sweep, evaluations of fn, a plot), also where a gradient is wrong.

    Raises GradCheckError where backward is off, where an operation changes what it is given, where backward is right
    only sometimes, or where nothing would be proven, because the true gradient vanishes or differences cannot tell it;
    TypeError for inputs not in float64. Without report, warns of elements that differences cannot tell.
    """
    found = examine(
        fn, inputs, eps=eps, atol=atol, rtol=rtol, seed=seed, directions=directions, special=special, report=report
    )
    if report:
        return found
    for line in found.not_told():
        warnings.warn(f"gradcheck: {line}", stacklevel=2)
    return True


def examine(
    fn: Callable[..., Any],
    inputs: Tensor | Sequence[Tensor],
    *,
    eps: float | None = None,
    atol: float | None = None,
    rtol: float | None = None,
    seed: int = 0,
    directions: int | None = None,
    special: bool | Nudge = False,
    report: bool = False,
) -> GradCheckReport:
    """gradcheck, always with the report; what is wrong stands in it where `report` is true, else it is raised."""
    tensors, checked = _what_to_check(inputs)
    found = GradCheckReport(untried="" if special else "zeros, ties, repeats (special=True)")
    with borrowed(tensors, checked):
        for t in tensors:
            t.data = t.data.copy()
        # Not default_rng(seed) itself: a cotangent equal to inputs that were drawn so would hide a transposed gradient.
        check = Differences(fn, tensors, eps, np.random.default_rng([seed, 1409, 4842]))
        try:
            with watched(tensors) as calls:
                check.draw_cotangents()
            look_for_changes(calls, check.random)
            kinds = [type(call.function) for call in calls]
            calls.clear()  # and the graph with them
            comparison = Comparison(check, atol, rtol, directions)
            gradients = comparison.gradients(checked)
            for i, gradient in zip(checked, gradients, strict=True):
                one, error = comparison.of_input(i, gradient)
                found.inputs.append(one)
                if report:
                    one.sweep = check.sweep(i, gradient)
                    found.message = found.message or str(error or "")
                elif error:
                    raise error
            if not found.message:
                _compare_again(check, checked, gradients, atol or 0, max(CLOSE, rtol or 0))
                if special:
                    found.untried = look_at_special_points(
                        check, checked, kinds, special if callable(special) else None
                    )
        except GradCheckError as error:
            if not report:
                raise
            found.message = found.message or str(error)
        found.evaluations = check.evaluations
    return found


def _what_to_check(inputs: Tensor | Sequence[Tensor]) -> tuple[list[Tensor], list[int]]:
    """The inputs, and the numbers of those whose gradients are to be checked."""
    tensors: list[Tensor] = list(inputs) if isinstance(inputs, tuple | list) else [inputs]  # type: ignore[list-item]
    for i, t in enumerate(tensors):
        if not isinstance(t, Tensor):
            raise TypeError(f"gradcheck: inputs[{i}] is {type(t).__name__}, expected a Tensor; write Tensor(array)")
    checked = [i for i, t in enumerate(tensors) if t.requires_grad] or list(range(len(tensors)))
    for i in checked:
        if tensors[i].dtype != np.float64:
            raise TypeError(
                f"gradcheck: inputs[{i}] is {tensors[i].dtype}, expected float64: differences need its digits"
            )
    if not checked:
        raise ValueError("gradcheck: inputs is empty, expected at least one Tensor")
    return tensors, checked


# ---- backward beside the differences ------------------------------------------------------------------------------


class Comparison:
    """What backward says beside what differences say: along every element, or along some random directions."""

    def __init__(self, check: Differences, atol: float | None, rtol: float | None, directions: int | None) -> None:
        self.check, self.atol, self.rtol, self.count = check, atol, rtol, directions
        self.what = "elements" if directions is None else "random directions"
        self.noises: list[float] = []  # how far f itself may be off, as each slope has it: its doubt times its step

    def gradients(self, checked: list[int]) -> list[Array]:
        """What backward says, after the differences have moved the points at kinks."""
        self.slopes = self.check.slopes(checked) if self.count is None else {}
        return self.check.backward_gradients(checked)

    def of_input(self, i: int, gradient: Array) -> tuple[InputReport, GradCheckError | None]:
        """The figures for inputs[i], and what is wrong."""
        found, slopes = self._both(i, gradient)
        value, step, doubt = (
            np.array([getattr(slope, name) for slope in slopes]).reshape(found.shape)
            for name in ("value", "step", "doubt")
        )
        self.noises += [slope.doubt * slope.step for slope in slopes if np.isfinite(slope.doubt)]
        defined = np.isfinite(value)
        expected = np.where(defined, value, 0)
        largest = float(np.abs(expected).max(initial=0))
        # Its own doubt may be small by accident, so that of the others counts as well; and backward rounds, too.
        told = SAFETY * (doubt + np.percentile(self.noises or [0], 75) / step) + 16 * ROUNDING * largest
        allowed = (told if self.atol is None else self.atol) + (self.rtol or 0) * np.abs(expected)
        error = np.where(defined, np.abs(found - expected), 0)
        unclear = ~(told <= TOLD * largest)
        # What differences cannot tell is not blamed, unless someone has said how far it may be off.
        blamed = ~unclear | ~np.isfinite(found) if self.atol is None else True
        wrong = ~(error <= allowed) & blamed
        worst, scale = float(error.max(initial=0)), largest or 1.0
        figures = InputReport(
            number=i,
            shape=gradient.shape,
            checked=found.size,
            step=float(np.median(step)) if found.size else 0.0,
            max_absolute_error=worst,
            max_relative_error=worst / scale,
            wrong=int(wrong.sum()),
            allowed=float(np.where(unclear, 0, allowed).max(initial=0)) / scale,
            unclear=int(unclear.sum()),
            moved=self.check.moved[i],
        )
        if found.size and not defined.any():
            fault = GradCheckError(
                f"gradcheck: differences cannot tell the gradient of inputs[{i}]: forward gives nan or inf here or "
                "close by; choose a point where it is finite",
                input=i,
            )
        elif found.size and (np.abs(expected) <= told).all():
            fault = GradCheckError(
                f"gradcheck: the true gradient of inputs[{i}] is zero as far as differences can tell (to "
                f"{told[defined].max():.0e}): nothing would be proven; choose a function that depends on this input",
                input=i,
            )
        elif wrong.any():
            fault = self._wrong(i, gradient.shape, found, expected, error, wrong)
        else:
            fault = None
        return figures, fault

    def _both(self, i: int, gradient: Array) -> tuple[np.ndarray, list[Slope]]:
        """What backward says along each line, and what differences say."""
        if self.count is None:
            return backend.to_device(gradient, "cpu"), self.slopes[i]
        xp = backend.module_of(gradient)
        directions = [xp.asarray(self.check.random.standard_normal(gradient.shape)) for _ in range(self.count)]
        found = np.array([float((gradient * direction).sum()) for direction in directions])
        return found, self.check.slopes_along(i, directions)

    def _wrong(
        self,
        i: int,
        shape: tuple[int, ...],
        found: np.ndarray,
        expected: np.ndarray,
        error: np.ndarray,
        wrong: np.ndarray,
    ) -> GradCheckError:
        """Where the gradient is wrong, by how much, and which simple mistake explains it."""
        error = np.where(np.isnan(error), np.inf, error)
        worst = tuple(int(n) for n in np.unravel_index(np.argmax(np.where(wrong, error, -1)), found.shape))
        if self.count is None:
            where = f"is wrong in {wrong.sum()} of {wrong.size} elements; the worst is [{', '.join(map(str, worst))}]"
        else:
            where = f"is wrong along {wrong.sum()} of {wrong.size} random directions"
        why = self._why(i, found, expected, wrong) if error[worst] > NAMED * np.abs(expected).max() else ""
        digits = 6 if error[worst] > 1e-5 * abs(expected[worst]) else 12
        message = (
            f"gradcheck: the gradient of inputs[{i}], shape {shape}, {where}: "
            f"backward says {found[worst]:.{digits}g}, the difference {expected[worst]:.{digits}g}"
        )
        return GradCheckError(
            f"{message}{f'. {why}' if why else ''} ({self.check.evaluations:,} evaluations)",
            input=i,
            index=worst if self.count is None else None,
            hypothesis=why,
        )

    def _why(self, i: int, found: np.ndarray, expected: np.ndarray, wrong: np.ndarray) -> str:
        """The mistake that explains it, for gradients of a size around 1, where small ones have been blown up."""
        cotangents, largest = self.check.cotangents, float(np.abs(expected).max())
        largest = largest if largest < 1e-3 else 1.0  # a term that grad_y does not reach would not grow with it
        self.check.cotangents = [backend.module_of(g).asarray(g / largest) for g in cotangents]
        clues = evidence(self.check, i, np.asarray(found / largest), np.asarray(expected / largest), wrong)
        if self.count is None:
            why = diagnose(clues)
        else:
            why = zero(clues) or (constant_factor(clues) if self.count > 1 else "")
        self.check.cotangents = cotangents
        return why


# ---- backward once more -------------------------------------------------------------------------------------------


def _compare_again(check: Differences, checked: list[int], gradients: list[Array], atol: float, rtol: float) -> None:
    """Raise GradCheckError where a backward that is right is so only here, only now, or only for all inputs."""
    for how, layout in (("strided", strided_copy), ("channels last", channels_last_copy)):
        for i, again, gradient in zip(checked, check.backward_gradients(checked, layout), gradients, strict=True):
            if not close([again], [gradient], atol, rtol):
                raise GradCheckError(
                    f"gradcheck: the gradient of inputs[{i}] is right for contiguous memory only: "
                    f"it differs where inputs or cotangent are {how}",
                    input=i,
                )
    for needed in _some_of(checked):
        some = check.backward_gradients(checked, needed=needed)
        for i, again, gradient in zip(checked, some, gradients, strict=True):
            if i in needed and not close([again], [gradient], atol, rtol):
                raise GradCheckError(
                    f"gradcheck: the gradient of inputs[{i}] is right only where others need one, too: "
                    f"it differs where only {', '.join(f'inputs[{n}]' for n in needed)} need one",
                    input=i,
                )
    once = check.backward_gradients(checked, retain_graph=False)
    for i, again, gradient in zip(checked, once, gradients, strict=True):
        if not close([again], [gradient], atol, rtol):
            raise GradCheckError(
                f"gradcheck: the gradient of inputs[{i}] is right with retain_graph=True only", input=i
            )
    with watched(check.tensors) as calls:
        check.outputs()

    def call_others() -> list[Call]:
        """fn again, on inputs that are a little smaller: so they stay where it is defined."""
        with borrowed(check.tensors, checked):
            for i in checked:
                check.tensors[i].data = check.tensors[i].data.copy()
                check.tensors[i].data[...] *= 1 - 1e-3
            with watched(check.tensors) as others:
                check.outputs()
            return others

    message = look_again(calls, call_others, check.random, atol, rtol)
    if message:
        raise GradCheckError(message)


def _some_of(checked: list[int]) -> list[list[int]]:
    """Sets of inputs that need a gradient while the others do not: all there are, of many inputs some."""
    if len(checked) <= 3:
        return [list(some) for count in range(1, len(checked)) for some in combinations(checked, count)]
    return [checked[:1], checked[1:], checked[::2], checked[1::2]]
