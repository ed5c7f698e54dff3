"""dropout: some elements become 0 by chance, the others grow to make up for it."""

from __future__ import annotations

from typing import Any

import numpy as np

import minicnn.functional as F
from minicnn import rng
from minicnn.explain.document import Agreement, Beside, Explanation, Formula, Item, Numbers, Prose, Section, Trace
from minicnn.explain.worked import ways
from minicnn.explain.worked.window import named
from minicnn.tensor import Tensor

EXAMPLE: dict[str, Any] = {"x": np.array([[1, -2, 3, 4], [2, 5, -1, 6]]), "p": 0.2}


def loops(x, uniform, p, places):
    """y at these places."""
    y = []
    for place in places:
        if uniform[place] < p:
            y.append(0.0)
        else:
            y.append(x[place] / (1 - p))
    return np.array(y)


def explanation(x, p=0.5, training=True, *, at=None, grad_y=None) -> Explanation:
    """Arguments as F.dropout takes them; at: the element of y that is traced; grad_y: the gradient that arrives at y.

    The mask is that of the next F.dropout of such an x in float64, as `mc.manual_seed` and what was drawn since have
    it. The random state stays as it is.
    """
    x, state = ways.as_array("dropout", "x", x), rng.get_state()

    def library(x: Tensor) -> Tensor:
        """The same mask in every call."""
        rng.set_state(state)
        try:
            return F.dropout(x, p, training)
        finally:
            rng.set_state(state)

    y = library(Tensor(x)).data
    at, grad_y = ways.element("dropout", at, y.shape), ways.cotangent("dropout", grad_y, y.shape)
    here = named("", *at)
    if training and p > 0:
        sections = with_a_mask(x, float(p), y, grad_y, at, library, state)
    else:
        why = "p is 0" if training else "In evaluation (training is False)"
        (grad_x,) = ways.gradients(lambda x: library(x) * 1, [x], grad_y)
        sections = [Section("Nothing to do", [
            Prose(f"{why}: what comes is handed on, forward and backward. Nothing has to be scaled, as the factor "
                  "1 / (1 - p) in training has seen to that."),
            Beside((Numbers("x", x, (at,)), "=", Numbers("y", y, (at,)))),
            Trace(f"y{here}", y[at], ((f"x{here}", (), x[at]),)),
            Agreement("y", {"x": x, "F.dropout": y}),
            Agreement("grad_x", {"grad_y": grad_y, "F.dropout's backward": grad_x}),
        ])]  # fmt: skip
    made_of = {"y": lambda at: {"x": [at], "mask": [at]}, "grad_x": lambda at: {"grad_y": [at], "mask": [at]}}
    return Explanation("dropout: some elements become 0 by chance, the others grow", sections, made_of)


def with_a_mask(x, p, y, grad_y, at, library, state) -> list[Section]:
    """The sections where something is dropped; `library` draws the same mask in every call."""
    uniform = rng.next_generator().random(x.shape)  # as the library does, which then puts the state back
    (grad_x,) = ways.gradients(library, [x], grad_y)
    factor = 1 / (1 - p) if p < 1 else 0.0
    kept = (uniform >= p).astype(float)
    mask = kept * factor
    here = named("", *at)

    def forward_again() -> np.ndarray:
        """y of what is in x now: by the loops, or by F.dropout where those would take long."""
        if x.size > ways.MOST_MOVED:
            return library(Tensor(x)).data
        return loops(x, uniform, p, np.ndindex(x.shape)).reshape(x.shape)

    places = ways.sample(x.shape, ways.MOST_LOOPS, at)
    forward: list[Item] = [
        ways.code(loops),
        Prose(f"A number from 0 to 1 is drawn for each element (draw {state['draws'] + 1} of seed {state['seed']}). "
              "Where it is below p, which happens with probability p, the element is dropped."),
        Beside((Numbers("uniform", uniform, (at,)), f">= {p:g} ->", Numbers("kept", kept, (at,)))),
        Beside((Numbers("kept", kept, (at,)), "/ (1 - p) ->", Numbers("mask", mask, (at,)))),
        Beside((Numbers("x", x, (at,)), "*", Numbers("mask", mask, (at,)), "=", Numbers("y", y, (at,)))),
        Trace(f"y{here}", y[at], (ways.product(f"x{here} * mask{here}", x[at], mask[at]),)),
        Agreement("y", {"the mask": x * mask, "F.dropout": y}),
        Agreement("y" + ways.some(places, y), {"loops": loops(x, uniform, p, places),
                                               "F.dropout": ways.at_places(y, places)}),
    ]  # fmt: skip
    if p == 1:
        average: list[Item] = [Prose("With p = 1 all is dropped, and no factor could make up for that: y is 0.")]
    else:
        expected = p * 0 + (1 - p) * (x / (1 - p))
        average = [
            Prose(f"Why the factor 1 / (1 - p) = {factor:.4g}? Over all masks that could have been drawn, y is x on "
                  "average, so that the next layer gets sums of the size that it will get in evaluation, where nothing "
                  "is dropped."),
            Trace(f"average of y{here}", expected[at], (
                ways.product("p * 0", p, 0),
                ways.product(f"(1 - p) * x{here}/(1 - p)", 1 - p, x[at] / (1 - p)))),
            Agreement("the average of y", {"x": x, "p * 0 + (1 - p) * x/(1 - p)": expected}),
        ]  # fmt: skip
    backward: list[Item] = [
        Prose("The same mask: what was dropped had no part in y, so it gets no gradient. What was kept was multiplied "
              f"by {factor:.4g}, and so is its gradient."),
        Beside((Numbers("grad_y", grad_y, (at,)), "*", Numbers("mask", mask, (at,)), "=",
                Numbers("grad_x", grad_x, (at,)))),
        Trace(f"grad_x{here}", grad_x[at], (ways.product(f"grad_y{here} * mask{here}", grad_y[at], mask[at]),)),
        *ways.gradient_agreements("grad_x", {"the mask": grad_y * mask, "F.dropout's backward": grad_x},
                                  forward_again, x, grad_y),
    ]  # fmt: skip
    return [
        Section("The formula", [Formula((
            "mask   = 0 with probability p, else 1 / (1 - p)", "y      = x * mask", "grad_x = grad_y * mask", "",
            f"p {p:g}",
        ))]),
        Section("Forward", forward),
        Section("On average", average),
        Section("Backward", backward),
    ]  # fmt: skip
