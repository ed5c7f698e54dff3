"""Special points: zeros, equals and repeats placed on purpose, where a function has a kink or is hardly defined.

At a kink there is no gradient. But there is a slope to either side of it, and what backward says must lie between the
two, along every line through the point: along each element, and along many moved together. So max pooling over equals
may give the gradient to any of them, or share it, but not give it to each: moved together they move the maximum once.

Which of all these is right is a promise of the docstring: 0 for ReLU at 0, the first of equals for max pooling. A
promise is told by a function that moves a point off its kink; backward must say at the kink what differences say there.

For one operation. In a composition backward may be wrong at kinks without a mistake: relu(x) - relu(-x) is x, and
backward says 0 at 0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from minicnn import backend
from minicnn.function import Function
from minicnn.gradcheck.differences import ROUNDING, STEP, Differences, GradCheckError, Line, size_of

Nudge = Callable[[np.ndarray], np.ndarray]
OFF = 1e-5  # times the size of x is how far a promise of ours moves a point
CLOSE = 1e-6  # mistakes at special points are no small ones
TELLS = 1e-2  # a slope that is less exact, as next to the root of 0, is not compared


def first_in_row_order(x: np.ndarray) -> np.ndarray:
    """Every element a little smaller than the one before it, so that the first of equals is the largest."""
    return x - OFF * size_of(x) / x.size * np.arange(x.size).reshape(x.shape)


def smaller(x: np.ndarray) -> np.ndarray:
    return x - OFF * size_of(x)


PROMISES: dict[str, Nudge] = {"relu": smaller, "max_pool2d": first_in_row_order}  # by the name of our operation


def special_points(check: Differences, checked: list[int]) -> Iterator[tuple[str, dict[int, np.ndarray]]]:
    """What a point is called, and the numbers of each input."""
    arrays = {i: backend.to_device(t.data, "cpu") for i, t in enumerate(check.tensors)}
    floats = {i: x for i, x in arrays.items() if i in checked and x.size}
    order = np.random.default_rng(0)

    def some_zero(place: int, x: np.ndarray) -> np.ndarray:
        """Every second element 0 in the first input, two of four in the second ...: every combination occurs."""
        return np.where(np.arange(x.size) >> place & 1, x.ravel(), 0).reshape(x.shape)

    yield "zeros", {i: some_zero(place, x) for place, (i, x) in enumerate(floats.items())}
    yield "ties", {i: order.choice(order.choice(x.ravel(), 3), x.shape) for i, x in floats.items()}
    yield "all equal", {i: np.full(x.shape, x.flat[0]) for i, x in floats.items()}
    indices = {i: np.full(x.shape, x.flat[0]) for i, x in arrays.items() if x.dtype.kind in "iu" and x.size > 1}
    if indices:
        yield "repeated indices", indices


def look_at_special_points(
    check: Differences, checked: list[int], kinds: list[type[Function]], own: Nudge | None
) -> str:
    """Raise GradCheckError where backward is wrong at one; return which could not be tried."""
    untried = []
    names = [getattr(kind, "name", "") for kind in kinds[0].__mro__] if len(kinds) == 1 else []
    promise = own or next((PROMISES[name] for name in names if name in PROMISES), None)
    for name, arrays in special_points(check, checked):
        before = [t.data for t in check.tensors]
        for i, x in arrays.items():
            check.tensors[i].data = backend.module_of(before[i]).asarray(x, dtype=before[i].dtype)
        try:
            with np.errstate(all="ignore"):
                if np.isfinite(float(check.terms().sum())):
                    look_at(check, checked, name, promise)
                else:
                    untried.append(name)
        finally:
            for t, data in zip(check.tensors, before, strict=True):
                t.data = data
    return ", ".join(untried)


def look_at(check: Differences, checked: list[int], name: str, promise: Nudge | None) -> None:
    """Compare what backward says here with the slopes to either side, and with what is promised."""
    gradients = check.backward_gradients(checked)
    for i, gradient in zip(checked, gradients, strict=True):
        found, xp = backend.to_device(gradient, "cpu"), backend.module_of(gradient)
        step = STEP * size_of(check.tensors[i].data)
        for index in np.ndindex(found.shape):
            compare(check, check.along_element(i, index), step, float(found[index]), i, index, name)
        together = np.random.default_rng(1).uniform(0, 2, found.shape)
        for direction in (np.ones(found.shape), together):
            line = check.along_direction(i, xp.asarray(direction))
            compare(check, line, step, float((found * direction).sum()), i, None, name)
    if promise is not None:
        i, found = checked[0], backend.to_device(gradients[0], "cpu")
        data = check.tensors[i].data
        check.tensors[i].data = backend.module_of(data).asarray(promise(backend.to_device(data, "cpu")))
        promised = check.central(i, OFF / 8 * size_of(data) / data.size)
        check.tensors[i].data = data
        off = np.abs(found - promised)
        if not (off <= TELLS * np.abs(promised).max(initial=0)).all():
            worst = tuple(int(n) for n in np.unravel_index(np.argmax(off), off.shape))
            raise GradCheckError(
                f"gradcheck: at special points ({name}) the gradient of inputs[{i}] is not what is promised: backward "
                f"says {found[worst]:.6g} at {list(worst)}, promised is {promised[worst]:.6g}",
                i, worst,
            )  # fmt: skip


def compare(
    check: Differences, line: Line, step: float, found: float, i: int, index: tuple[int, ...] | None, name: str
) -> None:
    """Raise GradCheckError where the slope that backward says is not between those to the left and to the right."""
    here, sides = check.terms(), []
    doubt = 16 * ROUNDING * float(abs(here).sum()) / step
    for h in (-step, step):
        (p, near), (q, far) = [(line.move(t), check.terms()) for t in (h, 2 * h)]
        near, far = (near - here) / p, (far - here) / q
        if np.isfinite(float((near + far).sum())):
            sides.append(2 * near - far)
            doubt += 4 * float(abs(near - far).sum()) + CLOSE * float(abs(near).sum())
    line.move(0)
    if not sides:
        return
    xp = backend.module_of(here)
    lower, upper = float(xp.minimum(sides[0], sides[-1]).sum()), float(xp.maximum(sides[0], sides[-1]).sum())
    if doubt > TELLS * max(abs(lower), abs(upper), float(abs(here).sum()) and TELLS):
        return
    if not lower - doubt <= found <= upper + doubt:
        where = "moved together" if index is None else f"at {list(index)}"
        between = f"{lower:.6g}" if upper - lower <= 2 * doubt else f"something from {lower:.6g} to {upper:.6g}"
        raise GradCheckError(
            f"gradcheck: at special points ({name}) the gradient of inputs[{i}] is wrong {where}: backward says "
            f"{found:.6g}, the differences to either side {between}",
            i, index,
        )  # fmt: skip
