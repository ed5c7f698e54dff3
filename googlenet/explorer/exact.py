"""The exact numbers of a page: what every sum of it needs, forward and backward.

For each chosen place `exact_numbers` gives {"open": channels, "exact": {...}}. Names stand for arrays in the blob; the
first axis of each follows `open`. A vector of features has maps of one pixel, so that every place has (C, H, W).

    y           name [n, H, W], the result
    gradients   {loss: name [n, H, W]}. The total is there where it is not main + 0.3 (aux1 + aux2), at the losses
                themselves, and where maps are larger than 120x120: there it is the only one
    as          in place of y and gradients, for the concat and x[:, 1:2]: [[place, channel], ...], where they are
    begins      the losses whose way back begins here: with 1 at the loss itself, and with softmax - onehot at logits
                where the loss is no part of what is trained (preset mnist)
    forward     what y is made of, by operation; m are the open channels of the input
        Conv2d, Linear          weight [n, m, KH, KW], bias [n] or null, rest [n, H, W]: the sum over the `others`, the
                                channels of the input that are not open (null where all are). ReLU, where the place's
                                options say so, is still to be done
        BatchNorm               mean, variance, weight, bias, each [n], and eps
        LocalResponseNorm       size, alpha, beta, k; beside: the neighbors that are not open, x [len(beside), H, W]
        MaxPool2d, AvgPool2d    windows of the place's kernel, stride and padding; count_include_pad
        Mul, Add                by a number: factor, number
        CrossEntropy            the place's input has all logits; label
    backward    one for each place that takes this one's result, in their order:
        to          that place. How its gradient comes back follows from its operation and its `forward`
        rest        {loss: name [n, H, W]}: what comes through its `others`, of a convolution the channels that are not
                    open, of LRN the neighbors that are not. Where it is not among the chosen places: all of it
        parts       at gradient_star alone: {loss: name [K]}, the share of each of its K channels
    star        [channel, i, j]: the largest |y| of the open channels; forward has parts [C] there, the share of each
                channel of the input
    gradient_star   the same for the largest gradient, of the total (where the place's own ReLU lets it through)

The gradient at a pixel is the sum of all that comes back. Rests are computed with the library, in float64.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

import minicnn.functional as F
from googlenet.explorer.numbers import Numbers
from googlenet.explorer.opening import MIXING, as_map, consumers, open_channels, sources
from googlenet.explorer.run import LOSSES, Place, Run
from minicnn.nn.module import Parameter
from minicnn.tensor import Tensor

LARGE = 120 * 120  # pixels of a map that has the gradient of the total alone


def exact_numbers(
    run: Run, chosen: Iterable[int], channels: int = 8, full: bool = False
) -> tuple[dict[int, dict[str, Any]], Numbers]:
    """What is open at the chosen places, by their numbers, with the arrays that belong to it (see above).

    channels: how many are open of each, fewer where maps are large; `full`: all of them.
    """
    numbers = Numbers()
    exact = Exact(run, open_channels(run, set(chosen), channels, full), numbers, full)
    found = {
        place.number: {"open": exact.open[place.number], "exact": exact.of(place)}
        for place in run.places
        if exact.open[place.number]
    }
    return found, numbers


class Exact:
    """Makes the description of each place, and adds the arrays to `numbers` as it goes."""

    def __init__(self, run: Run, opened: dict[int, list[int]], numbers: Numbers, full: bool) -> None:
        self.run, self.open, self.numbers, self.full = run, opened, numbers, full
        self.after = consumers(run)
        self.adds_up = not run.sum_of_logits or len(run.logits) == 1  # the total, of the losses

    def of(self, place: Place) -> dict[str, Any]:
        """All that the docstring of this file lists."""
        opened = self.open[place.number]
        losses = self.losses_of(place)
        y, total = as_map(place.y)[opened], as_map(through_relu(place, place.gradients["total"]))[opened]
        star, gradient_star = ([opened[c], i, j] for c, i, j in (largest(y), largest(total)))
        exact = self.values(place, y, losses)
        exact["forward"] = self.forward(place, star)
        exact["backward"] = [self.backward(place, to, losses, gradient_star) for to in self.after[place.number]]
        exact["star"], exact["gradient_star"] = star, gradient_star
        exact["begins"] = [
            n for n in losses if n in place.gradients and not any(n in to.gradients for to in self.after[place.number])
        ]
        return exact

    def losses_of(self, place: Place) -> list[str]:
        """The losses whose gradients are stored here, of those that reach it."""
        if place.y.ndim == 0 or not self.adds_up:
            return [n for n in LOSSES if n in place.gradients]
        large = as_map(place.y)[0].size > LARGE and not self.full
        return ["total"] if large else [n for n in LOSSES if n in place.gradients and n != "total"]

    def values(self, place: Place, y: np.ndarray, losses: list[str]) -> dict[str, Any]:
        """y and the gradients, or where else they are."""
        opened, inputs = self.open[place.number], place.node.inputs
        if place.node.operation in ("Concat", "GetItem") and all(self.open[number] for number in inputs):
            return {"as": [list(sources(self.run, place, c)[0]) for c in opened]}
        gradients = {n: self.keep(place, n, as_map(place.gradients[n])[opened]) for n in losses}
        return {"y": self.keep(place, "y", y), "gradients": gradients}

    def keep(self, place: Place, what: str, array: np.ndarray) -> str:
        return self.numbers.add(f"{place.number}/{what}", array)

    def forward(self, place: Place, star: list[int]) -> dict[str, Any]:
        """What y is made of."""
        function: Any = place.function
        opened = self.open[place.number]
        match place.node.operation:
            case "Conv2d" | "Linear":
                return self.mixed(place, star)
            case "BatchNorm":
                weight, bias = parameters(place)
                arrays = {"mean": function.mean, "variance": function.running_var, "weight": weight, "bias": bias}
                return {n: self.keep(place, n, array[opened]) for n, array in arrays.items()} | {"eps": function.eps}
            case "LocalResponseNorm":
                x, there = self.run.places[place.node.inputs[0]], self.open[place.node.inputs[0]]
                beside = sorted({d for c in opened for d in neighbors(function, c, len(x.y))} - set(there))
                constants = {n: getattr(function, n) for n in ("size", "alpha", "beta", "k")}
                return constants | {"beside": beside, "x": self.keep(place, "x", x.y[beside])}
            case "AvgPool2d":
                return {"count_include_pad": function.count_include_pad}
            case "Mul":
                return {"factor": float(place.node.options["factor"])}  # type: ignore[index]
            case "Add" if len(place.node.inputs) == 1:
                x = self.run.places[place.node.inputs[0]]
                return {"number": float(np.mean(place.y - x.y.astype(np.float64)))}  # rounding errors average out
            case "CrossEntropy":
                return {"label": self.run.label}
        return {}

    def mixed(self, place: Place, star: list[int]) -> dict[str, Any]:
        """Of a convolution or a linear layer, which is one with 1x1 kernels on maps of one pixel."""
        weight, x = kernels(place), as_map(self.run.places[place.node.inputs[0]].y)
        opened, there = self.open[place.number], self.open[place.node.inputs[0]]
        closed, bias = others(len(x), there), parameters(place)[1:]
        found = {"weight": self.keep(place, "weight", weight[opened][:, there]), "others": len(closed)}
        found["bias"] = self.keep(place, "bias", bias[0][opened]) if bias else None
        if not closed:
            return found | {"rest": None}
        rest = convolved(place, x[closed], weight[opened][:, closed])
        c, i, j = star
        parts = (patch(place, x, i, j) * weight[c]).sum(axis=(1, 2))
        return found | {"rest": self.keep(place, "rest", rest), "parts": self.keep(place, "parts", parts)}

    def backward(self, place: Place, to: Place, losses: list[str], star: list[int]) -> dict[str, Any]:
        """What comes back from a place that takes this one's result."""
        losses = [n for n in losses if n in to.gradients]
        found: dict[str, Any] = {"to": to.number}
        if to.node.operation in MIXING:
            return found | self.mixed_back(place, to, losses, star)
        if not self.open[to.number]:
            return found | self.kept(place, f"from {to.number}", {n: self.whole(place, to, n) for n in losses})
        if to.node.operation == "LocalResponseNorm":
            return found | self.neighbors_back(place, to, losses)
        return found

    def mixed_back(self, place: Place, to: Place, losses: list[str], star: list[int]) -> dict[str, Any]:
        """Of a convolution or a linear layer: the rest is what comes through its channels that are not open."""
        opened, name, weight = self.open[place.number], f"from {to.number}", kernels(to)
        closed = others(len(weight), self.open[to.number])
        if not closed or not losses:
            return {"others": len(closed)}
        arrived = np.stack([as_map(through_relu(to, to.gradients[n])) for n in losses])
        rests = spread_back(to, arrived[:, closed], weight[closed][:, opened], as_map(place.y).shape)
        c, i, j = star
        parts = parts_back(to, arrived, weight[:, c], i, j)
        return {
            "others": len(closed),
            "parts": {n: self.keep(place, f"{name} parts {n}", p) for n, p in zip(losses, parts, strict=True)},
            **self.kept(place, name, dict(zip(losses, rests, strict=True))),
        }

    def whole(self, place: Place, to: Place, loss: str) -> np.ndarray:
        """All that an operation sends back to this place, by its own backward."""
        function: Any = to.function
        gradient = to.gradients[loss]
        sent = function.gradients(gradient[np.newaxis] if gradient.ndim else gradient)
        to_places = [g for edge, g in zip(function.edges, sent, strict=True) if not isinstance(edge, Parameter | None)]
        grad_x = to_places[to.node.inputs.index(place.number)]
        return as_map(grad_x[0] if grad_x.ndim else grad_x)[self.open[place.number]]

    def neighbors_back(self, place: Place, to: Place, losses: list[str]) -> dict[str, Any]:
        """Of LRN: the rest is what comes through the neighbors that are not open."""
        opened, there = self.open[place.number], self.open[to.number]
        closed = {c: [d for d in neighbors_back(to.function, c, len(to.y)) if d not in there] for c in opened}
        rests = {n: np.stack([through_neighbors(place, to, n, c, closed[c]) for c in opened]) for n in losses}
        return {"others": [len(closed[c]) for c in opened], **self.kept(place, f"from {to.number}", rests)}

    def kept(self, place: Place, name: str, rests: dict[str, np.ndarray]) -> dict[str, Any]:
        """The rests of each loss, by name."""
        return {"rest": {n: self.keep(place, f"{name} {n}", rest) for n, rest in rests.items()}}


def largest(y: np.ndarray) -> tuple[int, int, int]:
    """Where |y| is largest, the first of them in row order."""
    c, i, j = np.unravel_index(abs(y).argmax(), y.shape)
    return int(c), int(i), int(j)


def others(count: int, opened: list[int]) -> list[int]:
    """The channels that are not open."""
    return sorted(set(range(count)) - set(opened))


def parameters(place: Place) -> list[np.ndarray]:
    """weight, and bias where there is one."""
    function: Any = place.function
    return [edge.data for edge in function.edges if isinstance(edge, Parameter)]


def kernels(place: Place) -> np.ndarray:
    """(K, C, KH, KW) in float64; a linear layer's rows (out, in) are 1x1 kernels."""
    weight = parameters(place)[0].astype(np.float64)
    return weight.reshape(*weight.shape, *(1,) * (4 - weight.ndim))


def window(place: Place) -> dict[str, Any]:
    """stride and padding, as F.conv2d takes them."""
    return {"stride": place.node.stride or 1, "padding": place.node.padding or 0}


def convolved(place: Place, x: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """The convolution of these channels alone, without bias and ReLU: (K, OH, OW)."""
    return F.conv2d(Tensor(x[np.newaxis].astype(np.float64)), Tensor(weight), **window(place)).data[0]


def patch(place: Place, x: np.ndarray, i: int, j: int) -> np.ndarray:
    """What lies under the kernel at pixel (i, j) of the result: (C, KH, KW), zeros in the padding."""
    (kh, kw), (sh, sw) = place.node.kernel or (1, 1), place.node.stride or (1, 1)
    ph, pw = place.node.padding or (0, 0)
    padded = np.pad(x.astype(np.float64), [(0, 0), (ph, ph), (pw, pw)])
    return padded[:, i * sh : i * sh + kh, j * sw : j * sw + kw]


def through_relu(place: Place, gradient: np.ndarray) -> np.ndarray:
    """The gradient in front of the ReLU that the operation does itself, if it does."""
    relu = (place.node.options or {}).get("relu")
    return (gradient * (place.y > 0) if relu else gradient).astype(np.float64)


def spread_back(place: Place, arrived: np.ndarray, weight: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """What a convolution sends back: arrived (losses, K, OH, OW), weight (K, n, KH, KW) -> (losses, n, H, W)."""
    x = Tensor(np.zeros((len(arrived), weight.shape[1], *shape[1:])), requires_grad=True)
    F.conv2d(x, Tensor(weight), **window(place)).backward(arrived)
    assert x.grad is not None
    return x.grad


def parts_back(place: Place, arrived: np.ndarray, weight: np.ndarray, i: int, j: int) -> np.ndarray:
    """The share of each of its channels in the gradient at one pixel: weight (K, KH, KW) -> (losses, K)."""
    (sh, sw), (ph, pw) = place.node.stride or (1, 1), place.node.padding or (0, 0)
    shares = np.zeros(arrived.shape[:2])
    for u in range(weight.shape[1]):
        for v in range(weight.shape[2]):
            (oi, over_i), (oj, over_j) = divmod(i + ph - u, sh), divmod(j + pw - v, sw)
            if over_i == over_j == 0 and 0 <= oi < arrived.shape[2] and 0 <= oj < arrived.shape[3]:
                shares += arrived[:, :, oi, oj] * weight[:, u, v]
    return shares


def neighbors(lrn: Any, channel: int, count: int) -> range:
    """The channels whose squares are in the sum under this one."""
    return range(max(0, channel - lrn.size // 2), min(count, channel + (lrn.size - 1) // 2 + 1))


def neighbors_back(lrn: Any, channel: int, count: int) -> range:
    """The channels under which this one is in the sum: the window seen from the other side."""
    return range(max(0, channel - (lrn.size - 1) // 2), min(count, channel + lrn.size // 2 + 1))


def through_neighbors(place: Place, to: Place, loss: str, channel: int, some: list[int]) -> np.ndarray:
    """What comes back from these neighbors of a channel through LRN's sums of squares: (H, W)."""
    lrn: Any = to.function
    x, grad_y = place.y.astype(np.float64), to.gradients[loss].astype(np.float64)
    through_s = np.zeros(x.shape[1:])
    for c in some:
        s = lrn.k + lrn.alpha / lrn.size * (x[neighbors(lrn, c, len(x))] ** 2).sum(axis=0)
        through_s += grad_y[c] * x[c] * s ** (-lrn.beta - 1)
    return -2 * lrn.alpha * lrn.beta / lrn.size * x[channel] * through_s
