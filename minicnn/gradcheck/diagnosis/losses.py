"""Softmax and what is built on it, max along an axis: known by what forward computes, with their mistakes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from minicnn.gradcheck.diagnosis.evidence import Evidence, axes_name, sets_of_axes

Mistake = tuple[str, np.ndarray]


def first_that_explains(e: Evidence, mistakes: Iterator[Mistake]) -> str:
    for sentence, candidate in mistakes:
        with np.errstate(all="ignore"):
            if e.explains(np.broadcast_to(candidate, e.found.shape)):
                return sentence
    return ""


def softmax_along(x: np.ndarray, axis: int) -> np.ndarray:
    exponential = np.exp(x - x.max(axis=axis, keepdims=True))
    return exponential / exponential.sum(axis=axis, keepdims=True)


def softmax(e: Evidence) -> str:
    """grad_x = y (grad_y - sum over j of grad_y_j y_j)  with y = softmax(x) along an axis."""
    if e.derivatives() is None or e.y.shape != e.found.shape:
        return ""
    for axis, size in enumerate(e.y.shape):
        if size > 1 and np.allclose(e.y, softmax_along(e.x, axis), atol=1e-9):
            return first_that_explains(e, _softmax_mistakes(e, e.y, e.grad_y, axis))
    return ""


def _softmax_mistakes(e: Evidence, y: np.ndarray, g: np.ndarray, axis: int) -> Iterator[Mistake]:
    start = "In softmax's gradient, y (grad_y - sum of grad_y y), "
    total = (g * y).sum(axis=axis, keepdims=True)
    for axes in sets_of_axes(y.ndim):
        if axes != (axis,):
            wrong_sum = (g * y).sum(axis=axes, keepdims=True)
            yield f"{start}the sum runs along {axes_name(axes)}, where forward has axis {axis}.", y * (g - wrong_sum)
    yield f"{start}the sum is missing.", y * g
    yield f"{start}the sum is missing: every y counts for its own x alone, its diagonal, y (1 - y).", y * (1 - y) * g
    yield f"{start}the sum is added where it should be subtracted.", y * (g + total)
    yield f"{start}there is a mean in place of the sum.", y * (g - total / y.shape[axis])
    yield f"{start}y is missing inside the sum.", y * (g - g.sum(axis=axis, keepdims=True))
    yield f"{start}grad_y is missing inside the sum, which then is 1.", y * (g - 1)
    yield f"{start}the sum is missing: there is y alone in its place, without grad_y.", y * (g - y)
    yield f"{start}the sum is missing: there is grad_y y in its place, each element's own.", y * (g - g * y)
    yield f"{start}the y in front is missing.", g - total
    yield f"{start}the y in front of the sum is missing.", y * g - total
    yield f"{start}the y in front is there twice.", y * y * (g - total)


def log_softmax(e: Evidence) -> str:
    """grad_x = grad_y - p sum over j of grad_y_j  with p = softmax(x), y = log p, along an axis."""
    if e.derivatives() is None or e.y.shape != e.found.shape:
        return ""
    for axis, size in enumerate(e.y.shape):
        p = softmax_along(e.x, axis)
        if size > 1 and np.allclose(e.y, np.log(p), atol=1e-9):
            return first_that_explains(e, _log_softmax_mistakes(e, p, e.grad_y, axis))
    return ""


def _log_softmax_mistakes(e: Evidence, p: np.ndarray, g: np.ndarray, axis: int) -> Iterator[Mistake]:
    start = "In log-softmax's gradient, grad_y - p sum of grad_y, "
    total = g.sum(axis=axis, keepdims=True)
    for axes in sets_of_axes(p.ndim):
        if axes != (axis,):
            wrong = p * g.sum(axis=axes, keepdims=True)
            yield f"{start}the sum runs along {axes_name(axes)}, where forward has axis {axis}.", g - wrong
    yield f"{start}the second term, with the sum, is missing.", g
    yield f"{start}the sum is missing: every y counts for its own x alone.", g - p * g
    yield f"{start}there is a mean in place of the sum.", g - p * total / p.shape[axis]
    yield f"{start}the second term, with the sum, is added where it should be subtracted.", g + p * total
    yield f"{start}the sum is missing: there is p alone.", g - p
    yield f"{start}p is missing in front of the sum.", g - total
    yield f"{start}there is log p, the output, in place of p in front of the sum.", g - e.y * total
    yield f"{start}p is inside the sum: that is softmax's gradient.", g - (p * g).sum(axis=axis, keepdims=True)
    yield (
        f"{start}everything is multiplied with p: that is for softmax.",
        p * (g - (p * g).sum(axis=axis, keepdims=True)),
    )
    yield f"{start}p is the softmax along another axis.", g - softmax_along(e.x, axis - 1) * total
    yield f"{start}p is e^x, not divided by its sum.", g - np.exp(e.x) * total


def cross_entropy(e: Evidence) -> str:
    """grad_x = w (p - q)  with p = softmax(x) of each row and q the target's distribution; w = grad_y or grad_y / N."""
    if e.derivatives() is None or e.found.ndim != 2 or e.y.size not in (1, len(e.found)) or e.found.shape[1] < 2:
        return ""
    p = softmax_along(e.x, 1)
    grad_y = np.broadcast_to(e.grad_y.reshape(-1, 1), (len(p), 1))
    for divisor in (1, len(p), p.size):
        w = grad_y / divisor
        with np.errstate(all="ignore"):
            q = p - e.expected / w
        if (
            np.isfinite(q).all()
            and q.min() > -1e-5
            and np.allclose(q.sum(axis=1), 1, atol=1e-5)
            and q.max(1).min() > 0.5
        ):
            q[np.abs(q) < 1e-5] = 0
            return first_that_explains(e, _cross_entropy_mistakes(e, p, q, w))
    return ""


def _cross_entropy_mistakes(e: Evidence, p: np.ndarray, q: np.ndarray, w: np.ndarray) -> Iterator[Mistake]:
    start = "In cross-entropy's gradient, p - q, "
    hot = np.eye(q.shape[1])[q.argmax(axis=1)]  # 1 for the target
    found = p - e.found / w
    if (hot * found).sum() > 0:
        target, other = (found * hot).max(), (found * (1 - hot)).max()
        has, forward = f"{target:.4g} and {other:.4g}", f"{(q * hot).max():.4g} and {(q * (1 - hot)).max():.4g}"
        if has != forward and other > -1e-6:
            forgotten = "label smoothing is forgotten" if abs(other) < 1e-6 else "label smoothing is another one"
            text = f"{forgotten}: q is {has} for the target and the other classes, in forward {forward}."
            yield f"{start}{text}", w * (p - target * hot - other * (1 - hot))
    yield f"{start}q is missing: the target's 1 (one-hot) is not subtracted.", w * p
    yield f"{start}p is missing: only the target is left.", -w * q
    yield f"{start}q is added where it should be subtracted.", w * (p + q)
    yield f"{start}p is the softmax along axis 0, the batch, where forward has axis 1.", w * (softmax_along(e.x, 0) - q)
    yield f"{start}p is e^x, not divided by its sum.", w * (np.exp(e.x) - q)
    yield f"{start}p is the sigmoid, not the softmax.", w * (1 / (1 + np.exp(-e.x)) - q)
    yield f"{start}p is x itself, without softmax.", w * (e.x - q)
    yield f"{start}p is log p, without the exponential.", w * (np.log(p) - q)
    yield f"{start}there is p (1 - p) too, softmax's derivative a second time.", w * (p - q) * p * (1 - p)
    yield f"{start}there is p too, softmax's derivative a second time.", w * (p - q) * p
    yield (
        "It is -q / p, the derivative with respect to the probabilities, not to the logits: softmax is missing.",
        -w * q / p,
    )
    for step in (1, -1):
        yield f"{start}the targets' classes are off by one.", w * (p - np.roll(q, step, axis=1))
        yield (
            f"{start}the targets are those of another row: off by one along the batch.",
            w * (p - np.roll(q, step, axis=0)),
        )
    yield f"{start}every row has the target of the first.", w * (p - q[:1])
    yield f"{start}only the target's column is left.", w * (p - q) * hot
    yield f"{start}the target's column is left out.", w * (p - q) * (1 - hot)


def target_alone(e: Evidence) -> str:
    """One element of nearly every row is wrong: what the right class gets in a loss."""
    if e.found.ndim != 2 or e.y.size not in (1, len(e.found)) or e.found.shape[1] < 3 or len(e.found) < 2:
        return ""
    counts = e.wrong.sum(axis=1)
    if counts.max() == 1 and counts.mean() > 0.6:
        return "One element of each row is wrong, perhaps that of the target: look at what the right class gets."
    return ""


def largest(e: Evidence) -> str:
    """grad_x = grad_y where x is the largest along the axes, else 0."""
    if e.derivatives() is None or e.y.size >= e.x.size or not e.x.size:
        return ""
    for axes in sets_of_axes(e.x.ndim):
        y = e.x.max(axis=axes, keepdims=True)
        if y.size == e.y.size and np.array_equal(y.ravel(), e.y.ravel()):
            return first_that_explains(e, _largest_mistakes(e.x, e.grad_y.reshape(y.shape), axes))
    return ""


def _largest_mistakes(x: np.ndarray, g: np.ndarray, axes: tuple[int, ...]) -> Iterator[Mistake]:
    size = np.prod([x.shape[axis] for axis in axes])
    start = f"The largest along {axes_name(axes)} should get all of grad_y, but "
    first = np.ones(x.shape, bool)
    last = np.ones(x.shape, bool)
    for axis in axes:
        place = np.arange(x.shape[axis]).reshape([-1 if i == axis else 1 for i in range(x.ndim)])
        first, last = first & (place == 0), last & (place == x.shape[axis] - 1)
    is_largest = x == x.max(axis=axes, keepdims=True)
    yield start + "every element gets it: the mask x == max is missing.", g + 0 * x
    yield start + "every element gets a share of it, as of a mean.", g / size + 0 * x
    yield start + "the smallest (min) gets it.", g * (x == x.min(axis=axes, keepdims=True))
    yield start + "the first gets it, whichever is the largest.", g * first
    yield start + "the last gets it, whichever is the largest.", g * last
    yield start + "the largest in size, |x|, gets it.", g * (np.abs(x) == np.abs(x).max(axis=axes, keepdims=True))
    yield start + "it gets a share of it, divided by the number of elements.", g * is_largest / size
    yield start + "the largest of all gets it, not of each row.", g * (x == x.max())
    yield start + "it gets grad_y times its own value.", g * x * is_largest
