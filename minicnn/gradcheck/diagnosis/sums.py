"""Contributions of outputs: left out, overwritten, counted with another weight, put together by another rule.

A gradient is a sum over the outputs, with one contribution of each output j to each input i:

    grad_x[i] = sum over j of  dy[j]/dx[i] * grad_y[j]
"""

from __future__ import annotations

from itertools import product

import numpy as np

from minicnn.gradcheck.diagnosis.evidence import Evidence, axes_name, fitted, large_sets_of_axes, sets_of_axes


def fan_out(e: Evidence) -> str:
    """The operations are right, and what they say adds up to the true gradient, but it was not added up."""
    total = e.walk(lambda earlier, later: earlier + later)
    if np.allclose(total, e.found, rtol=1e-12, atol=0) or not np.allclose(total, e.expected, rtol=1e-4, atol=1e-5):
        return ""  # it was added up, or the operations are wrong
    for which, combine in (("last", lambda earlier, later: later), ("first", lambda earlier, later: earlier)):
        if e.explains(e.walk(combine)):
            return (
                f"Where a tensor is used more than once, only the {which} gradient to arrive counts: "
                "it is overwritten instead of added."
            )
    return (
        "Every operation is right by itself, and what they say adds up to the true gradient: something is changed in "
        "place on the way, perhaps where the gradients of a tensor that is used more than once are added up."
    )


def cotangent_ignored(e: Evidence) -> str:
    jacobian = e.derivatives()
    if jacobian is None:
        return ""
    if e.explains(jacobian.sum(axis=1)):
        return "It is that of the plain sum of the outputs: grad_y, the gradient that backward is given, is left out."
    for text, g in {"|grad_y|": np.abs(e.grad_y), "grad_y squared": e.grad_y**2,
                    "the sign of grad_y": np.sign(e.grad_y),
                    "the mean of grad_y": np.full_like(e.grad_y, e.grad_y.mean()),
                    "the sum of grad_y": np.full_like(e.grad_y, e.grad_y.sum())}.items():  # fmt: skip
        if e.y.size > 1 and e.found.size > 1 and e.explains(jacobian @ g.ravel()):
            return f"It is right for {text} in place of grad_y."
    for axes in sets_of_axes(e.y.ndim):
        if len(axes) < e.y.ndim and e.found.size > 2:
            for text, g in {"averaged": e.grad_y.mean(axis=axes, keepdims=True),
                            "summed": e.grad_y.sum(axis=axes, keepdims=True)}.items():  # fmt: skip
                if e.explains(jacobian @ np.broadcast_to(g, e.y.shape).ravel()):
                    return f"It is right for a grad_y that was {text} along {axes_name(axes)} first."
    return ""


def missing_sum(e: Evidence) -> str:
    """One index along an axis of the output counts alone, is left out, or counts twice."""
    expected = e.expected.ravel()
    for axis, size in enumerate(e.y.shape):
        parts = e.parts_along((axis,)) if size > 1 else None
        if parts is None:
            continue
        for index, part in enumerate(parts):
            where = _place(axis, index, size)
            if not part.any():
                continue
            if e.explains(part):
                over = "the batch" if axis == 0 else "that axis"
                return f"It is that of {where} alone: the sum over {over} is missing or overwritten."
            if e.explains(expected - part):
                return f"The part of {where} is left out."
            if e.explains(expected + part):
                return f"The part of {where} counts twice."
    return ""


def _place(axis: int, index: int, size: int) -> str:
    which = {0: "the first", size - 1: "the last"}.get(index, f"index {index}")
    if axis == 0:
        return f"{which} item of the batch" if index in (0, size - 1) else f"item {index} of the batch"
    return f"{which} along axis {axis} of the output"


def missing_range(e: Evidence) -> str:
    """Several neighboring indices of the output do not count: a branch of a concatenation, the last rows."""
    for axis, size in enumerate(e.y.shape):
        parts = e.parts_along((axis,)) if 2 < size <= 64 else None
        if parts is None:
            continue
        sums = np.concatenate([np.zeros((1, parts.shape[1])), parts.cumsum(axis=0)])
        for start, stop in product(range(size), range(2, size + 1)):
            part = sums[stop] - sums[start] if start + 1 < stop and (start == 0 or stop == size) else None
            if part is not None and stop - start < size and np.abs(part).max() > e.noise:
                where = f"index {start} to {stop - 1} along axis {axis} of the output"
                if e.explains(e.expected.ravel() - part):
                    return f"The parts of {where} are left out: a branch, or the end of a loop."
                if e.explains(e.expected.ravel() + part):
                    return f"The parts of {where} count twice."
    return ""


def overwritten_overlap(e: Evidence) -> str:
    """Each element of x has the contribution of one of the places that use it, instead of all."""
    for axes in large_sets_of_axes(e.y.ndim):
        parts = e.parts_along(axes)
        if parts is None or (np.count_nonzero(parts, axis=0) <= 1).all():
            continue
        for which, order in (("last", parts[::-1]), ("first", parts)):
            one = order[np.argmax(order != 0, axis=0), np.arange(parts.shape[1])]
            if e.explains(one):
                return (
                    f"Every element has the part of the {which} output that uses it alone: "
                    "where outputs (windows) overlap, gradients are overwritten instead of added."
                )
    return ""


def another_rule(e: Evidence) -> str:
    """What is used several times gets the largest, smallest or mean of its contributions in place of their sum."""
    for axes in large_sets_of_axes(e.y.ndim):
        parts = e.parts_along(axes)
        if parts is None:
            continue
        counts = np.count_nonzero(parts, axis=0)
        if (counts <= 1).all():
            continue
        used = np.where(parts != 0, parts, np.nan)
        used[:, counts == 0] = 0
        for rule, value in {
            "the largest (max)": np.nanmax(used, axis=0), "the smallest (min)": np.nanmin(used, axis=0),
            "the mean": parts.sum(axis=0) / np.maximum(counts, 1), "the largest in size": _largest_in_size(parts),
        }.items():  # fmt: skip
            if e.explains(value):
                return f"What is used in several places gets {rule} of their gradients in place of the sum."
    return ""


def _largest_in_size(parts: np.ndarray) -> np.ndarray:
    return parts[np.abs(parts).argmax(axis=0), np.arange(parts.shape[1])]


def unbroadcast(e: Evidence) -> str:
    """x was broadcast: each output uses one element of it. Its gradient is summed along another axis, or too early."""
    jacobian = e.derivatives()
    if jacobian is None or e.found.size >= e.y.size or (np.count_nonzero(jacobian, axis=0) > 1).any():
        return ""
    plain = np.unique(np.count_nonzero(jacobian, axis=1)).size == 1  # every element is used as often
    slope = jacobian.sum(axis=0).reshape(e.y.shape)
    parts = slope * e.grad_y
    for axes in sets_of_axes(e.y.ndim):
        if e.y.size // np.prod([e.y.shape[axis] for axis in axes]) != e.found.size:
            continue
        over = axes_name(axes)
        for text, value in {
            f"It is summed along {over} of the output: x was broadcast along another axis.": parts.sum(axis=axes),
            f"It is averaged along {over} of the output: it should be summed, and perhaps along another axis.":
                parts.mean(axis=axes),
            f"It is a product of sums along {over}, where it should be the sum of products.":
                slope.sum(axis=axes) * e.grad_y.sum(axis=axes),
            f"The mean along {over} is taken before the product with grad_y: it should be the sum of products.":
                slope.mean(axis=axes) * e.grad_y.sum(axis=axes),
            f"It is grad_y summed along {over}: what forward multiplies this input with is missing.":
                e.grad_y.sum(axis=axes),
            f"It is multiplied along {over} of the output, where it should be summed.": np.prod(parts, axis=axes),
        }.items():  # fmt: skip
            if plain and e.explains(value):
                return text
        for name, array in e.arrays():
            if array.shape == e.y.shape:
                for text, value in _centered(name, array, axes):
                    if e.explains((e.grad_y * value).sum(axis=axes)):
                        return (
                            f"It is grad_y times {text}, summed along {over}: but forward multiplies this input with "
                            "something else: perhaps it is normalized, or masked, first."
                        )
    return ""


def _centered(name: str, x: np.ndarray, axes: tuple[int, ...]) -> list[tuple[str, np.ndarray]]:
    middle = x - x.mean(axis=axes, keepdims=True)
    return [(name, x), (f"{name} squared", x * x), (f"{name} less its mean", middle),
            (f"{name} over its deviation", x / np.maximum(x.std(axis=axes, keepdims=True), 1e-12))]  # fmt: skip


def output_factor(e: Evidence) -> str:
    """Each output's contribution has a factor that depends on the output: tanh's derivative behind a product."""
    parts = e.parts()
    if parts is None or e.found.size < 2 or e.y.size < 2:
        return ""
    with np.errstate(all="ignore"):
        y = e.y.ravel()
        factors = {
            "1 - y^2, tanh's derivative": 1 - y * y, "y (1 - y), sigmoid's derivative": y * (1 - y), "the output y": y,
            "y^2": y * y, "[y > 0], a ReLU's mask": (y > 0) + 0.0, "1 - y": 1 - y, "2 y": 2 * y, "e^y": np.exp(y),
        }  # fmt: skip
        for text, factor in factors.items():
            for verb, value in (("is missing", 1 / factor), ("is there once too often", factor)):
                if np.isfinite(value).all() and e.explains(parts @ value):
                    return f"grad_y should first meet the derivative of what comes last: the factor {text}, {verb}."
        for text, value in {
            "1 - |y|": 1 - np.abs(y),
            "1 - y": 1 - y,
            "1 + y^2": 1 + y * y,
            "y (1 - y)": y * (1 - y),
        }.items():
            if e.explains(parts @ (value / (1 - y * y))):
                return f"For tanh's derivative it takes {text} of the output in place of 1 - y^2."
    return ""


def output_weights(e: Evidence) -> str:
    """As where all windows are divided by 9, and those at the border hold fewer than 9 pixels."""
    if not e.y.ndim:
        return ""
    parts = e.parts_along(tuple(range(e.y.ndim))[-2:])
    if parts is None or len(parts) > parts.shape[1] or len(parts) < 3:
        return ""
    weights = fitted(parts, e.found.ravel())
    if not np.isfinite(weights).all():
        return ""
    values, counts = np.unique(np.round(weights, 3), return_counts=True)
    if len(values) > max(2, len(weights) // 3) or not e.explains(weights @ parts):
        return ""
    if np.abs(values - 1).max() < 0.01 or len(values) == 1:
        return ""
    text = ", ".join(f"{value:g} at {count}" for value, count in zip(values, counts, strict=True))
    return f"The outputs count with different factors, {text} of {len(weights)} places: look at what divides them."


def weights_along(e: Evidence) -> str:
    """Each index along one axis of the output counts with a weight of its own: class weights, lengths, a schedule."""
    for axis, size in enumerate(e.y.shape):
        parts = e.parts_along((axis,)) if size > 1 else None
        if parts is None or size * 2 > parts.shape[1]:
            continue
        weights = fitted(parts, e.found.ravel())
        if np.isfinite(weights).all() and e.explains(weights @ parts):
            some = ", ".join(f"{weight:.4g}" for weight in np.round(weights[:8], 6) + 0.0) + (
                ", ..." if size > 8 else ""
            )
            return f"The outputs along axis {axis} count with different factors, {some}, where all should count once."
    return ""


def one_offset(e: Evidence) -> str:
    """The contributions from output (i, j) to input (S i + a, S j + b) are missing, or count twice, for one (a, b)."""
    if e.found.ndim < 4 or e.y.ndim < 4:
        return ""
    last = (e.y.ndim - 2, e.y.ndim - 1)
    parts = e.parts_along(last)
    if parts is None:
        return ""
    (oh, ow), (h, w) = e.y.shape[-2:], e.found.shape[-2:]
    parts = parts.reshape(oh, ow, -1, h, w)
    for stride in (1, 2, 3):
        row = np.arange(h)[None, :] - stride * np.arange(oh)[:, None]  # a, for each pair of output and input row
        column = np.arange(w)[None, :] - stride * np.arange(ow)[:, None]
        for a, b in product(np.unique(row), np.unique(column)):
            at_offset = (row == a)[:, None, None, :, None] & (column == b)[None, :, None, None, :]
            part = (parts * at_offset).sum(axis=(0, 1)).reshape(e.found.shape)
            for change, what in ((-part, "are left out"), (part, "count twice")):
                if part.any() and e.explains(e.expected + change):
                    step = "" if stride == 1 else f"{stride} "
                    return (
                        f"Only one kernel offset is wrong: the parts from output (i, j) to input "
                        f"({step}i {a:+d}, {step}j {b:+d}) {what}."
                    )
    return ""
