"""conv2d: the plain loops, the columns and the matrix product, and back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

import minicnn.functional as F
from minicnn.explain.document import Agreement, Beside, Explanation, Formula, Index, Numbers, Prose, Section, Trace
from minicnn.explain.worked import ways
from minicnn.functional import checks
from minicnn.tensor import Tensor

EXAMPLE = {
    "x": np.array([[[[1, 2, 0], [3, 1, 2], [0, 1, 1]], [[2, 1, 0], [1, 0, 1], [0, 3, 1]]]]),
    "weight": np.array([[[[1, 0], [0, -1]], [[2, 1], [0, 1]]], [[[1, -1], [0, 2]], [[1, 0], [2, -1]]]]),
    "bias": np.array([1, -1]),
}


# ---- the same convolution in two ways ------------------------------------------------------------------------------


def loops(x, weight, bias, stride, padding, places):
    """y at these places, out of nothing but + and *; what lies in the padding is 0 and adds nothing."""
    (SH, SW), (PH, PW) = stride, padding
    y = []
    for n, k, i, j in places:
        total = 0.0 if bias is None else bias[k]
        for c, u, v in np.ndindex(weight.shape[1:]):
            row, column = i * SH + u - PH, j * SW + v - PW
            if 0 <= row < x.shape[2] and 0 <= column < x.shape[3]:
                total += weight[k, c, u, v] * x[n, c, row, column]
        y.append(total)
    return np.array(y)


def im2col(image, kernel, stride, padding):
    """The patches of an image (C, H, W) as rows, (OH*OW, C*KH*KW)."""
    (KH, KW), (SH, SW), (PH, PW) = kernel, stride, padding
    image = np.pad(image, ((0, 0), (PH, PH), (PW, PW)))
    rows = [
        image[:, top : top + KH, left : left + KW].ravel()
        for top in range(0, image.shape[1] - KH + 1, SH)
        for left in range(0, image.shape[2] - KW + 1, SW)
    ]
    return np.array(rows)


def col2im(rows, size, kernel, stride, padding):
    """The way back: every row is added to the pixels that its patch came from."""
    (H, W), (KH, KW), (SH, SW), (PH, PW) = size, kernel, stride, padding
    image = np.zeros((rows.shape[1] // (KH * KW), H + 2 * PH, W + 2 * PW))
    rows = iter(rows)
    for top in range(0, image.shape[1] - KH + 1, SH):
        for left in range(0, image.shape[2] - KW + 1, SW):
            patch = next(rows).reshape(-1, KH, KW)
            image[:, top : top + KH, left : left + KW] += patch
    return image[:, PH : PH + H, PW : PW + W]


# ---- the worked example --------------------------------------------------------------------------------------------


def explanation(x, weight, bias=None, stride=1, padding=0, *, at=None, grad_y=None) -> Explanation:
    """Arguments as F.conv2d takes them; at: the element of y that is traced; grad_y: the gradient that arrives at y."""
    x, weight = ways.as_array("conv2d", "x", x), ways.as_array("conv2d", "weight", weight)
    bias = None if bias is None else ways.as_array("conv2d", "bias", bias)
    stride, padding = checks.pair("conv2d", "stride", stride, minimum=1), checks.pair("conv2d", "padding", padding)

    def library(x, weight, bias=None):
        return F.conv2d(x, weight, bias, stride, padding)

    y = library(*(Tensor(a) for a in (x, weight, bias) if a is not None)).data  # with all its checks
    at = ways.element("conv2d", at, y.shape)
    grad_y = ways.cotangent("conv2d", grad_y, y.shape)
    one = Convolution(x, weight, bias, stride, padding, y, grad_y, at, library)
    return Explanation(
        "conv2d: each output is the sum of a patch times a kernel",
        [one.formula(), one.forward(), one.columns(), one.backward_to_weight(), one.backward_to_x()],
    )


@dataclass(frozen=True)
class Convolution:
    """A convolution with all its numbers, in float64, and the element y[n, k, i, j] that is looked at."""

    x: np.ndarray
    weight: np.ndarray
    bias: np.ndarray | None
    stride: tuple[int, int]
    padding: tuple[int, int]
    y: np.ndarray
    grad_y: np.ndarray
    at: Index
    library: Callable[..., Tensor]

    # ---- where things are ----------------------------------------------------------------------------------------

    def pixel(self, i: int, j: int, u: int, v: int) -> tuple[int, int]:
        """Row and column of the image that the kernel's element u, v has under it at the place i, j."""
        return i * self.stride[0] + u - self.padding[0], j * self.stride[1] + v - self.padding[1]

    def inside(self, pixel: tuple[int, int]) -> bool:
        return all(0 <= p < n for p, n in zip(pixel, self.x.shape[2:], strict=True))

    def patch(self, i: int, j: int) -> list[Index]:
        """The elements c, row, column of an image under the kernel at the place i, j; those in the padding are none."""
        elements = [(c, *self.pixel(i, j, u, v)) for c, u, v in np.ndindex(self.weight.shape[1:])]
        return [element for element in elements if self.inside(element[1:])]

    def places_over(self, row: int, column: int) -> list[Index]:
        """(i, j, u, v) of every place at which the kernel's element u, v has this pixel under it."""
        KH, KW = self.weight.shape[2:]
        return [
            (i, j, u, v)
            for i, j in np.ndindex(self.y.shape[2:])
            if 0 <= (u := row + self.padding[0] - i * self.stride[0]) < KH
            and 0 <= (v := column + self.padding[1] - j * self.stride[1]) < KW
        ]

    # ---- forward -------------------------------------------------------------------------------------------------

    def formula(self) -> Section:
        (sh, sw), (ph, pw) = self.stride, self.padding
        row, column = ways.window("i", "u", sh, ph), ways.window("j", "v", sw, pw)
        plus = "" if self.bias is None else "bias[k] + "
        return Section("The formula", [Formula((
            f"y[n,k,i,j] = {plus}sum over c, u, v of",
            f"             weight[k,c,u,v] * x[n, c, {row}, {column}]",
            "",
            f"x {self.x.shape}, weight {self.weight.shape} -> y {self.y.shape}",
            f"stride {ways.pair(self.stride)}, padding {ways.pair(self.padding)}",
        ))])  # fmt: skip

    def forward(self) -> Section:
        n, k, i, j = self.at
        terms = [] if self.bias is None else [(f"bias[{k}]", (), self.bias[k])]
        for c, u, v in np.ndindex(self.weight.shape[1:]):
            row, column = self.pixel(i, j, u, v)
            inside = self.inside((row, column))
            pixel = f"x[{n},{c},{row},{column}]" if inside else "padding"
            value, weight = self.x[n, c, row, column] if inside else 0.0, self.weight[k, c, u, v]
            terms.append((f"{pixel} * weight[{k},{c},{u},{v}]", (value, weight), value * weight))
        places = ways.sample(self.y.shape, ways.MOST_LOOPS // self.weight[0].size, self.at)
        by_loops = loops(self.x, self.weight, self.bias, self.stride, self.padding, places)
        return Section("Forward: the plain loops", [
            ways.code(loops),
            Beside((
                Numbers(f"x[{n}]", self.x[n], tuple(self.patch(i, j))), "*",
                Numbers(f"weight[{k}]", self.weight[k], tuple(np.ndindex(self.weight.shape[1:]))),
                *self.plus_bias(), "=",
                Numbers(f"y[{n}]", self.y[n], ((k, i, j),)),
            )),
            Trace(f"y[{n},{k},{i},{j}]", self.y[self.at], tuple(terms)),
            Agreement("y" + ways.some(places, self.y), {
                "the loops": by_loops, "F.conv2d": ways.at_places(self.y, places)}),
        ])  # fmt: skip

    def plus_bias(self) -> tuple[Numbers | str, ...]:
        return () if self.bias is None else ("+", Numbers("bias", self.bias, ((self.at[1],),)))

    def rows(self, array: np.ndarray, n: int) -> np.ndarray:
        """y or grad_y of an image as a matrix: a row for each place, a column for each kernel."""
        return array[n].reshape(len(self.weight), -1).T

    def patches(self, n: int) -> np.ndarray:
        return im2col(self.x[n], self.weight.shape[2:], self.stride, self.padding)

    def columns(self) -> Section:
        n, k, i, j = self.at
        kernels, patches = self.weight.reshape(len(self.weight), -1), self.patches(n)
        product = patches @ kernels.T + (0 if self.bias is None else self.bias)
        row, length = i * self.y.shape[3] + j, patches.shape[1]
        return Section("Forward: columns and a matrix product", [
            Prose("im2col writes every patch down as a row, and every kernel is a column. One matrix product does all "
                  f"the sums. The chosen patch is row {row}; it meets column {k} in y."),
            Beside((
                Numbers("patches", patches, tuple((row, q) for q in range(length))), "@",
                Numbers("kernels.T", kernels.T, tuple((q, k) for q in range(length))),
                *self.plus_bias(), "=",
                Numbers(f"y[{n}] as rows", product, ((row, k),)),
            )),
            Agreement(f"y[{n}]", {"the matrix product": product, "F.conv2d": self.rows(self.y, n)}),
            Agreement("patches", {"the patches": patches,
                      "F.im2col": F.im2col(Tensor(self.x[n : n + 1]), self.weight.shape[2:], self.stride,
                                           self.padding).data[0].T}),
        ])  # fmt: skip

    # ---- backward ------------------------------------------------------------------------------------------------

    def forward_again(self) -> np.ndarray:
        """y of what is in the arrays now: by the loops, or by F.conv2d where those would take long."""
        arrays = self.x, self.weight, self.bias
        if self.y.size * self.weight[0].size > ways.MOST_MOVED:
            return self.library(*(Tensor(a) for a in arrays if a is not None)).data
        return loops(*arrays, self.stride, self.padding, np.ndindex(self.y.shape)).reshape(self.y.shape)

    def agreements(self, name: str, product: np.ndarray) -> list[Agreement]:
        """That the gradient found by a matrix product is the library's, and that of differences."""
        arrays = self.x, self.weight, self.bias
        number = ("grad_x", "grad_weight", "grad_bias").index(name)
        library = ways.gradients(self.library, arrays, self.grad_y)[number]
        by_hand = {"the matrix product": product, "F.conv2d's backward": library}
        return ways.gradient_agreements(name, by_hand, self.forward_again, arrays[number], self.grad_y)

    def backward_to_weight(self) -> Section:
        n, k, i, j = self.at
        shape, (kh, kw) = self.weight.shape, self.weight.shape[2:]
        grad_rows, patches = self.rows(self.grad_y, n), self.patches(n)
        grad_kernels = sum(self.rows(self.grad_y, m).T @ self.patches(m) for m in range(len(self.x)))
        c, u, v = shape[1] // 2, kh // 2, kw // 2
        q, here = (c * kh + u) * kw + v, f"[{k},{c},{u},{v}]"
        terms = []
        for m, a, b in np.ndindex(len(self.x), *self.y.shape[2:]):
            row, column = self.pixel(a, b, u, v)
            if self.inside((row, column)):
                grad, value = self.grad_y[m, k, a, b], self.x[m, c, row, column]
                terms.append((f"grad_y[{m},{k},{a},{b}] * x[{m},{c},{row},{column}]", (grad, value), grad * value))
        items = [
            Prose("Now backward: grad_y says how much a loss would change with each output. A weight is in all outputs "
                  "of its kernel, each time with another pixel. So its gradient is a sum over the places, and all of "
                  "them are one more matrix product."),
            Numbers(f"grad_y[{n}]", self.grad_y[n], tuple((k, a, b) for a, b in np.ndindex(self.y.shape[2:]))),
            Beside((
                Numbers("grad_y.T", grad_rows.T, tuple((k, r) for r in range(len(grad_rows)))), "@",
                Numbers("patches", patches, tuple((r, q) for r in range(len(patches)))), "=",
                Numbers("grad_kernels", grad_rows.T @ patches, ((k, q),)),
            )),
            Trace(f"grad_weight{here}", grad_kernels[k, q], tuple(terms)),
            *self.agreements("grad_weight", grad_kernels.reshape(shape)),
        ]  # fmt: skip
        if self.bias is not None:
            grad_bias = self.grad_y.sum(axis=(0, 2, 3))
            outputs = [(m, k, a, b) for m, a, b in np.ndindex(len(self.x), *self.y.shape[2:])]
            items += [
                Trace(f"grad_bias[{k}]", grad_bias[k],
                      tuple((f"grad_y{ways.brackets(o)}", (), self.grad_y[o]) for o in outputs)),
                *self.agreements("grad_bias", grad_bias),
            ]  # fmt: skip
        return Section("Backward: to the kernels and the bias", items)

    def backward_to_x(self) -> Section:
        n, k, i, j = self.at
        (kh, kw), kernels = self.weight.shape[2:], self.weight.reshape(len(self.weight), -1)
        geometry = self.x.shape[2:], (kh, kw), self.stride, self.padding
        grad_patches = self.rows(self.grad_y, n) @ kernels
        grad_x = np.array([col2im(self.rows(self.grad_y, m) @ kernels, *geometry) for m in range(len(self.x))])
        row, column = np.clip(self.pixel(i, j, (kh - 1) // 2, (kw - 1) // 2), 0, np.array(self.x.shape[2:]) - 1)
        here = f"grad_x[{n},0,{row},{column}]"
        places = self.places_over(row, column)
        elements = [(a * self.y.shape[3] + b, u * kw + v) for a, b, u, v in places]  # of grad_patches, channel 0
        terms = [
            (f"grad_y[{n},{m},{a},{b}] * weight[{m},0,{u},{v}]", (self.grad_y[n, m, a, b], self.weight[m, 0, u, v]),
             self.grad_y[n, m, a, b] * self.weight[m, 0, u, v])
            for a, b, u, v in places for m in range(len(self.weight))
        ]  # fmt: skip
        return Section("Backward: to the image", [
            Prose("Every patch gets a gradient: that of its outputs times the kernels."),
            Beside((
                Numbers(f"grad_y[{n}] as rows", self.rows(self.grad_y, n)), "@",
                Numbers("kernels", kernels), "=",
                Numbers("grad_patches", grad_patches, tuple(elements)),
            )),
            Prose("col2im adds each row to the pixels its patch came from. The patches overlap: the chosen pixel is in "
                  f"{len(places)} of them, and gets the sum of the marked numbers."),
            ways.code(col2im),
            Numbers(f"grad_x[{n}]", grad_x[n], ((0, row, column),)),
            Trace(here, grad_x[n, 0, row, column],
                  tuple((f"grad_patches[{r},{q}]", (), grad_patches[r, q]) for r, q in elements)),
            Prose("Or, all the way from the outputs:"),
            Trace(here, grad_x[n, 0, row, column], tuple(terms)),
            *self.agreements("grad_x", grad_x),
        ])  # fmt: skip
