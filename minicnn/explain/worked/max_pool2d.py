"""max_pool2d: the largest of every window, and the gradient that goes to where it was."""

from __future__ import annotations

from collections.abc import Callable

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
from minicnn.explain.worked.window import Window, named
from minicnn.tensor import Tensor

EXAMPLE = {  # windows overlap: 5 is the largest of three, and 6 is there twice in the fourth
    "x": np.array([[[[1, 0, 2, 6, 1], [3, 1, 0, 2, 6], [0, 2, 5, 1, 0], [1, 4, 0, 2, 3], [2, 0, 1, 0, 4]]]]),
    "kernel_size": 3,
    "stride": 2,
}


def loops(image, window):
    """The largest pixel at every place; among equals the first in row order."""
    winners = {}
    for i, j in np.ndindex(window.places):
        best, *others = window.under(i, j)  # pixels: row, column
        for pixel in others:
            if image[pixel] > image[best]:
                best = pixel
        winners[i, j] = best
    return winners


def loops_back(grad_y, winners, size):
    """Each gradient to the pixel that was the largest."""
    grad_x = np.zeros(size)
    for place, pixel in winners.items():
        grad_x[pixel] += grad_y[place]
    return grad_x


def explanation(x, kernel_size, stride=None, padding=0, *, ceil_mode=False, at=None, grad_y=None) -> Explanation:
    """Arguments as F.max_pool2d takes them; at: the element of y that is traced; grad_y: what arrives at y."""
    x = ways.as_array("max_pool2d", "x", x)
    window = Window.of_pool("max_pool2d", x, kernel_size, stride, padding, ceil_mode)

    def library(x: Tensor) -> Tensor:
        return F.max_pool2d(x, kernel_size, stride, padding, ceil_mode=ceil_mode)

    y = library(Tensor(x)).data  # with all its checks
    at, grad_y = ways.element("max_pool2d", at, y.shape), ways.cotangent("max_pool2d", grad_y, y.shape)
    n, c, i, j = at
    won = {plane: loops(x[plane], window) for plane in ways.planes(y, window.kernel, (n, c))}
    winner = won[n, c][i, j]
    row, column = window.formula()

    def y_made_of(index: Index) -> dict[str, list[Index]]:
        m, k, *place = index
        return {window.name("x"): [(m, *element) for element in window.elements(range(k, k + 1), *place)]}

    def grad_x_made_of(index: Index) -> dict[str, list[Index]]:
        m, k, *pixel = index
        winners = won.get((m, k), {})
        return {"grad_y": [(m, k, *place) for place, winner in winners.items() if winner == tuple(pixel)]}

    return Explanation("max_pool2d: the largest of every window, and the gradient goes there", [
        Section("The formula", [Formula((
            f"y[n,c,i,j] = the largest x[n, c, {row}, {column}] over u, v",
            f"x {x.shape}, {window.options()} -> y {y.shape}",
        ))]),
        Section("Forward: the plain loops", [
            ways.code(loops),
            Beside((window.shown(n, x, range(c, c + 1), i, j), "-> max ->",
                    Numbers(named("y", n), y[n], ((c, i, j),)))),
            Trace(named("y", *at), y[at], tuple(
                (named("x", n, c, *pixel) + " <- the winner" * (pixel == winner), (), x[n, c][pixel])
                for pixel in window.under(i, j)
            ), how="largest"),
            Agreement("y" + ways.some(list(won), y[:, :, 0, 0], "channels"), {
                "loops": np.array([[x[plane][pixel] for pixel in won[plane].values()] for plane in won]),
                "F.max_pool2d": np.array([y[plane].ravel() for plane in won]),
            }),
        ]),
        backward(x, grad_y, at, window, won, library),
    ], {"y": y_made_of, "grad_x": grad_x_made_of})  # fmt: skip


def backward(x, grad_y, at, window: Window, won: dict[Index, dict], library: Callable[[Tensor], Tensor]) -> Section:
    n, c, i, j = at
    winner, grad_x = won[n, c][i, j], ways.gradients(library, [x], grad_y)[0]
    by_loops = np.array([loops_back(grad_y[plane], won[plane], window.size) for plane in won])
    places = [place for place, pixel in won[n, c].items() if pixel == winner]
    ties = {plane: equals(x[plane], window) for plane in won}

    def forward_again() -> np.ndarray:
        return library(Tensor(x)).data

    items: list[Item] = [
        ways.code(loops_back),
        Prose("A change of the largest changes y as much; a small change of the others changes nothing. So the whole "
              "gradient goes to the winner. Where it won several windows their gradients add up."),
        Beside((Numbers(named("grad_y", n), grad_y[n], tuple((c, *place) for place in places)), "-> to the winners ->",
                Numbers(named("grad_x", n), grad_x[n], ((c, *winner),)))),
        Trace(named("grad_x", n, c, *winner), grad_x[n, c][winner],
              tuple((named("grad_y", n, c, *place), (), grad_y[n, c][place]) for place in places)),
    ]  # fmt: skip
    if ties[n, c]:
        place, pixels = next(iter(ties[n, c].items()))
        where = " and ".join(named("x", n, c, *pixel) for pixel in pixels)
        items.append(Prose(
            f"{named('y', n, c, *place)} has two winners or more, {where}: there it has no derivative. "
            "The library gives all to the first, as PyTorch does. Differences leave such elements out."
        ))  # fmt: skip
    planes = ways.some(list(won), x[:, :, 0, 0], "channels")
    items.append(Agreement("grad_x" + planes, {
        "loops": by_loops, "F.max_pool2d's backward": np.array([grad_x[plane] for plane in won])}))  # fmt: skip
    items += ways.gradient_agreements("grad_x", {"F.max_pool2d's backward": grad_x}, forward_again, x, grad_y)
    return Section("Backward: to the winners", items)


def equals(image: np.ndarray, window: Window) -> dict[Index, list[tuple[int, int]]]:
    """The places where several pixels are the largest, and these pixels."""
    found: dict[Index, list[tuple[int, int]]] = {}
    for i, j in np.ndindex(window.places):
        pixels = window.under(i, j)
        largest = max(image[pixel] for pixel in pixels)
        equal = [pixel for pixel in pixels if image[pixel] == largest]
        if len(equal) > 1:
            found[i, j] = equal
    return found
