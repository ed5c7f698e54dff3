"""relu: what is negative becomes 0, and its gradient too."""

from __future__ import annotations

from typing import Any

import numpy as np

import minicnn.functional as F
from minicnn.explain.document import Agreement, Beside, Explanation, Formula, Item, Numbers, Prose, Section, Trace
from minicnn.explain.worked import ways
from minicnn.explain.worked.window import named
from minicnn.tensor import Tensor

EXAMPLE: dict[str, Any] = {"x": np.array([[-2, 3, 0, 1], [5, -1, 4, -3]])}


def loops(x, places):
    """y at these places."""
    y = []
    for place in places:
        if x[place] > 0:
            y.append(x[place])
        else:
            y.append(0.0)
    return np.array(y)


def explanation(x, inplace=False, *, at=None, grad_y=None) -> Explanation:
    """Arguments as F.relu takes them (x itself is never changed); at: the element of y that is traced; grad_y: the
    gradient that arrives at y."""
    x = ways.as_array("relu", "x", x)
    y = F.relu(Tensor(x)).data
    at, grad_y = ways.element("relu", at, y.shape), ways.cotangent("relu", grad_y, y.shape)
    (grad_x,) = ways.gradients(F.relu, [x], grad_y)
    mask = (x > 0).astype(float)
    here = named("", *at)

    def forward_again() -> np.ndarray:
        """y of what is in x now: by the loops, or by F.relu where those would take long."""
        return F.relu(Tensor(x)).data if x.size > ways.MOST_MOVED else loops(x, np.ndindex(x.shape)).reshape(x.shape)

    places = ways.sample(x.shape, ways.MOST_LOOPS, at)
    forward: list[Item] = [
        ways.code(loops),
        Beside((Numbers("x", x, (at,)), "->", Numbers("y", y, (at,)))),
        Trace(f"y{here}", y[at], ((f"x{here}", (), x[at]), ("0", (), 0.0)), "larger"),
        Agreement("y" + ways.some(places, y), {"loops": loops(x, places), "F.relu": ways.at_places(y, places)}),
    ]
    backward: list[Item] = [
        Prose("What came through has slope 1, and hands its gradient on. What was cut off has slope 0: it could change "
              "a little and nothing behind would notice, so nothing comes back."),
        Beside((Numbers("grad_y", grad_y, (at,)), "*", Numbers("x > 0", mask, (at,)), "=",
                Numbers("grad_x", grad_x, (at,)))),
        Trace(f"grad_x{here}", grad_x[at], (ways.product(f"grad_y{here} * (x{here} > 0)", grad_y[at], mask[at]),)),
        *ways.gradient_agreements("grad_x", {"the mask": grad_y * mask, "F.relu's backward": grad_x}, forward_again, x,
                                  grad_y),
    ]  # fmt: skip
    if np.any(x == 0):
        kink = named("x", *np.argwhere(x == 0)[0])
        backward.append(Prose(f"{kink} is 0, a kink: slope 0 to its left, 1 to its right, and no derivative. Any "
                              "number from 0 to 1 would do; the library takes 0, as PyTorch does."))  # fmt: skip
    sections = [
        Section("The formula", [Formula(("y      = x where x > 0, else 0", "grad_x = grad_y where x > 0, else 0"))]),
        Section("Forward", forward),
        Section("Backward", backward),
    ]
    if inplace:
        overwritten = x.copy()
        F.relu(Tensor(overwritten), inplace=True)
        sections.append(Section("In place", [
            Prose("y is written over x, which saves its memory. The way back loses nothing: y > 0 where x > 0."),
            Agreement("y", {"beside x": y, "over x": overwritten}),
            Agreement("the mask", {"x > 0": mask, "y > 0": (overwritten > 0).astype(float)}),
        ]))  # fmt: skip
    made_of = {"y": lambda at: {"x": [at]}, "grad_x": lambda at: {"grad_y": [at], "x > 0": [at]}}
    return Explanation("relu: what is negative becomes 0, and its gradient too", sections, made_of)
