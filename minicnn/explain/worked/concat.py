"""concat: arrays side by side, and the gradient cut at the seams."""

from __future__ import annotations

import numpy as np

import minicnn.functional as F
from minicnn.explain.document import Agreement, Beside, Explanation, Formula, Numbers, Prose, Section, Trace
from minicnn.explain.worked import ways
from minicnn.explain.worked.window import named
from minicnn.tensor import Tensor

EXAMPLE = {
    "tensors": [
        np.array([[[[1, 2], [3, 4]]]]),
        np.array([[[[10, 20], [30, 40]], [[50, 60], [70, 80]]]]),
        np.array([[[[-1, -2], [-3, -4]]]]),
    ]
}


def loops(tensors, axis, places):
    """y at these places: along the axis each tensor begins where the one before has ended."""
    y = []
    for place in places:
        index, which = list(place), 0
        while index[axis] >= tensors[which].shape[axis]:
            index[axis] -= tensors[which].shape[axis]
            which += 1
        y.append(tensors[which][tuple(index)])
    return np.array(y)


def explanation(tensors, axis=1, *, at=None, grad_y=None) -> Explanation:
    """Arguments as F.concat takes them; at: the element of y that is traced; grad_y: the gradient that arrives at y."""
    xs = [ways.as_array("concat", f"tensors[{i}]", x) for i, x in enumerate(tensors)]

    def library(*xs: Tensor) -> Tensor:
        return F.concat(xs, axis)

    y = library(*map(Tensor, xs)).data  # with all its checks
    axis %= y.ndim
    at, grad_y = ways.element("concat", at, y.shape), ways.cotangent("concat", grad_y, y.shape)
    ends = np.cumsum([x.shape[axis] for x in xs])
    starts = [0, *ends[:-1].tolist()]
    which = int(np.searchsorted(ends, at[axis], side="right"))  # y[at] is of xs[which]
    inside = (*at[:axis], at[axis] - starts[which], *at[axis + 1 :])
    grads = [np.take(grad_y, range(start, end), axis) for start, end in zip(starts, ends, strict=True)]
    of_library = ways.gradients(library, xs, grad_y)
    places = ways.sample(y.shape, ways.MOST_LOOPS, at)
    marks = [(inside,) if i == which else () for i in range(len(xs))]
    shapes = ", ".join(str(x.shape) for x in xs)
    seams = ", ".join(
        f"x{i} is {start} to {end - 1}" if end > start + 1 else f"x{i} is {start}"
        for i, (start, end) in enumerate(zip(starts, ends, strict=True))
    )
    agreements = [
        ways.gradient_agreements(
            f"grad_x{i}",
            {"cut": grad, "F.concat's backward": back},
            lambda: library(*map(Tensor, xs)).data,
            xs[i],
            grad_y,
        )
        for i, (grad, back) in enumerate(zip(grads, of_library, strict=True))
    ]
    return Explanation("concat: arrays side by side, and the gradient cut at the seams", [
        Section("The formula", [
            Formula((f"y = x0, then x1, ... along axis {axis}", f"{shapes} -> y {y.shape}")),
        ]),
        Section("Forward: nothing is computed, every number goes to its place", [
            ways.code(loops),
            Beside((*(Numbers(f"x{i}", x, marks[i]) for i, x in enumerate(xs)), "->",
                    Numbers("y", y, (at,)))),
            Prose(f"Along axis {axis} of y: {seams}."),
            Trace(named("y", *at), y[at], ((named(f"x{which}", *inside), (), xs[which][inside]),)),
            Agreement("y" + ways.some(places, y), {"loops": loops(xs, axis, places),
                                                   "F.concat": ways.at_places(y, places)}),
        ]),
        Section("Backward: each gets its own part of the gradient", [
            Prose("A change of an input changes one number of y by as much. So the gradient is cut where the inputs "
                  "were put together, and nothing is added up."),
            Beside((Numbers("grad_y", grad_y, (at,)), "->",
                    *(Numbers(f"grad_x{i}", grad, marks[i]) for i, grad in enumerate(grads)))),
            Trace(named(f"grad_x{which}", *inside), grads[which][inside], ((named("grad_y", *at), (), grad_y[at]),)),
            *(one for some in agreements for one in some),
        ]),
    ])  # fmt: skip
