"""conv2d: the plain loops, the columns and the matrix product, and back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

import minicnn.functional as F
from minicnn.explain.document import (
    Agreement,
    Beside,
    Explanation,
    Formula,
    Index,
    Item,
    Numbers,
    Prose,
    Section,
    Trace,
)
from minicnn.explain.worked import ways
from minicnn.explain.worked.im2col import col2im, im2col
from minicnn.explain.worked.window import Window, all_of, named
from minicnn.functional import checks
from minicnn.tensor import Tensor

EXAMPLE = {
    "x": np.array([[[[1, 2, 0], [3, 1, 2], [0, 1, 1]], [[2, 1, 0], [1, 0, 1], [0, 3, 1]]]]),
    "weight": np.array([[[[1, 0], [0, -1]], [[2, 1], [0, 1]]], [[[1, -1], [0, 2]], [[1, 0], [2, -1]]]]),
    "bias": np.array([1, -1]),
}


def fitting(given: dict[str, Any]) -> dict[str, Any]:
    """A weight that fits a learner's x, or an x that fits their weight."""
    found: dict[str, Any] = {}
    if "x" in given and "weight" not in given and np.ndim(given["x"]) == 4:
        c, h, w = np.shape(given["x"])[1:]
        found = {"weight": np.resize(EXAMPLE["weight"], (2, c, min(2, h), min(2, w)))}
    elif "weight" in given and "x" not in given and np.ndim(given["weight"]) == 4:
        c, kh, kw = np.shape(given["weight"])[1:]
        found = {"x": np.resize(EXAMPLE["x"], (1, c, kh + 1, kw + 1))}
    if "weight" in given:
        found["bias"] = None
    return found


def loops(x, weight, bias, stride, padding, places):
    """y at these places, out of nothing but + and *; what lies in the padding is 0 and adds nothing."""
    (SH, SW), (PH, PW) = stride, padding
    y = []
    for n, k, i, j in places:
        total = 0.0 if bias is None else bias[k]
        for c, u, v in np.ndindex(weight.shape[1:]):
            row, column = i * SH + u - PH, j * SW + v - PW
            if 0 <= row < x.shape[2] and 0 <= column < x.shape[3]:
                total += x[n, c, row, column] * weight[k, c, u, v]
        y.append(total)
    return np.array(y)


def explanation(x, weight, bias=None, stride=1, padding=0, *, at=None, grad_y=None) -> Explanation:
    """Arguments as F.conv2d takes them; at: the element of y that is traced; grad_y: the gradient that arrives at y."""
    x, weight = ways.as_array("conv2d", "x", x), ways.as_array("conv2d", "weight", weight)
    bias = None if bias is None else ways.as_array("conv2d", "bias", bias)
    checks.ndim("conv2d", "weight", weight, 4, "(K, C, KH, KW)")
    window = Window.fitting("conv2d", x, weight.shape[2:], stride, padding)

    def library(x, weight, bias=None):
        return F.conv2d(x, weight, bias, stride, padding)

    y = library(*(Tensor(a) for a in (x, weight, bias) if a is not None)).data  # with all its checks
    at = ways.element("conv2d", at, y.shape)
    grad_y = ways.cotangent("conv2d", grad_y, y.shape)
    of_library = ways.gradients(library, (x, weight, bias), grad_y)
    one = Convolution(x, weight, bias, window, y, grad_y, at, library, of_library)
    sections = [one.formula(), one.forward(), one.columns(), one.backward_to_weight(), one.backward_to_x()]
    made_of = {"y": one.y_made_of, "grad_x": one.grad_x_made_of}
    return Explanation("conv2d: each output is the sum of a patch times a kernel", sections, made_of)


@dataclass(frozen=True)
class Convolution:
    """A convolution with all its numbers, and the element y[n,k,i,j] that is looked at."""

    x: np.ndarray
    weight: np.ndarray
    bias: np.ndarray | None
    window: Window
    y: np.ndarray
    grad_y: np.ndarray
    at: Index
    library: Callable[..., Tensor]
    of_library: list[np.ndarray]  # the gradients of x, weight and bias

    def rows(self, array: np.ndarray, n: int) -> np.ndarray:
        """y or grad_y of image n as a matrix: a row for each place, a column for each kernel."""
        return array[n].reshape(len(self.weight), -1).T

    def patches(self, n: int) -> np.ndarray:
        """The patches of image n as rows, (OH*OW, C*KH*KW)."""
        return im2col(self.x[n], *self.window.geometry()).T

    def y_made_of(self, index: Index) -> dict[str, list[Index]]:
        n, k, i, j = index
        under = self.window.elements(range(self.x.shape[1]), i, j)
        row, length = i * self.window.places[1] + j, self.weight[0].size
        return {
            self.window.name("x"): [(n, *element) for element in under],
            "weight": [(k, *element) for element in np.ndindex(self.weight.shape[1:])],
            "bias": [(k,)],
            "patches": [(row, q) for q in range(length)],
            "kernels.T": [(q, k) for q in range(length)],
            "y as rows": [(row, k)],
        }

    def grad_x_made_of(self, index: Index) -> dict[str, list[Index]]:
        n, c, row, column = index
        over, kernels = self.window.over((row, column)), range(len(self.weight))
        kh, kw = self.window.kernel
        elements: list[Index] = [(i * self.window.places[1] + j, (c * kh + u) * kw + v) for i, j, u, v in over]
        return {
            "grad_y": [(n, k, i, j) for i, j, _, _ in over for k in kernels],
            "weight": [(k, c, u, v) for _, _, u, v in over for k in kernels],
            "grad_y as rows": [(r, k) for r, _ in elements for k in kernels],
            "kernels": [(k, q) for _, q in elements for k in kernels],
            "grad_patches": elements,
        }

    # ---- forward -------------------------------------------------------------------------------------------------

    def formula(self) -> Section:
        row, column = self.window.formula()
        plus = "" if self.bias is None else "bias[k] + "
        lines = (
            f"y[n,k,i,j] = {plus}sum over c, u, v of",
            f"             x[n, c, {row}, {column}] * weight[k,c,u,v]",
            "",
            f"x {self.x.shape}, weight {self.weight.shape} -> y {self.y.shape}",
            self.window.options(),
        )
        return Section("The formula", [Formula(lines)])

    def forward(self) -> Section:
        n, k, i, j = self.at
        terms: list[ways.Term] = [] if self.bias is None else [(f"bias[{k}]", (), self.bias[k])]
        for c, u, v in np.ndindex(self.weight.shape[1:]):
            pixel = self.window.pixel(i, j, u, v)
            inside = self.window.inside(pixel)
            what = f"{named('x', n, c, *pixel) if inside else 'padding'} * {named('weight', k, c, u, v)}"
            terms.append(ways.product(what, self.x[n, c][pixel] if inside else 0, self.weight[k, c, u, v]))
        places = ways.sample(self.y.shape, ways.MOST_LOOPS // self.weight[0].size, self.at)
        by_loops = loops(self.x, self.weight, self.bias, self.window.stride, self.window.padding, places)
        channels = range(self.x.shape[1])
        return Section("Forward: the plain loops", [
            ways.code(loops),
            Beside((
                self.window.shown(n, self.x, channels, i, j), "*",
                Numbers(named("weight", k), self.weight[k], all_of(self.weight[k])), *self.plus_bias(), "=",
                Numbers(named("y", n), self.y[n], ((k, i, j),)),
            )),
            Trace(named("y", *self.at), self.y[self.at], tuple(terms)),
            Agreement("y" + ways.some(places, self.y), {"loops": by_loops,
                                                        "F.conv2d": ways.at_places(self.y, places)}),
        ])  # fmt: skip

    def plus_bias(self) -> tuple[Numbers | str, ...]:
        return () if self.bias is None else ("+", Numbers("bias", self.bias, ((self.at[1],),)))

    def columns(self) -> Section:
        n, k, i, j = self.at
        kernels, patches = self.weight.reshape(len(self.weight), -1), self.patches(n)
        product = patches @ kernels.T + (0 if self.bias is None else self.bias)
        row = i * self.y.shape[3] + j
        columns = F.im2col(Tensor(self.x[n : n + 1]), *self.window.geometry())
        return Section("Forward: columns and a matrix product", [
            Prose("im2col writes every patch down as a row, and every kernel is a column. One matrix product does all "
                  f"the sums. The chosen patch is row {row}; with kernel {k} it makes column {k} of that row of y."),
            Beside((
                Numbers("patches", patches, tuple((row, q) for q in range(patches.shape[1]))), "@",
                Numbers("kernels.T", kernels.T, tuple((q, k) for q in range(kernels.shape[1]))), *self.plus_bias(), "=",
                Numbers("y as rows", product, ((row, k),)),
            )),
            Agreement("patches", {"rows": patches, "F.im2col's columns": columns.data[0].T}),
            Agreement(named("y", n), {"matrix product": product, "F.conv2d": self.rows(self.y, n)}),
        ])  # fmt: skip

    # ---- backward ------------------------------------------------------------------------------------------------

    def backward_to_weight(self) -> Section:
        n, k, _, _ = self.at
        grad_rows, patches = self.rows(self.grad_y, n), self.patches(n)
        grad_kernels = sum(self.rows(self.grad_y, m).T @ self.patches(m) for m in range(len(self.x)))
        grad_weight = np.reshape(grad_kernels, self.weight.shape)
        c, u, v = (size // 2 for size in self.weight.shape[1:])  # the weight that is looked at
        q = (c * self.window.kernel[0] + u) * self.window.kernel[1] + v
        outputs = list(np.ndindex(len(self.x), *self.y.shape[2:]))
        terms = []
        for m, a, b in outputs:
            pixel = self.window.pixel(a, b, u, v)
            if self.window.inside(pixel):
                what = f"{named('grad_y', m, k, a, b)} * {named('x', m, c, *pixel)}"
                terms.append(ways.product(what, self.grad_y[m, k, a, b], self.x[m, c][pixel]))
        marked = tuple((k, a, b) for a, b in np.ndindex(self.y.shape[2:]))
        others = "" if len(self.x) == 1 else f" Shown is image {n}; the gradient is the sum over all images."
        items: list[Item] = [
            Prose("grad_y says how much a loss grows with each output. A weight takes part in all outputs of its "
                  "kernel, each time with another pixel. So its gradient is a sum over the places, and all these sums "
                  f"are one more matrix product.{others}"),
            Beside((Numbers(named("grad_y", n), self.grad_y[n], marked), "-> as rows ->",
                    Numbers("grad_y.T", grad_rows.T, tuple((k, r) for r in range(len(grad_rows)))))),
            Beside((Numbers("grad_y.T", grad_rows.T, tuple((k, r) for r in range(len(grad_rows)))), "@",
                    Numbers("patches", patches, tuple((r, q) for r in range(len(patches)))), "=",
                    Numbers("grad_kernels", grad_rows.T @ patches, ((k, q),)))),
            Trace(named("grad_weight", k, c, u, v), grad_weight[k, c, u, v], tuple(terms)),
            *self.agreements("grad_weight", grad_weight),
        ]  # fmt: skip
        if self.bias is not None:
            grad_bias = self.grad_y.sum(axis=(0, 2, 3))
            shares = [(named("grad_y", m, k, a, b), (), self.grad_y[m, k, a, b]) for m, a, b in outputs]
            items.append(Trace(named("grad_bias", k), grad_bias[k], tuple(shares)))
            items += self.agreements("grad_bias", grad_bias)
        return Section("Backward: to the kernels and the bias", items)

    def backward_to_x(self) -> Section:
        n, _, i, j = self.at
        window, kernels = self.window, self.weight.reshape(len(self.weight), -1)
        grad_patches = self.rows(self.grad_y, n) @ kernels
        grad_x = np.array(
            [
                col2im((self.rows(self.grad_y, m) @ kernels).T, window.size, *window.geometry())
                for m in range(len(self.x))
            ]
        )
        row, column = pixel = window.middle(i, j)  # the pixel that is looked at, in channel 0
        here, value = named("grad_x", n, 0, *pixel), grad_x[n, 0, row, column]
        over = window.over(pixel)
        elements = [(a * window.places[1] + b, u * window.kernel[1] + v) for a, b, u, v in over]  # of grad_patches
        terms = [
            ways.product(f"{named('grad_y', n, k, a, b)} * {named('weight', k, 0, u, v)}",
                         self.grad_y[n, k, a, b], self.weight[k, 0, u, v])
            for a, b, u, v in over for k in range(len(self.weight))
        ]  # fmt: skip
        return Section("Backward: to the image", [
            Prose("Every patch gets a gradient: that of its outputs times the kernels. col2im then adds each row to "
                  f"the pixels that its patch came from. Where patches overlap there is something to add: {here} is "
                  "the sum of the marked numbers."),
            Beside((
                Numbers("grad_y as rows", self.rows(self.grad_y, n),
                        tuple((r, k) for r, _ in elements for k in range(len(kernels)))), "@",
                Numbers("kernels", kernels, tuple((k, q) for _, q in elements for k in range(len(kernels)))), "=",
                Numbers("grad_patches", grad_patches, tuple(elements)), "-> col2im ->",
                Numbers(named("grad_x", n), grad_x[n], ((0, row, column),)),
            )),
            Trace(here, value, tuple((named("grad_patches", *one), (), grad_patches[one]) for one in elements)),
            Prose("Or all the way from the outputs that the pixel took part in:"),
            Trace(here, value, tuple(terms)),
            *self.agreements("grad_x", grad_x),
        ])  # fmt: skip

    def agreements(self, name: str, product: np.ndarray) -> list[Agreement]:
        """That a gradient found by a matrix product is the library's, and that of differences."""
        number = ("grad_x", "grad_weight", "grad_bias").index(name)
        moved = [array for array in (self.x, self.weight, self.bias) if array is not None][number]
        both = {"matrix product": product, "F.conv2d's backward": self.of_library[number]}
        return ways.gradient_agreements(name, both, self.forward_again, moved, self.grad_y)

    def forward_again(self) -> np.ndarray:
        """y of what is in the arrays now: by the loops, or by F.conv2d where those would take long."""
        arrays = self.x, self.weight, self.bias
        if self.y.size * self.weight[0].size > ways.MOST_MOVED:
            return self.library(*(Tensor(a) for a in arrays if a is not None)).data
        return loops(*arrays, self.window.stride, self.window.padding, np.ndindex(self.y.shape)).reshape(self.y.shape)
