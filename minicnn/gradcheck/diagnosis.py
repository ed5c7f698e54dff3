"""What is wrong with a gradient: simple mistakes, each tried against the true gradient until one fits.

The key is that a gradient is a sum over the outputs, with one contribution of each output j to each input i:

    grad_x[i] = sum over j of  dy[j]/dx[i] * grad_y[j]

Most mistakes in a backward leave contributions out, count them twice, or put them in the wrong place. With the
derivatives dy/dx from differences, what such a mistake would give can be computed and compared with what backward said.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations, permutations, product

import numpy as np

Axes = tuple[int, ...]


@dataclass
class Evidence:
    """All that a hypothesis may look at. x is the input in question, y the output; all arrays are NumPy's."""

    found: np.ndarray  # the gradient that backward says, of x's shape
    expected: np.ndarray  # the true one, from differences
    wrong: np.ndarray  # where they differ
    number: int  # x is inputs[number]
    inputs: list[np.ndarray]
    outputs: list[np.ndarray]
    cotangents: list[np.ndarray]
    constants: Mapping[str, float]  # the numbers that the operations were made with: {"p of dropout": 0.5}
    # What takes more evaluations of the function, and so is computed when a hypothesis asks for it:
    others: Callable[[], Mapping[int, np.ndarray]]  # the true gradients of other inputs of x's shape, by number
    derivatives: Callable[[], np.ndarray | None]  # dy[j]/dx[i], (x.size, y.size); None where that would be too large
    with_changed: Callable[[int, np.ndarray], np.ndarray]  # the true gradient if inputs[n] were that array
    walk: Callable[[Callable], np.ndarray]  # the gradient if what arrives from several uses was combined so

    def explains(self, candidate: np.ndarray) -> bool:
        """Whether a mistake that gives this gradient leaves at most 2 % of the error, or rounding, unexplained."""
        error = np.abs(self.found - self.expected).max(initial=0)
        return bool(
            np.abs(self.found - candidate.reshape(self.found.shape)).max(initial=0) <= self.noise + 0.02 * error
        )

    @property
    def noise(self) -> float:
        """How far differences may be off."""
        return 1e-7 * max(1.0, float(np.abs(self.expected).max(initial=0)))


def diagnose(evidence: Evidence) -> str:
    """The first simple mistake that turns the true gradient into the one found, as a sentence; "" where none fits."""
    for hypothesis in HYPOTHESES:
        sentence = hypothesis(evidence)
        if sentence:
            return sentence
    return ""


def sets_of_axes(dimensions: int) -> list[Axes]:
    """All sets of axes, the smaller ones first: (0,), (1,), (2,), (0, 1), (0, 2), (1, 2), (0, 1, 2)."""
    return [axes for count in range(1, dimensions + 1) for axes in combinations(range(dimensions), count)]


def large_sets_of_axes(dimensions: int) -> list[Axes]:
    """The same sets, the larger ones first."""
    return sorted(sets_of_axes(dimensions), key=len, reverse=True)


# ---- the gradient as a whole --------------------------------------------------------------------------------------


def not_finite(e: Evidence) -> str:
    bad = np.sum(~np.isfinite(e.found))
    return f"It is not finite in {bad} elements." if bad else ""


def zero(e: Evidence) -> str:
    return "" if e.found.any() else "It is zero everywhere: this input was forgotten, or cut out of the graph."


def constant_factor(e: Evidence) -> str:
    square = float((e.expected * e.expected).sum())
    factor = float((e.found * e.expected).sum()) / square if square else 0.0
    if not factor or not e.explains(factor * e.expected):
        return ""
    if abs(factor + 1) < 1e-3:
        return "It has the wrong sign."
    sign = " and has the wrong sign" if factor < 0 else ""
    return f"It is the right one times {factor:.6g}{_where_from(abs(factor), e)}{sign}."


def _where_from(factor: float, e: Evidence) -> str:
    """A constant or a size that the factor could have come from."""
    for name, c in e.constants.items():
        for text, value in {f"1 - {name}": 1 - c, f"1 / (1 - {name})": 1 / (1 - c or 1)}.items():
            if name.startswith("p of ") and abs(factor / value - 1) < 1e-3:
                return f", {text}: dropout's scale"
    for name, size in [*_sizes(e), *e.constants.items()]:
        for value, text in ((size, name), (1 / (size or 1), f"1 / {name}")):
            if value not in (0, 1) and abs(factor / value - 1) < 1e-3:
                return f", {text}"
    return ""


def _sizes(e: Evidence) -> Iterator[tuple[str, int]]:
    """The sizes of all axes, and of axes together: first of x itself, then of the other inputs and the outputs."""
    shapes = [("", e.found.shape)]
    shapes += [(f" of inputs[{i}]", x.shape) for i, x in enumerate(e.inputs) if i != e.number]
    shapes += [(" of the output", y.shape) for y in e.outputs]
    for whose, shape in shapes:
        for axes in sets_of_axes(len(shape)):
            yield f"the size of {axes_name(axes)}{whose}", math.prod(shape[axis] for axis in axes)


def axes_name(axes: Axes) -> str:
    return f"axis {axes[0]}" if len(axes) == 1 else f"axes {', '.join(map(str, axes))}"


def signs(e: Evidence) -> str:
    if e.explains(np.copysign(e.expected, e.found)):
        return f"It has the wrong sign in {np.sum(e.wrong)} of {e.wrong.size} elements."
    return ""


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
    return "" if left_out else "Where it is wrong it should be zero: a mask lets these elements through."


# ---- the right numbers in the wrong places ------------------------------------------------------------------------


def swapped_inputs(e: Evidence) -> str:
    for i, gradient in e.others().items():
        if e.explains(gradient):
            return f"It is the gradient of inputs[{i}]: the gradients of two inputs are swapped."
    return ""


def reordered(e: Evidence) -> str:
    axes = tuple(range(e.found.ndim))
    for order in permutations(axes):
        turned = e.expected.transpose(order)
        if order != axes and e.explains(turned):
            reshaped = "" if turned.shape == e.found.shape else ", and reshaped"
            return f"It is transposed: the right one with its axes in the order {order}{reshaped}."
    for flipped in sets_of_axes(e.found.ndim):
        if e.explains(np.flip(e.expected, flipped)):
            return f"It is the right one reversed along axis {', '.join(map(str, flipped))}."
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
        if e.expected[origin].any() and e.wrong[to].any() and e.explains(candidate):
            return f"It is the right one shifted by {dy}, {dx} along the last two axes: look at the padding."
    return ""


def _overlap(shift: int) -> slice:
    return slice(shift, None) if shift >= 0 else slice(None, shift)


def wrong_places(e: Evidence) -> str:
    candidate = np.empty(e.found.size)
    candidate[np.argsort(e.found, axis=None)] = np.sort(e.expected, axis=None)
    if e.found.size > 2 and e.explains(candidate):
        return "It has the right numbers in the wrong places."
    return ""


# ---- contributions left out, or counted wrongly -------------------------------------------------------------------


def overwritten_fan_out(e: Evidence) -> str:
    """The operations are right, and what they say adds up to the true gradient, but it was not added up."""
    total = e.walk(lambda earlier, later: earlier + later)
    if not np.allclose(total, e.expected, rtol=1e-4, atol=1e-5):
        return ""
    for which, combine in (("last", lambda earlier, later: later), ("first", lambda earlier, later: earlier)):
        if e.explains(e.walk(combine)):
            return (
                f"Where a tensor is used more than once, only the {which} gradient to arrive counts: "
                "it is overwritten instead of added."
            )
    return ""


def cotangent_ignored(e: Evidence) -> str:
    jacobian = e.derivatives()
    if jacobian is not None and e.explains(jacobian.sum(axis=1)):
        return "It is that of the plain sum of the outputs: the gradient that backward is given is left out."
    return ""


def contributions(e: Evidence, axes: Axes) -> np.ndarray | None:
    """What each place along these axes of the output contributes to each element of x:  (places, x.size)."""
    jacobian = e.derivatives()
    if jacobian is None:
        return None
    shape = e.outputs[0].shape
    rest = tuple(axis + 1 for axis in range(len(shape)) if axis not in axes)
    parts = (jacobian * e.cotangents[0].ravel()).reshape(-1, *shape).sum(axis=rest)
    return parts.reshape(len(jacobian), -1).T


def missing_sum(e: Evidence) -> str:
    """One index along an axis of the output counts alone, is left out, or counts twice."""
    expected = e.expected.ravel()
    for axis, size in enumerate(e.outputs[0].shape):
        parts = contributions(e, (axis,)) if size > 1 else None
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


def overwritten_overlap(e: Evidence) -> str:
    """Each element of x has the contribution of one of the places that use it, instead of all."""
    for axes in large_sets_of_axes(e.outputs[0].ndim):
        parts = contributions(e, axes)
        if parts is None or (np.count_nonzero(parts, axis=0) <= 1).all():
            continue
        for which, order in (("last", parts[::-1]), ("first", parts)):
            one = order[np.argmax(order != 0, axis=0), np.arange(parts.shape[1])]
            if e.explains(one):
                return (
                    f"Every element has the part of the {which} output that uses it alone: "
                    "where windows overlap, gradients are overwritten instead of added."
                )
    return ""


def terms_across(e: Evidence) -> str:
    """As where softmax forgets the sum in its denominator."""
    jacobian = e.derivatives()
    if jacobian is None or e.outputs[0].shape != e.found.shape:
        return ""
    own = np.diag(jacobian) * e.cotangents[0].ravel()
    if e.explains(own):
        return "Every output counts for its own input alone: the terms from one element to another are missing."
    return ""


def weights_of_outputs(e: Evidence) -> str:
    """As where all windows are divided by 9, and those at the border hold fewer than 9 pixels."""
    if not e.outputs[0].ndim:
        return ""
    parts = contributions(e, tuple(range(e.outputs[0].ndim))[-2:])
    if parts is None or len(parts) > parts.shape[1]:
        return ""
    weights = np.linalg.lstsq(parts.T, e.found.ravel(), rcond=None)[0]
    values, counts = np.unique(np.round(weights, 3), return_counts=True)
    if len(values) > max(2, len(weights) // 4) or not e.explains(np.round(weights, 3) @ parts):
        return ""
    text = ", ".join(f"{value:g} at {count}" for value, count in zip(values, counts, strict=True))
    return f"The outputs count with different factors, {text} of {len(weights)} places: look at what divides them."


def one_offset(e: Evidence) -> str:
    """The contributions from output (i, j) to input (S i + a, S j + b) are missing, or count twice, for one (a, b)."""
    if e.found.ndim < 2 or e.outputs[0].ndim < 2:
        return ""
    last = (e.outputs[0].ndim - 2, e.outputs[0].ndim - 1)
    parts = contributions(e, last)
    if parts is None:
        return ""
    (oh, ow), (h, w) = e.outputs[0].shape[-2:], e.found.shape[-2:]
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


# ---- wrong in some places -----------------------------------------------------------------------------------------


def one_place(e: Evidence) -> str:
    for axes in large_sets_of_axes(e.found.ndim):
        others = tuple(axis for axis in range(e.found.ndim) if axis not in axes)
        places = np.argwhere(e.wrong.any(axis=others))
        if len(places) == 1 and any(e.found.shape[axis] > 1 for axis in axes):
            where = ", ".join(f"{place} of axis {axis}" for axis, place in zip(axes, places[0], strict=True))
            return f"Only index {where} is wrong.{_zero_there(e)}"
    return ""


def border(e: Evidence) -> str:
    if e.found.ndim >= 2 and min(e.found.shape[-2:]) > 2 and not e.wrong[..., 1:-1, 1:-1].any():
        return f"Only the border of the last two axes is wrong: look at the padding.{_zero_there(e)}"
    return ""


def _zero_there(e: Evidence) -> str:
    return "" if e.found[e.wrong].any() else " Backward says 0 there."


def zero_where_wrong(e: Evidence) -> str:
    if not e.found[e.wrong].any():
        return "Where it is wrong it is zero: a mask or a slice leaves these elements out."
    return ""


# ---- a factor or a term is wrong ----------------------------------------------------------------------------------


def wrong_factor(e: Evidence) -> str:
    """The right gradient times, or divided by, an array that is around: an input, the output, 1 minus one of them."""
    for name, array in _arrays(e):
        for text, value in {name: array, f"1 - {name}": 1 - array, f"{name} squared": array * array}.items():
            for axes in _alignments(value.shape, e.found.shape):
                factor = value.reshape([n if i in axes else 1 for i, n in enumerate(e.found.shape)])
                if factor.all() and e.explains(e.expected / factor):
                    return f"The factor {text} is missing."
                if e.explains(e.expected * factor):
                    return f"The factor {text} is there once too often."
    return ""


def _arrays(e: Evidence) -> Iterator[tuple[str, np.ndarray]]:
    yield from ((f"inputs[{i}]", x) for i, x in enumerate(e.inputs) if x.dtype.kind == "f")
    yield from (("the output", y) for y in e.outputs)


def _alignments(shape: tuple[int, ...], to: tuple[int, ...]) -> Iterator[Axes]:
    """The axes of `to` along which an array of this shape could run: (C,) fits axis 1 of (N, C, H, W)."""
    if math.prod(shape) > 1:
        yield from (axes for axes in combinations(range(len(to)), len(shape)) if tuple(to[i] for i in axes) == shape)


def wrong_term(e: Evidence) -> str:
    """What is too much or too little is the same, or a multiple of an array that is around, all along some axes."""
    residual = e.found - e.expected
    same_shape = [(name, array) for name, array in _arrays(e) if array.shape == residual.shape]
    same_shape += [("e to the power of the output", np.exp(y)) for y in e.outputs if y.shape == residual.shape]
    same_shape += [("the gradient it is given", g) for g in e.cotangents if g.shape == residual.shape]
    one = ("a constant", np.ones(residual.shape))
    for axes in large_sets_of_axes(residual.ndim):
        if math.prod(residual.shape[axis] for axis in axes) < 4:
            continue
        where = "" if len(axes) == residual.ndim else f" along {axes_name(axes)}"
        for terms in [[one], *([term] for term in same_shape), *([one, term] for term in same_shape)]:
            if e.explains(e.expected + _closest(residual, [array for _, array in terms], axes)):
                what = " and ".join(name if name == "a constant" else f"a multiple of {name}" for name, _ in terms)
                return f"It is off by {what}{where}: a term, perhaps that through a sum or mean, is wrong."
    return ""


def _closest(residual: np.ndarray, terms: list[np.ndarray], axes: Axes) -> np.ndarray:
    """The sum of multiples of the terms that is closest to the residual, with the same multiples along the axes."""
    back = tuple(range(residual.ndim - len(axes), residual.ndim))
    moved = np.moveaxis(residual, axes, back)
    size = math.prod(residual.shape[axis] for axis in axes)
    columns = np.stack([np.moveaxis(t, axes, back).reshape(-1, size) for t in terms], axis=2)  # (groups, size, terms)
    found = columns @ (np.linalg.pinv(columns) @ moved.reshape(-1, size, 1))
    return np.moveaxis(found.reshape(moved.shape), back, axes)


def other_input_turned(e: Evidence) -> str:
    """As it would be if another input were reversed or transposed: a kernel that was flipped in backward."""
    if e.found.size > 500:
        return ""
    for i, x in enumerate(e.inputs):
        if i == e.number or x.dtype.kind != "f" or x.ndim < 2:
            continue
        turned = {f"reversed along axes {x.ndim - 2}, {x.ndim - 1}": np.flip(x, (-2, -1))}
        if x.shape[0] == x.shape[1]:
            turned["with axes 0 and 1 swapped"] = x.swapaxes(0, 1)
        if x.shape[-2] == x.shape[-1]:
            turned["with its last two axes swapped"] = x.swapaxes(-2, -1)
        for how, array in turned.items():
            if e.explains(e.with_changed(i, array)):
                return f"It is right for inputs[{i}] {how}: backward takes it the wrong way round."
    return ""


def several_factors(e: Evidence) -> str:
    """As where windows of different sizes are all divided by the same number."""
    nonzero = np.abs(e.expected) > 1e-7 * np.abs(e.expected).max()
    if np.abs(e.found[~nonzero]).max(initial=0) > 1e-5 or np.sum(nonzero) < 4:
        return ""
    factors, counts = np.unique(np.round(e.found[nonzero] / e.expected[nonzero], 3), return_counts=True)
    if len(factors) > max(2, np.sum(nonzero) // 4) or len(factors) > 8 or np.abs(factors - 1).max() < 0.05:
        return ""
    text = ", ".join(f"{factor:g} ({count} elements)" for factor, count in zip(factors, counts, strict=True))
    return f"It is the right one times a factor that differs from place to place: {text}."


def not_used(e: Evidence) -> str:
    unused = e.wrong & (np.abs(e.expected) <= e.noise)
    return (
        f"In {np.sum(unused)} of these elements the difference is 0: forward does not use them." if unused.any() else ""
    )


HYPOTHESES = [
    not_finite, zero, overwritten_fan_out, constant_factor, signs, swapped_inputs, reordered, cotangent_ignored,
    missing_sum, overwritten_overlap, terms_across, mask, one_place, border, shifted, one_offset, wrong_factor,
    wrong_term, other_input_turned, zero_where_wrong, weights_of_outputs, several_factors, wrong_places, not_used,
]  # fmt: skip
