"""The right gradient for other inputs: a kernel that was turned, a transposed weight, one row taken for all."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from minicnn.gradcheck.diagnosis.evidence import Evidence

LARGE = 500  # elements of x: each candidate takes two evaluations of the function for every one of them


def other_input_changed(e: Evidence) -> str:
    """The true gradient, were another input turned, transposed, replaced by the output or by one of its own rows."""
    if e.found.size > LARGE:
        return ""
    for i, x in enumerate(e.inputs):
        if i == e.number or x.dtype.kind != "f":
            continue
        for how, array in _changes(e, i, x):
            with np.errstate(all="ignore"):
                if not np.array_equal(array, x) and e.explains(e.with_changed(i, array)):
                    return f"It is right for {how}: backward takes another array than forward, or takes it another way."
    return ""


def _changes(e: Evidence, i: int, x: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    name = f"inputs[{i}]"
    if x.ndim > 1:
        yield f"{name} reversed along axes {x.ndim - 2}, {x.ndim - 1}", np.flip(x, (-2, -1))
        if x.shape[0] == x.shape[1]:
            yield f"{name} with axes 0 and 1 swapped: transposed", x.swapaxes(0, 1)
        if x.shape[-2] == x.shape[-1] and x.ndim > 2:
            yield f"{name} with its last two axes swapped: transposed", x.swapaxes(-2, -1)
        for axis in (x.ndim - 2, x.ndim - 1):
            yield f"{name} reversed along axis {axis}", np.flip(x, axis)
        yield f"{name} read by columns, its axes in another order", x.ravel(order="F").reshape(x.shape)
        yield f"{name} read by columns, its axes in another order", x.ravel().reshape(x.shape, order="F")
    if x.ndim == 4:
        for order in ((0, 2, 3, 1), (0, 3, 1, 2), (1, 0, 2, 3), (0, 1, 3, 2), (2, 3, 1, 0), (3, 2, 0, 1)):
            yield f"{name} with its axes in the order {order}, and reshaped", x.transpose(order).reshape(x.shape)
    if x.size > 1 and x.ndim:
        yield f"{name} with the first of axis 0 in place of all", np.broadcast_to(x[:1], x.shape).copy()
        yield f"{name} with the last of axis 0 in place of all", np.broadcast_to(x[-1:], x.shape).copy()
    yield f"ones in place of {name}", np.ones_like(x)
    yield f"|{name}|", np.abs(x)
    yield f"the sign of {name} alone", np.sign(x)
    yield f"-{name}", -x
    yield f"{name} squared", x * x
    yield f"1 - {name}", 1 - x
    if x.ndim:
        yield f"{name} without its mean", x - x.mean()
    for j, other in enumerate(e.inputs):
        if j != i and other.shape == x.shape and other.dtype.kind == "f":
            yield f"inputs[{j}] in place of {name}", other.copy()
    for y in e.outputs:
        if y.shape == x.shape:
            yield f"the output y in place of {name}", y.copy()


def own_value_changed(e: Evidence) -> str:
    """The true gradient somewhere else: at |x|, at the output, at x without its mean."""
    if e.found.size > LARGE or e.derivatives() is None:
        return ""
    x, name = e.x, f"inputs[{e.number}]"
    changes = [(f"the output y in place of {name}", e.y)] if e.y.shape == x.shape else []
    changes += [(f"|{name}|", np.abs(x)), (f"1 - {name}", 1 - x), (f"twice {name}", 2 * x),
                (f"zeros in place of {name}", np.zeros_like(x)),
                (f"ones in place of {name}", np.ones_like(x))]  # fmt: skip
    for j, other in enumerate(e.inputs):
        if j != e.number and other.shape == x.shape and other.dtype.kind == "f":
            changes.append((f"inputs[{j}] in place of {name}", other))
    for how, array in changes:
        with np.errstate(all="ignore"):
            candidate = e.with_changed(e.number, np.array(array))
            if np.isfinite(candidate).all() and e.explains(candidate):
                if not array.any():
                    return f"It would be right near {name} = 0: perhaps the derivative of a nonlinear step is missing."
                return f"It is right for {how}: backward takes the derivative there."
    return ""


def other_operand(e: Evidence) -> str:
    """x is a matrix, y = f(a x), and its gradient a^T d:  another array b stands for a, or grad_y for d = f' grad_y.

    dy[n, o]/dx[i, o] = a[n, i] f'[n, o], so f' can be read from the derivatives for each input a of a fitting shape.
    """
    jacobian = e.derivatives()
    if jacobian is None or e.found.ndim != 2 or e.y.ndim != 2:
        return ""
    (rows, outputs), n = e.y.shape, e.found.shape[0]
    if e.found.shape[1] != outputs:
        return ""
    slopes = jacobian.reshape(n, outputs, rows, outputs)
    own = slopes[:, np.arange(outputs), :, np.arange(outputs)]  # (o, i, n)
    if np.count_nonzero(own) != np.count_nonzero(slopes):
        return ""
    fitting = [(name, a) for name, a in e.arrays() if a.shape == (rows, n)]
    for name, a in fitting:
        with np.errstate(all="ignore"):
            derivative = np.median(own / a.T, axis=1).T  # (rows, outputs)
        d = derivative * e.grad_y
        if not np.isfinite(d).all() or not np.allclose(a.T @ d, e.expected, rtol=1e-4, atol=1e-6):
            continue
        if e.explains(a.T @ e.grad_y):
            return (
                f"It is {name}, transposed, times grad_y: the derivative of what comes behind the product is missing."
            )
        for other, b in fitting:
            if other != name and e.explains(b.T @ d):
                return f"It is the product with {other}, where it should be that with {name}."
    return ""
