"""local_response_norm: an activation is held down by strong ones in the channels around it."""

from __future__ import annotations

from typing import Any

import numpy as np

import minicnn.functional as F
from minicnn.explain.document import Agreement, Beside, Explanation, Formula, Item, Numbers, Prose, Section, Trace
from minicnn.explain.worked import ways
from minicnn.tensor import Tensor

EXAMPLE: dict[str, Any] = {
    "x": np.array([[[[2, 1]], [[0, -2]], [[1, 3]], [[1, 0]], [[-1, 1]]]]),
    "size": 3,
    "alpha": 1.5,  # 1e-4 as in GoogLeNet would change the fifth digit
    "k": 1,
}


def loops(x, size, alpha, beta, k, rows):
    """These rows of y; a row of x has the channels of a pixel."""
    y = np.zeros((len(rows), x.shape[1]))
    for number, row in enumerate(rows):
        for c in range(x.shape[1]):
            s = k
            for j in range(c - size // 2, c + (size - 1) // 2 + 1):
                if 0 <= j < x.shape[1]:
                    s += alpha / size * x[row, j] ** 2
            y[number, c] = x[row, c] * s**-beta
    return y


def explanation(x, size, alpha=1e-4, beta=0.75, k=1.0, *, at=None, grad_y=None) -> Explanation:
    """Arguments as F.local_response_norm takes them; at: the element of y that is traced; grad_y: the gradient that
    arrives at y."""
    x = ways.as_array("local_response_norm", "x", x)

    def library(x: Tensor) -> Tensor:
        return F.local_response_norm(x, size, alpha, beta, k)

    y = library(Tensor(x)).data
    at = ways.element("local_response_norm", at, y.shape)
    grad_y = ways.cotangent("local_response_norm", grad_y, y.shape)
    (grad_x,) = ways.gradients(library, [x], grad_y)

    # From here on a channel is a column, and each pixel of each image a row: the window slides along a row.
    r, c, shape = ways.as_row(at, x.shape, 1), at[1], x.shape
    x, y, grad_y, grad_x = (ways.as_rows(a, 1) for a in (x, y, grad_y, grad_x))
    channels = x.shape[1]
    rows = sorted(
        {place[0] for place in ways.sample((len(x), 1), max(1, ways.MOST_LOOPS // (channels * size)), (r, 0))}
    )

    def forward_again() -> np.ndarray:
        """y of what is in x now: by the loops, or by F.local_response_norm where those would take long."""
        if x.size * size > ways.MOST_MOVED:
            return library(Tensor(x[:, :, None])).data[:, :, 0]
        return loops(x, size, alpha, beta, k, range(len(x)))

    # band[c, j]: 1 where channel j is in the window of channel c.
    before, after = size // 2, (size - 1) // 2
    band = np.array([[float(c - before <= j <= c + after) for j in range(channels)] for c in range(channels)])
    squares = x**2 @ band.T
    s = k + alpha / size * squares
    window, holders = [[int(j) for j in np.flatnonzero(line)] for line in (band[c], band[:, c])]
    here = f"[{r},{c}]"
    forward: list[Item] = [
        ways.code(loops),
        Prose("Pixels do not meet, only the channels of each. Below, a channel is a column, and each pixel of each "
              f"image a row. Channel {c} sees channels {c - before} to {c + after}, as far as there are such."),
        Beside((Numbers("x", x, tuple((r, j) for j in window)), "->", Numbers("sums of x^2", squares, ((r, c),)))),
        Trace(f"the sum of squares at {here}", squares[r, c], tuple(
            ways.product(f"x[{r},{j}] * x[{r},{j}]", x[r, j], x[r, j]) for j in window)),
        Trace(f"s{here}", s[r, c], (("k", (), float(k)),
                                    ways.product("alpha/size * the sum of squares", alpha / size, squares[r, c]))),
        Beside((Numbers("s", s, ((r, c),)), "->", Numbers("s^-beta", s**-beta, ((r, c),)))),
        Beside((Numbers("x", x, ((r, c),)), "*", Numbers("s^-beta", s**-beta, ((r, c),)), "=",
                Numbers("y", y, ((r, c),)))),
        Trace(f"y{here}", y[r, c], (ways.product(f"x{here} * s{here}^-beta", x[r, c], s[r, c] ** -beta),)),
        Prose(f"alpha is divided by size, as in Caffe and PyTorch: {alpha:g} / {size} = {alpha / size:.4g}. In the "
              "paper (Krizhevsky et al., 2012) alpha itself stands there: its numbers are not to be copied as they "
              "are."),
        Agreement("y" if len(rows) == len(x) else f"y ({len(rows):,} of {len(x):,} pixels)", {
            "loops": loops(x, size, alpha, beta, k, rows), "F.local_response_norm": y[rows]}),
        Agreement("y", {"x * (k + alpha/size * x^2 @ band)^-beta": x * s**-beta, "F.local_response_norm": y}),
    ]  # fmt: skip

    direct = grad_y * s**-beta
    dy_ds = -beta * x * s ** (-beta - 1)  # of the same channel
    through_s = (grad_y * dy_ds) @ band * (2 * alpha / size * x)
    ds_dx = 2 * alpha / size * x[r, c]  # of every s whose window has channel c in it
    backward: list[Item] = [
        Prose(f"x{here} is in y{here} itself, and in s of every channel whose window has channel {c} in it: the window "
              f"seen from the other side, channels {c - after} to {c + before}. So an activation answers for what "
              "it does to its neighbors, too."),
        Formula(("grad_x[c] = grad_y[c] * s[c]^-beta                         directly",
                 "          + sum over j of grad_y[j] * dy/ds[j] * ds/dx[c]  through s[j]",
                 "dy/ds[j]  = -beta x[j] s[j]^(-beta-1)",
                 "ds/dx[c]  = 2 alpha/size x[c]")),
        Beside((Numbers("grad_y", grad_y, tuple((r, j) for j in holders)),
                Numbers("dy/ds", dy_ds, tuple((r, j) for j in holders)))),
        Beside((Numbers("directly", direct, ((r, c),)), "+", Numbers("through s", through_s, ((r, c),)), "=",
                Numbers("grad_x", grad_x, ((r, c),)))),
        Trace(f"grad_x{here}", grad_x[r, c], (
            ways.product(f"grad_y{here} * s{here}^-beta", grad_y[r, c], s[r, c] ** -beta),
            *(ways.product(f"grad_y[{r},{j}] * dy/ds[{r},{j}] * ds/dx{here}", grad_y[r, j], dy_ds[r, j], ds_dx)
              for j in holders))),
        *ways.gradient_agreements("grad_x", {"both paths": direct + through_s,
                                             "F.local_response_norm's backward": grad_x}, forward_again, x, grad_y),
    ]  # fmt: skip
    return Explanation("local_response_norm: strong channels hold down their neighbors", [
        Section("The formula", [Formula((
            f"s[c] = k + alpha/size * sum of x[j]^2 over j = c-{before} ... c+{after}", "y[c] = x[c] * s[c]^-beta", "",
            f"x {shape}; size {size}, alpha {alpha:g}, beta {beta:g}, k {k:g}",
        ))]),
        Section("Forward", forward),
        Section("Backward", backward),
    ], {
        "sums of x^2": lambda at: {"x": [(at[0], int(j)) for j in np.flatnonzero(band[at[1]])]},
        "s": lambda at: {"sums of x^2": [at]},
        "y": lambda at: {"x": [at], "s^-beta": [at]},
        "through s": lambda at: {name: [(at[0], int(j)) for j in np.flatnonzero(band[:, at[1]])]
                                 for name in ("grad_y", "dy/ds")},
        "grad_x": lambda at: {"directly": [at], "through s": [at]},
    })  # fmt: skip
