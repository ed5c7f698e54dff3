"""The right numbers in the wrong places: transposed, reversed, shifted, read in another order; wrong in some places."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations, product

import numpy as np

from minicnn.gradcheck.diagnosis.evidence import Evidence, large_sets_of_axes, sets_of_axes


def swapped_inputs(e: Evidence) -> str:
    for i, gradient in e.others().items():
        if e.explains(gradient):
            return (
                f"It is the gradient of inputs[{i}]: the gradients of two inputs are swapped, or one stands for both."
            )
    return ""


def reordered(e: Evidence) -> str:
    if e.found.size < 3:
        return ""
    for text, array in rearrangements(e.expected):
        if e.explains(array):
            how, _, order = text.partition("transposed: ")
            return f"It is transposed: the right one {order}." if order else f"It is the right one {how}."
    return ""


def rearrangements(array: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    """The same numbers in other places, with how they got there: transposed, reversed, read otherwise, rolled."""
    axes = tuple(range(array.ndim))
    for order in permutations(axes):
        turned = array.transpose(order)
        if order != axes:
            reshaped = "" if turned.shape == array.shape else ", and reshaped"
            yield f"transposed: with its axes in the order {order}{reshaped}", turned
    for flipped in sets_of_axes(array.ndim):
        yield f"reversed along axis {', '.join(map(str, flipped))}", np.flip(array, flipped)
    for axis, size in enumerate(array.shape):
        before, after = array.shape[:axis], array.shape[axis + 1 :]
        for part in range(2, size):
            if size % part == 0:
                apart = array.reshape(*before, part, size // part, *after).swapaxes(axis, axis + 1)
                yield (
                    f"with axis {axis} read as {size // part} x {part} where it is {part} x {size // part}: its "
                    "elements are in another order", apart,
                )  # fmt: skip
    for axis, size in enumerate(array.shape):
        for shift in range(1, size):
            near = shift if shift <= size // 2 else shift - size
            yield f"shifted by {near} along axis {axis}, around the end", np.roll(array, shift, axis)


def column_order(e: Evidence) -> str:
    """A reshape, say, that counts along the first axis where forward counts along the last."""
    grad_y, shape = e.grad_y, e.found.shape
    jacobian = e.derivatives()
    if jacobian is None or max(e.found.ndim, e.y.ndim) < 2 or e.found.size != e.y.size or e.found.size < 4:
        return ""
    if (np.count_nonzero(jacobian, axis=0) == 1).all() and (np.count_nonzero(jacobian, axis=1) == 1).all():
        if e.explains(grad_y):
            return "It is the gradient that backward is given, as it is: what forward moved is not moved back."
        by_columns = grad_y.ravel(order="F").reshape(shape), grad_y.ravel().reshape(shape, order="F")
        if any(e.explains(candidate) for candidate in (*by_columns, grad_y.reshape(shape, order="F"))):
            return "It is the gradient that backward is given, read in another order: by columns, not by rows."
        for order in permutations(range(grad_y.ndim)):
            if e.explains(grad_y.transpose(order)):
                return (
                    f"It is the gradient that backward is given with its axes in the order {order}: not the way back."
                )
    return ""


def cotangent_reordered(e: Evidence) -> str:
    """The right derivatives, but each meets another element of grad_y than its own."""
    jacobian = e.derivatives()
    if jacobian is None or e.y.size < 4 or e.found.size < 3:
        return ""
    for text, array in rearrangements(e.grad_y):
        if e.explains(jacobian @ array.ravel()):
            return f"It would be right for the gradient that backward is given {text}."
    return ""


def derivatives_transposed(e: Evidence) -> str:
    """grad_x = J grad_y with dy[i]/dx[j] in place of dy[j]/dx[i]: W not transposed, a sum not reversed."""
    jacobian = e.derivatives()
    if jacobian is None or e.found.size != e.y.size or e.found.size < 3:
        return ""
    if e.explains(jacobian.T @ e.grad_y.ravel()):
        return (
            "It goes through the derivatives as forward does, not back: a matrix is not transposed, an order not "
            "reversed, or a weight multiplied in after what it should come before."
        )
    return ""


def shifted(e: Evidence) -> str:
    """As where col2im forgets to cut off the padding."""
    if e.found.ndim < 2:
        return ""
    spans = [range(-min(3, n - 2), min(3, n - 2) + 1) if n > 2 else range(1) for n in e.found.shape[-2:]]
    for dy, dx in sorted(product(*spans), key=lambda shift: abs(shift[0]) + abs(shift[1])):
        if (dy, dx) == (0, 0):
            continue
        to, origin = (..., _overlap(dy), _overlap(dx)), (..., _overlap(-dy), _overlap(-dx))
        candidate = e.found.copy()  # what was shifted in from outside could be anything
        candidate[to] = e.expected[origin]
        enough = np.count_nonzero(e.expected[origin]) >= max(2, e.found.size // 4)
        if enough and e.wrong[to].any() and e.explains(candidate):
            return (
                f"It is the right one shifted by {dy}, {dx} along the last two axes: look at the padding, or at "
                "where a slice starts."
            )
    return ""


def _overlap(shift: int) -> slice:
    return slice(shift, None) if shift >= 0 else slice(None, shift)


def wrong_places(e: Evidence) -> str:
    candidate = np.empty(e.found.size)
    candidate[np.argsort(e.found, axis=None)] = np.sort(e.expected, axis=None)
    if e.found.size > 2 and e.explains(candidate):
        return "It has the right numbers in the wrong places."
    return ""


def one_index(e: Evidence) -> str:
    """Wrong at one index of an axis, or of several, and nowhere else."""
    for axes in large_sets_of_axes(e.found.ndim):
        others = tuple(axis for axis in range(e.found.ndim) if axis not in axes)
        places = np.argwhere(e.wrong.any(axis=others))
        if len(places) == 1 and any(e.found.shape[axis] > 1 for axis in axes):
            where = ", ".join(f"{place} of axis {axis}" for axis, place in zip(axes, places[0], strict=True))
            where += " (the last)" if len(axes) == 1 and places[0][0] == e.found.shape[axes[0]] - 1 > 0 else ""
            return f"Only index {where} is wrong.{_zero_there(e)}"
    return ""


def index_range(e: Evidence) -> str:
    """Wrong at neighboring indices of an axis, up to its end or from its start; or everywhere but at one."""
    for axis, size in enumerate(e.found.shape):
        others = tuple(i for i in range(e.found.ndim) if i != axis)
        bad = np.flatnonzero(e.wrong.any(axis=others))
        if size < 3 or len(bad) == size:
            continue
        if np.mean(e.wrong.take(bad, axis=axis)) < 0.5 or bad[-1] - bad[0] + 1 != len(bad):
            continue
        if len(bad) == size - 1 and np.mean(e.wrong.take(bad, axis=axis)) > 0.9:
            right = 0 if bad[0] else size - 1
            return f"Only index {right} of axis {axis} is right.{_zero_there(e, 'elsewhere')}"
        if bad[-1] == size - 1:
            rows = f"Only indices {bad[0]} and beyond of axis {axis} are wrong: perhaps a loop ends too early."
            return f"{rows}{_zero_there(e)}"
        if bad[0] == 0:
            rows = f"Only indices 0 to {bad[-1]} of axis {axis} are wrong: perhaps a loop starts too late."
            return f"{rows}{_zero_there(e)}"
    return ""


def border(e: Evidence) -> str:
    """The frame of the last two axes is wrong and nothing inside, where there is enough inside to tell."""
    if e.found.ndim < 2 or min(e.found.shape[-2:]) < 3 or e.wrong[..., 1:-1, 1:-1].any():
        return ""
    inside = e.found[..., 1:-1, 1:-1].size
    if inside < 4 or np.sum(e.wrong) < (e.found.size - inside) / 2:
        return ""
    return f"Only the border of the last two axes is wrong: look at the padding.{_zero_there(e)}"


def _zero_there(e: Evidence, where: str = "there") -> str:
    return "" if e.found[e.wrong].any() else f" Backward says 0 {where}."
