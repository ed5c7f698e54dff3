"""avg_pool2d: the mean of every window, and the gradient shared out among its pixels."""

from __future__ import annotations

import numpy as np

import minicnn.functional as F
from minicnn.explain.document import Agreement, Beside, Explanation, Formula, Index, Numbers, Prose, Section, Trace
from minicnn.explain.worked import ways
from minicnn.explain.worked.window import Window, named
from minicnn.tensor import Tensor

EXAMPLE = {
    "x": np.array([[[[1, 3, 2], [5, 4, 0], [2, 1, 7]]]]),
    "kernel_size": 2,
    "stride": 1,
    "grad_y": np.array([[[[4, 8], [-4, 12]]]]),  # divided by the 4 pixels of a window they stay whole
}


def loops(image, window, count_include_pad):
    """The sum of the pixels under the window, divided by how many there are, or would be if padding counts."""
    y = np.zeros(window.places)
    for i, j in np.ndindex(window.places):
        pixels = window.under(i, j)
        count = window.count(i, j) if count_include_pad else len(pixels)
        for pixel in pixels:
            y[i, j] += image[pixel] / count
    return y


def loops_back(grad_y, window, count_include_pad):
    """Each pixel gets its part of the gradient of every window that it is in."""
    grad_x = np.zeros(window.size)
    for i, j in np.ndindex(window.places):
        pixels = window.under(i, j)
        count = window.count(i, j) if count_include_pad else len(pixels)
        for pixel in pixels:
            grad_x[pixel] += grad_y[i, j] / count
    return grad_x


def explanation(
    x, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True, *, at=None, grad_y=None
) -> Explanation:
    """Arguments as F.avg_pool2d takes them; at: the element of y that is traced; grad_y: what arrives at y."""
    x = ways.as_array("avg_pool2d", "x", x)
    window = Window.of_pool("avg_pool2d", x, kernel_size, stride, padding, ceil_mode)

    def library(x: Tensor) -> Tensor:
        return F.avg_pool2d(x, kernel_size, stride, padding, ceil_mode, count_include_pad)

    def forward_again() -> np.ndarray:
        return library(Tensor(x)).data

    y = forward_again()  # with all the library's checks
    at, grad_y = ways.element("avg_pool2d", at, y.shape), ways.cotangent("avg_pool2d", grad_y, y.shape)
    n, c, i, j = at
    planes = ways.planes(y, window.kernel, (n, c))
    some = ways.some(planes, y[:, :, 0, 0], "channels")
    pixel, grad_x = window.middle(i, j), ways.gradients(library, [x], grad_y)[0]
    over = [(a, b) for a, b, _, _ in window.over(pixel)]

    def count(i: int, j: int) -> int:
        return window.count(i, j) if count_include_pad else len(window.under(i, j))

    def y_made_of(index: Index) -> dict[str, list[Index]]:
        m, k, *place = index
        return {window.name("x"): [(m, *element) for element in window.elements(range(k, k + 1), *place)]}

    def grad_x_made_of(index: Index) -> dict[str, list[Index]]:
        m, k, row, column = index
        return {"grad_y": [(m, k, a, b) for a, b, _, _ in window.over((row, column))]}

    row, column = window.formula()
    counted = "padding counts as 0" if count_include_pad else "padding does not count"
    return Explanation("avg_pool2d: the mean of every window, and the gradient is shared out", [
        Section("The formula", [Formula((
            f"y[n,c,i,j] = the mean of x[n, c, {row}, {column}] over u, v",
            f"x {x.shape}, {window.options()} -> y {y.shape}",
            *([counted] if any(window.padding) else []),
        ))]),
        Section("Forward: the plain loops", [
            ways.code(loops),
            Beside((window.shown(n, x, range(c, c + 1), i, j), "-> mean ->",
                    Numbers(named("y", n), y[n], ((c, i, j),)))),
            Trace(named("y", *at), y[at], tuple(
                ways.product(f"{named('x', n, c, *pixel)} * 1/{count(i, j)}", x[n, c][pixel], 1 / count(i, j))
                for pixel in window.under(i, j)
            )),
            Agreement("y" + some, {
                "loops": np.array([loops(x[plane], window, count_include_pad) for plane in planes]),
                "F.avg_pool2d": np.array([y[plane] for plane in planes]),
            }),
        ]),
        Section("Backward: an equal part for every pixel", [
            ways.code(loops_back),
            Prose("Each pixel of a window has the same part in the mean, so each gets the same part of the gradient, "
                  "from every window that it is in."),
            Beside((Numbers(named("grad_y", n), grad_y[n], tuple((c, *place) for place in over)), "-> shared out ->",
                    Numbers(named("grad_x", n), grad_x[n], ((c, *pixel),)))),
            Trace(named("grad_x", n, c, *pixel), grad_x[n, c][pixel], tuple(
                ways.product(f"{named('grad_y', n, c, *place)} * 1/{count(*place)}", grad_y[n, c][place],
                             1 / count(*place))
                for place in over
            )),
            Agreement("grad_x" + some, {
                "loops": np.array([loops_back(grad_y[plane], window, count_include_pad) for plane in planes]),
                "F.avg_pool2d's backward": np.array([grad_x[plane] for plane in planes]),
            }),
            *ways.gradient_agreements("grad_x", {"F.avg_pool2d's backward": grad_x}, forward_again, x, grad_y),
        ]),
    ], {"y": y_made_of, "grad_x": grad_x_made_of})  # fmt: skip
