"""local_response_norm: an activation is held down by strong ones in the channels around it."""

from __future__ import annotations

from typing import Any

import numpy as np

import minicnn.functional as F
from minicnn.explain.document import Agreement, Beside, Explanation, Formula, Numbers, Prose, Section, Trace
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
    one = LateralInhibition(x, y, grad_y, grad_x, size, alpha, beta, k, r, c, library)
    sections = [
        Section("The formula", [Formula((
            f"s[c] = k + alpha/size * sum of x[j]^2 over j = c-{one.before} ... c+{one.after}",
            "y[c] = x[c] * s[c]^-beta", "",
            f"x {shape}; size {size}, alpha {alpha:g}, beta {beta:g}, k {k:g}",
        ))]),
        one.forward(),
        one.backward(),
    ]  # fmt: skip
    return Explanation("local_response_norm: strong channels hold down their neighbors", sections, one.made_of())


class LateralInhibition:
    """Channels that hold down their neighbors: x, a row for each pixel and a column for each channel, and y[r,c]."""

    def __init__(self, x, y, grad_y, grad_x, size, alpha, beta, k, r, c, library) -> None:
        self.x, self.y, self.grad_y, self.grad_x, self.library = x, y, grad_y, grad_x, library
        self.size, self.alpha, self.beta, self.k = size, alpha, beta, k
        self.r, self.c, self.here = r, c, f"[{r},{c}]"
        self.before, self.after = size // 2, (size - 1) // 2
        # band[c, j]: 1 where channel j is in the window of channel c.
        self.band = np.array([[float(c - self.before <= j <= c + self.after) for j in range(x.shape[1])]
                              for c in range(x.shape[1])])  # fmt: skip
        self.squares = x**2 @ self.band.T
        self.s = k + alpha / size * self.squares

    def window(self, c: int) -> list[int]:
        """The channels in the window of channel c."""
        return [int(j) for j in np.flatnonzero(self.band[c])]

    def holders(self, c: int) -> list[int]:
        """The channels whose window has channel c in it."""
        return [int(j) for j in np.flatnonzero(self.band[:, c])]

    def chosen(self, name: str, array: np.ndarray) -> Numbers:
        """An array of a number for each element, with the chosen one marked."""
        return Numbers(name, array, ((self.r, self.c),))

    def forward(self) -> Section:
        """From x to the sums of squares, to s and to y."""
        x, y, squares, s, r, c, here = self.x, self.y, self.squares, self.s, self.r, self.c, self.here
        window, factor = self.window(c), self.alpha / self.size
        s_to_beta = s**-self.beta
        return Section("Forward", [
            ways.code(loops),
            Prose("Pixels do not meet, only the channels of each. Below, a channel is a column, and each pixel of each "
                  f"image a row. Channel {c} sees channels {c - self.before} to {c + self.after}, as far as there are "
                  "such."),
            Beside((Numbers("x", x, tuple((r, j) for j in window)), "->", self.chosen("sums of x^2", squares))),
            Trace(f"the sum of squares at {here}", squares[r, c], tuple(
                ways.product(f"x[{r},{j}] * x[{r},{j}]", x[r, j], x[r, j]) for j in window)),
            Trace(f"s{here}", s[r, c], (("k", (), float(self.k)),
                                        ways.product("alpha/size * the sum of squares", factor, squares[r, c]))),
            Beside((self.chosen("s", s), "->", self.chosen("s^-beta", s_to_beta))),
            Beside((self.chosen("x", x), "*", self.chosen("s^-beta", s_to_beta), "=", self.chosen("y", y))),
            Trace(f"y{here}", y[r, c], (ways.product(f"x{here} * s{here}^-beta", x[r, c], s[r, c] ** -self.beta),)),
            Prose(f"alpha is divided by size, as in Caffe and PyTorch: {self.alpha:g} / {self.size} = {factor:.4g}. In "
                  "the paper (Krizhevsky et al., 2012) alpha itself stands there: its numbers are not to be copied as "
                  "they are."),
            self.loops_agree(),
            Agreement("y", {"x * (k + alpha/size * x^2 @ band)^-beta": x * s_to_beta, "F.local_response_norm": y}),
        ])  # fmt: skip

    def loops_agree(self) -> Agreement:
        """That the loops give the library's y; of many pixels, in some of them."""
        pixels, channels = self.x.shape
        most = max(1, ways.MOST_LOOPS // (channels * self.size))
        rows = sorted({place[0] for place in ways.sample((pixels, 1), most, (self.r, 0))})
        return Agreement("y" if len(rows) == pixels else f"y ({len(rows):,} of {pixels:,} pixels)", {
            "loops": self.by_loops(rows), "F.local_response_norm": self.y[rows]})  # fmt: skip

    def backward(self) -> Section:
        """Two paths: directly, and through s of every channel around."""
        x, s, grad_y, grad_x, r, c, here = self.x, self.s, self.grad_y, self.grad_x, self.r, self.c, self.here
        direct = grad_y * s**-self.beta
        dy_ds = -self.beta * x * s ** (-self.beta - 1)  # of the same channel
        through_s = (grad_y * dy_ds) @ self.band * (2 * self.alpha / self.size * x)
        ds_dx = 2 * self.alpha / self.size * x[r, c]  # of every s whose window has channel c in it
        holders = self.holders(c)
        marked = tuple((r, j) for j in holders)
        found = {"both paths": direct + through_s, "F.local_response_norm's backward": grad_x}
        return Section("Backward", [
            Prose(f"x{here} is in y{here} itself, and in s of every channel whose window has channel {c} in it: the "
                  f"window seen from the other side, channels {c - self.after} to {c + self.before}. So an activation "
                  "answers for what it does to its neighbors, too."),
            Formula(("grad_x[c] = grad_y[c] * s[c]^-beta                         directly",
                     "          + sum over j of grad_y[j] * dy/ds[j] * ds/dx[c]  through s[j]",
                     "dy/ds[j]  = -beta x[j] s[j]^(-beta-1)",
                     "ds/dx[c]  = 2 alpha/size x[c]")),
            Beside((Numbers("grad_y", grad_y, marked), Numbers("dy/ds", dy_ds, marked))),
            Beside((self.chosen("directly", direct), "+", self.chosen("through s", through_s), "=",
                    self.chosen("grad_x", grad_x))),
            Trace(f"grad_x{here}", grad_x[r, c], (
                ways.product(f"grad_y{here} * s{here}^-beta", grad_y[r, c], s[r, c] ** -self.beta),
                *(ways.product(f"grad_y[{r},{j}] * dy/ds[{r},{j}] * ds/dx{here}", grad_y[r, j], dy_ds[r, j], ds_dx)
                  for j in holders))),
            *ways.gradient_agreements("grad_x", found, self.forward_again, x, grad_y),
        ])  # fmt: skip

    def by_loops(self, rows) -> np.ndarray:
        """These rows of y of what is in x now."""
        return loops(self.x, self.size, self.alpha, self.beta, self.k, rows)

    def forward_again(self) -> np.ndarray:
        """y of what is in x now: by the loops, or by F.local_response_norm where those would take long."""
        if self.x.size * self.size > ways.MOST_MOVED:
            return self.library(Tensor(self.x[:, :, None])).data[:, :, 0]
        return self.by_loops(range(len(self.x)))

    def made_of(self) -> dict[str, Any]:
        """What lights up on the page."""
        return {
            "sums of x^2": lambda at: {"x": [(at[0], j) for j in self.window(at[1])]},
            "s": lambda at: {"sums of x^2": [at]},
            "y": lambda at: {"x": [at], "s^-beta": [at]},
            "through s": lambda at: {name: [(at[0], j) for j in self.holders(at[1])] for name in ("grad_y", "dy/ds")},
            "grad_x": lambda at: {"directly": [at], "through s": [at]},
        }
