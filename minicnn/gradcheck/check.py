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

from minicnn import backend
from minicnn.backend import Array
from minicnn.gradcheck.diagnosis import constant_factor, diagnose, zero
from minicnn.gradcheck.differences import STEP, Differences, GradCheckError
from minicnn.gradcheck.report import GradCheckReport, InputReport
from minicnn.tensor import Tensor


def gradcheck(
    fn: Callable[..., Any],
    inputs: Tensor | Sequence[Tensor],
    *,
    eps: float | None = None,
    atol: float = 1e-5,
    rtol: float = 1e-4,
    seed: int = 0,
    directions: int | None = None,
    report: bool = False,
) -> bool | GradCheckReport:
    """True where backward through `fn` agrees with differences of `fn`, for every element of every input.

    fn takes Tensors and returns a Tensor or a tuple of them. inputs are float64; those that require a gradient are
    checked, or all where none does. They are also tried with memory that is not contiguous, and are left as they came.
    Points near a kink (ReLU at 0, ties in max pooling) are moved away from it first.

    eps: the step of the differences; where it is None, 1e-6, or what a sweep over step sizes finds to be better.
    directions: instead of every element, that many random directions for each input; for whole networks.
    report: return a GradCheckReport (errors, step sweep, evaluations of fn, a plot), also where a gradient is wrong.

    Raises GradCheckError where an element is off by more than atol + rtol |difference|, where forward or backward
    changes what it is given, or where the true gradient vanishes, so that nothing would be proven; TypeError for inputs
    that are no Tensors or not in float64.
    """
    tensors, checked = _what_to_check(inputs)
    found = GradCheckReport()
    with _borrowed(tensors, checked):
        # Not default_rng(seed) itself: a cotangent equal to inputs that were drawn so would hide a transposed gradient.
        check = Differences(fn, tensors, eps or STEP, np.random.default_rng([seed, 1409, 4842]))
        if directions is None:
            if eps is None:
                check.choose_steps(checked)
            check.move_away_from_kinks(checked)
        check.draw_cotangents(checked)
        gradients = check.backward_gradients(checked)
        for i, gradient in zip(checked, gradients, strict=True):
            if directions is None:
                one, message = _compare_elements(check, i, gradient, atol, rtol)
            else:
                one, message = _compare_directions(check, i, gradient, directions, atol, rtol)
            if report:
                one.sweep = check.sweep(i, gradient)
            found.inputs.append(one)
            found.message = found.message or message
            if message and not report:
                raise GradCheckError(f"{message} ({check.evaluations:,} evaluations)")
        found.message = found.message or _compare_layouts(check, checked, gradients, atol, rtol)
        found.evaluations = check.evaluations
    if report:
        return found
    if found.message:
        raise GradCheckError(found.message)
    return True


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


@contextmanager
def _borrowed(tensors: list[Tensor], checked: list[int]) -> Iterator[None]:
    """Work on copies of the inputs' data, inside the same Tensors (fn may hold them, as a Module holds parameters)."""
    before = [dict(vars(t)) for t in tensors]
    for i, t in enumerate(tensors):
        vars(t).update(vars(Tensor(t.data.copy(), requires_grad=i in checked)))  # a leaf, also where it is a result
    try:
        yield
    finally:
        for t, attributes in zip(tensors, before, strict=True):
            vars(t).update(attributes)


def _compare(
    check: Differences, i: int, found: np.ndarray, expected: np.ndarray, atol: float, rtol: float
) -> tuple[InputReport, np.ndarray, np.ndarray]:
    """What backward says of inputs[i] beside the differences: the figures, every error, and which are too large."""
    error = np.abs(found - expected)
    wrong = ~(error <= atol + rtol * np.abs(expected))  # so that nan is wrong too
    largest, worst = float(np.abs(expected).max(initial=0)) or 1.0, float(error.max(initial=0))
    one = InputReport(i, check.tensors[i].shape, found.size, check.steps[i], worst, worst / largest, int(wrong.sum()))
    return one, error, wrong


def _compare_elements(check: Differences, i: int, gradient: Array, atol: float, rtol: float) -> tuple[InputReport, str]:
    expected, found = check.central(i), backend.to_device(gradient, "cpu")
    one, error, wrong = _compare(check, i, found, expected, atol, rtol)
    if not wrong.any():
        return one, ""
    error = np.where(np.isnan(error), np.inf, error)
    worst = np.unravel_index(np.argmax(np.where(wrong, error, -1)), found.shape)
    place = f"[{', '.join(str(int(n)) for n in worst)}]"
    message = (
        f"gradcheck: the gradient of inputs[{i}], shape {found.shape}, is wrong in {wrong.sum()} of {wrong.size} "
        f"elements; the worst is {place}: backward says {found[worst]:.6g}, the difference {expected[worst]:.6g}"
    )
    why = diagnose(check.evidence(i, found, expected, wrong))
    return one, f"{message}. {why}" if why else message


def _compare_directions(
    check: Differences, i: int, gradient: Array, count: int, atol: float, rtol: float
) -> tuple[InputReport, str]:
    xp = backend.module_of(gradient)
    directions = [xp.asarray(check.random.standard_normal(gradient.shape)) for _ in range(count)]
    found = np.array([float((gradient * direction).sum()) for direction in directions])
    expected = np.array([check.along(i, direction) for direction in directions])
    one, _, wrong = _compare(check, i, found, expected, atol, rtol)
    if not wrong.any():
        return one, ""
    first = int(np.argmax(wrong))
    message = (
        f"gradcheck: the gradient of inputs[{i}], shape {gradient.shape}, is wrong along {wrong.sum()} of {count} "
        f"random directions: backward says {found[first]:.6g}, the difference {expected[first]:.6g}"
    )
    evidence = check.evidence(i, found, expected, wrong)
    why = zero(evidence) or (constant_factor(evidence) if count > 1 else "")
    return one, f"{message}. {why}" if why else message


def _compare_layouts(check: Differences, checked: list[int], gradients: list[Array], atol: float, rtol: float) -> str:
    again = check.backward_gradients(checked, strided=True)
    for i, gradient, strided in zip(checked, gradients, again, strict=True):
        if not (abs(gradient - strided) <= atol + rtol * abs(gradient)).all():
            return (
                f"gradcheck: the gradient of inputs[{i}] is right for contiguous memory only: "
                "it differs where inputs or cotangent are strided"
            )
    return ""
