"""im2col: patches of an image written down as columns; and back, col2im, where they overlap and add up."""

from __future__ import annotations

import numpy as np

import minicnn.functional as F
from minicnn.explain.document import Agreement, Beside, Explanation, Formula, Index, Numbers, Prose, Section, Trace
from minicnn.explain.worked import ways
from minicnn.explain.worked.window import Window, named
from minicnn.tensor import Tensor

EXAMPLE = {"x": np.arange(1, 10).reshape(1, 1, 3, 3), "kernel_size": 2}  # each pixel has a number of its own


def im2col(image, kernel, stride, padding):
    """The patches of an image (C, H, W) as columns, (C*KH*KW, OH*OW)."""
    (KH, KW), (SH, SW), (PH, PW) = kernel, stride, padding
    image = np.pad(image, ((0, 0), (PH, PH), (PW, PW)))
    patches = [
        image[:, top : top + KH, left : left + KW]
        for top in range(0, image.shape[1] - KH + 1, SH)
        for left in range(0, image.shape[2] - KW + 1, SW)
    ]
    return np.array([patch.ravel() for patch in patches]).T


def col2im(columns, size, kernel, stride, padding):
    """Each column added to the pixels that its patch came from: (C*KH*KW, OH*OW) -> (C, H, W)."""
    (H, W), (KH, KW), (SH, SW), (PH, PW) = size, kernel, stride, padding
    image = np.zeros((len(columns) // (KH * KW), H + 2 * PH, W + 2 * PW))
    column = iter(columns.T)
    for top in range(0, image.shape[1] - KH + 1, SH):
        for left in range(0, image.shape[2] - KW + 1, SW):
            patch = next(column).reshape(-1, KH, KW)
            image[:, top : top + KH, left : left + KW] += patch
    return image[:, PH : PH + H, PW : PW + W]


def explanation(x, kernel_size, stride=1, padding=0, *, at=None, grad_y=None) -> Explanation:
    """Arguments as F.im2col takes them; at: the element of the columns that is traced; grad_y: their gradient."""
    x = ways.as_array("im2col", "x", x)
    window = Window.fitting("im2col", x, kernel_size, stride, padding)

    def library(x):
        return F.im2col(x, kernel_size, stride, padding)

    y = library(Tensor(x)).data  # with all its checks
    at, grad_y = ways.element("im2col", at, y.shape), ways.cotangent("im2col", grad_y, y.shape)

    def columns_made_of(index: Index) -> dict[str, list[Index]]:
        n, q, p = index
        (c, u, v), (i, j) = map(int, np.unravel_index(q, (x.shape[1], *window.kernel))), divmod(p, window.places[1])
        return {window.name("x"): [(n, c, i * window.stride[0] + u, j * window.stride[1] + v)]}

    def grad_x_made_of(index: Index) -> dict[str, list[Index]]:
        n, c, *pixel = index
        return {"grad_columns": [(n, *one) for one in elements_of(window, c, (pixel[0], pixel[1]))]}

    return Explanation("im2col: patches become columns, and col2im adds them back", [
        formula(x, y, window),
        forward(x, y, window, at),
        backward(x, y, grad_y, window, at, ways.gradients(library, [x], grad_y)[0]),
    ], {"columns": columns_made_of, "grad_x": grad_x_made_of})  # fmt: skip


def formula(x: np.ndarray, y: np.ndarray, window: Window) -> Section:
    row, column = window.formula()
    (kh, kw), (_, ow) = window.kernel, window.places
    lines = (
        f"columns[n, q, p] = x[n, c, {row}, {column}]",
        f"where  q = (c*{kh} + u)*{kw} + v  and  p = i*{ow} + j",
        "",
        f"x {x.shape}, {window.options()} -> columns {y.shape}",
    )
    return Section("The formula", [Formula(lines)])


def forward(x: np.ndarray, y: np.ndarray, window: Window, at: Index) -> Section:
    n, q, p = at
    (c, u, v), (i, j) = map(int, np.unravel_index(q, (x.shape[1], *window.kernel))), divmod(p, window.places[1])
    pixel = window.pixel(i, j, u, v)
    came = (named("x", n, c, *pixel), x[n, c][pixel]) if window.inside(pixel) else ("padding", 0.0)
    by_hand = np.array([im2col(image, *window.geometry()) for image in x])
    return Section("Forward: every patch is written down as a column", [
        ways.code(im2col),
        Beside((
            window.shown(n, x, range(x.shape[1]), i, j), "-> im2col ->",
            Numbers(named("columns", n), y[n], tuple((row, p) for row in range(y.shape[1]))),
        )),
        Prose(f"Column {p} is the patch at the place {i}, {j}. A convolution is then one matrix product: "
              "kernels @ columns."),
        Trace(named("columns", *at), y[at], ((came[0], (), float(came[1])),)),
        Agreement("columns", {"the code above": by_hand, "F.im2col": y}),
    ])  # fmt: skip


def elements_of(window: Window, c: int, pixel: tuple[int, int]) -> list[Index]:
    """The elements of the columns that are this pixel of channel c."""
    (kh, kw), ow = window.kernel, window.places[1]
    return [((c * kh + u) * kw + v, i * ow + j) for i, j, u, v in window.over(pixel)]


def backward(
    x: np.ndarray, y: np.ndarray, grad_y: np.ndarray, window: Window, at: Index, library: np.ndarray
) -> Section:
    n, q, p = at
    c, pixel = q // (window.kernel[0] * window.kernel[1]), window.middle(*divmod(p, window.places[1]))
    grad_x = np.array([col2im(columns, window.size, *window.geometry()) for columns in grad_y])
    came = elements_of(window, c, pixel)
    col2im_of_library = F.col2im(Tensor(grad_y), window.size, *window.geometry()).data

    def forward_again() -> np.ndarray:
        return np.array([im2col(image, *window.geometry()) for image in x])

    return Section("Backward: col2im adds every column to where it came from", [
        ways.code(col2im),
        Beside((
            Numbers(named("grad_columns", n), grad_y[n], tuple(came)), "-> col2im ->",
            Numbers(named("grad_x", n), grad_x[n], ((c, *pixel),)),
        )),
        Trace(named("grad_x", n, c, *pixel), grad_x[n, c][pixel],
              tuple((named("grad_columns", n, *one), (), grad_y[n][one]) for one in came)),
        *ways.gradient_agreements(
            "grad_x",
            {"col2im": grad_x, "F.im2col's backward": library, "F.col2im": col2im_of_library},
            forward_again, x, grad_y,
        ),
        Prose("So the one is the adjoint of the other: these two sums of products are the same number."),
        Agreement("both sums", {"sum(im2col(x) * g)": np.sum(y * grad_y), "sum(x * col2im(g))": np.sum(x * grad_x)}),
    ])  # fmt: skip
