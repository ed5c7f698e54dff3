"""What lets a gradient through and what does not: masks of ReLU, dropout and max, slices, thresholds, clipping."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from minicnn.gradcheck.diagnosis.evidence import Evidence


def cotangent_mask(e: Evidence) -> str:
    """grad_x where grad_y > 0: the mask of what comes in, where it should be that of the activation."""
    if e.is_elementwise() and ((e.grad_y > 0).any() and (e.grad_y < 0).any()):
        for text, mask in {"positive": e.grad_y > 0, "negative": e.grad_y < 0}.items():
            jacobian = e.derivatives()
            assert jacobian is not None
            slope = np.diag(jacobian).reshape(e.found.shape)
            for derivative in (slope, np.ones_like(slope)):
                if e.explains(derivative * e.grad_y * mask):
                    return (
                        f"It is zero unless grad_y is {text}: the mask looks at grad_y, not at what forward computed."
                    )
    return ""


def clipped(e: Evidence) -> str:
    """min(max(grad, -c), c) of the true gradient: some that should differ are c, most are as they should be."""
    at_limit, text = _at_limit(e)
    if not text or at_limit.mean() > 0.5 or np.ptp(np.abs(e.expected[at_limit])) <= e.noise:
        return ""
    return f"It is {text}"


def mostly_clipped(e: Evidence) -> str:
    """The same where most are c: so are those of a gradient that has only few values, for another reason."""
    text = _at_limit(e)[1]
    return f"Perhaps it is {text}" if text else ""


def _at_limit(e: Evidence) -> tuple[np.ndarray, str]:
    """The elements that are largest in size, and what is said if that is a limit; "" where it is none."""
    size = np.abs(e.found)
    largest = size.max(initial=0)
    at_limit = np.isclose(size, largest, rtol=1e-9)
    if np.sum(at_limit) < 2 or not e.explains(np.clip(e.expected, -largest, largest)):
        return at_limit, ""
    return at_limit, f"clipped to {largest:.4g} in size: a gradient must grow with the one that it is given."


def mask(e: Evidence) -> str:
    """Wrong only where one of the two is zero: in what a mask lets through."""
    is_zero, should_be_zero = e.found == 0, np.abs(e.expected) < 1e-7 * np.abs(e.expected).max()
    if not ((is_zero | should_be_zero) | ~e.wrong).all():
        return ""
    left_out, let_through = (e.wrong & is_zero).any(), (e.wrong & should_be_zero).any()
    if left_out and let_through:
        if (is_zero ^ should_be_zero).all():
            return "The mask is inverted: it is zero exactly where it should not be."
        return "The mask is another one than in forward: some elements are left out, others should be zero."
    if left_out:
        return ""
    where = threshold(e, e.wrong)
    through = "a mask lets these elements through" if where else "perhaps a mask lets these elements through"
    return f"Where it is wrong it should be zero: {through}{where and f' ({where})'}."


def unmasked(e: Evidence) -> str:
    """The gradient that would be right if no output were 0: as of a bias whose gradient does not see the ReLU behind.

    To have no output at 0, each of the inputs in turn is raised (or lowered) as a whole.
    """
    if e.derivatives() is None or not ((e.y == 0).any() and (e.y != 0).any()) or e.found.size > 500:
        return ""
    dead = np.sum(e.y == 0)
    for i, x in enumerate(e.inputs):
        if x.dtype.kind != "f":
            continue
        for amount in (10.0, -10.0):
            all_of_it = e.with_changed(i, x + amount)
            if e.explains(all_of_it):
                return (
                    f"It is that of the function without its last mask: {dead} outputs are 0, cut off as by a ReLU, "
                    "and pass their grad_y on all the same."
                )
            if e.explains(all_of_it - e.expected):
                return f"The last mask is inverted: only the {dead} outputs that are 0 pass their grad_y on."
    return ""


def only_where(e: Evidence) -> str:
    """All that is wrong lies on one side of a threshold of an input or output: x < 0, |x| > c."""
    where = threshold(e, e.wrong)
    if not where:
        return ""
    if not e.found[e.wrong].any():
        return f"It is wrong only where {where}, and zero there: a mask leaves these elements out."
    true = np.abs(e.expected[e.wrong])
    if true.max() <= e.noise:
        return f"It is wrong only where {where}, and should be zero there."
    return f"It is wrong only where {where}: look at what backward does there."


def threshold(e: Evidence, chosen: np.ndarray) -> str:
    """A condition that holds exactly where `chosen` is true, "" where there is none."""
    if chosen.all() or np.sum(chosen) < 2 or np.sum(~chosen) < 2:
        return ""
    for name, array in _with_sizes(e):
        inside, outside = array[chosen], array[~chosen]
        if not inside.any() and outside.all():
            return f"{name} is 0"
        if inside.max() < outside.min():
            bound = _bound(inside.max(), outside.min())
            return f"{name} is negative" if bound == "0" and "|" not in name else f"{name} is below {bound}"
        if inside.min() > outside.max():
            bound = _bound(outside.max(), inside.min())
            return f"{name} is positive" if bound == "0" else f"{name} is above {bound}"
    return ""


def _with_sizes(e: Evidence) -> Iterator[tuple[str, np.ndarray]]:
    for name, array in e.arrays():
        if array.shape == e.found.shape and np.unique(array).size > 3:
            yield name, array
    for name, array in e.arrays():
        if array.shape == e.found.shape and np.unique(array).size > 3:
            yield f"|{name}|", np.abs(array)


def _bound(low: float, high: float) -> str:
    """A round number between the two; 0 where that is one."""
    if low <= 0 <= high:
        return "0"
    for digits in range(1, 6):
        middle = f"{(low + high) / 2:.{digits}g}"
        if low <= float(middle) <= high:
            return middle
    return f"{(low + high) / 2:g}"


def zero_where_wrong(e: Evidence) -> str:
    if not e.found[e.wrong].any():
        return "Where it is wrong it is zero: a mask or a slice leaves these elements out."
    return ""


def not_used(e: Evidence) -> str:
    unused = e.wrong & (np.abs(e.expected) <= e.noise)
    if not unused.any():
        return ""
    return f"In {np.sum(unused)} of these elements the difference is 0: forward does not use them."
