"""inception: four branches look at the same x, and four gradients meet there again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import minicnn.functional as F
from minicnn.explain.backward.replay import replay
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
from minicnn.explain.worked import conv2d, max_pool2d, ways
from minicnn.explain.worked.window import Window, named
from minicnn.tensor import Tensor

EXAMPLE: dict[str, Any] = {
    "x": np.array([[[[8, 4, 2], [1, 7, 3], [6, 0, 5]], [[8, 2, 7], [0, 4, 1], [5, 3, 6]]]]),
    "conv1x1": np.array([[[[1]], [[-1]]]]),
    "reduce3x3": np.array([[[[1]], [[1]]]]),
    "conv3x3": np.array([[[[0, 1, 0], [1, -1, 1], [0, 1, 0]]]]),
    "reduce5x5": np.array([[[[1]], [[-1]]], [[[2]], [[-1]]]]),
    "conv5x5": np.array([[
        [[0, 0, 1, 0, 0], [0, 1, 0, 1, 0], [1, 0, -1, 0, 1], [0, 1, 0, 1, 0], [0, 0, 1, 0, 0]],
        [[1, 0, 0, 0, 1], [0, 0, 1, 0, 0], [0, 1, 2, 1, 0], [0, 0, 1, 0, 0], [1, 0, 0, 0, 1]],
    ]]),
    "pool_proj": np.array([[[[2]], [[1]]]]),
    "at": (0, 1, 1, 1),
}  # fmt: skip
BRANCHES = "1x1", "3x3", "5x5", "pool proj"  # as in the paper's Table 1
COMES_FROM = {"3x3": "3x3 reduce", "5x5": "5x5 reduce", "pool proj": "pool"}  # the others come from x
PADDING = {"3x3": 1, "5x5": 2}


def block(x, conv1x1, reduce3x3, conv3x3, reduce5x5, conv5x5, pool_proj):
    y = {}
    y["1x1"] = F.relu(F.conv2d(x, conv1x1))
    y["3x3 reduce"] = F.relu(F.conv2d(x, reduce3x3))
    y["3x3"] = F.relu(F.conv2d(y["3x3 reduce"], conv3x3, padding=1))
    y["5x5 reduce"] = F.relu(F.conv2d(x, reduce5x5))
    y["5x5"] = F.relu(F.conv2d(y["5x5 reduce"], conv5x5, padding=2))
    y["pool"] = F.max_pool2d(x, 3, stride=1, padding=1)
    y["pool proj"] = F.relu(F.conv2d(y["pool"], pool_proj))
    branches = [y["1x1"], y["3x3"], y["5x5"], y["pool proj"]]
    y["block"] = F.concat(branches, axis=1)
    return y


def fitting(given: dict[str, Any]) -> dict[str, Any]:
    """Convolutions that fit the channels of a learner's x."""
    if "x" not in given or np.ndim(given["x"]) != 4:
        return {}
    channels = np.shape(given["x"])[1]
    return {name: np.resize(EXAMPLE[name], (len(EXAMPLE[name]), channels, 1, 1))
            for name in ("conv1x1", "reduce3x3", "reduce5x5", "pool_proj")}  # fmt: skip


def explanation(x, conv1x1, reduce3x3, conv3x3, reduce5x5, conv5x5, pool_proj, *, at=None, grad_y=None) -> Explanation:
    """The block with dimension reductions (Figure 2b of the paper) out of functions of the library, without biases.

    x (N, C, H, W); of the six convolutions the weights (K, C, KH, KW); at: the element of the block's result that is
    traced; grad_y: the gradient that arrives at it.
    """
    given = {"conv1x1": conv1x1, "reduce3x3": reduce3x3, "conv3x3": conv3x3, "reduce5x5": reduce5x5,
             "conv5x5": conv5x5, "pool_proj": pool_proj}  # fmt: skip
    x = ways.as_array("inception", "x", x)
    weights = [ways.as_array("inception", name, weight) for name, weight in given.items()]
    results = block(Tensor(x, requires_grad=True), *map(Tensor, weights))
    shape = results["block"].shape
    at, grad_y = ways.element("inception", at, shape), ways.cotangent("inception", grad_y, shape)
    one = Block(x, weights, results, grad_y, at)
    return Explanation("inception: four branches leave x, and four gradients meet there", [
        Section("The block", [
            Formula((
                "x --+-- 1x1 -------------------+",
                "    +-- 3x3 reduce -- 3x3 -----+-- concatenated channels",
                "    +-- 5x5 reduce -- 5x5 -----+",
                "    +-- max pool -- pool proj -+",
            )),
            Prose("GoogLeNet's block, tiny: kernels of several sizes see the same x, so that the next layer has "
                  "several scales at once. Reduce and proj are 1x1 convolutions, which make few channels out of many. "
                  "Behind every convolution is a ReLU. (Biases are left out here.)"),
            ways.code(block),
        ]),
        Section("Forward: four branches", one.branches()),
        Section("Forward: the seams", one.seams()),
        Section("Backward: cut at the seams", one.cut()),
        Section("Backward: four gradients meet", one.meeting()),
    ], {
        "block": one.block_made_of,
        **{f"to {name}": one.part_made_of(name) for name in BRANCHES},
        "grad_x": lambda index: {f"by {name}": [index] for name in BRANCHES},
    })  # fmt: skip


class Block:
    """The block with all its results and gradients, and the element y[n,k,i,j] that is looked at."""

    def __init__(
        self, x: np.ndarray, weights: list[np.ndarray], results: dict[str, Any], grad_y: np.ndarray, at: Index
    ) -> None:
        self.x, self.grad_y, self.at = x, grad_y, at
        convolutions = "1x1", "3x3 reduce", "3x3", "5x5 reduce", "5x5", "pool proj"
        self.weights = dict(zip(convolutions, weights, strict=True))
        self.results = {name: result.data for name, result in results.items()}
        # Which channels of the result belong to which branch.
        self.channels, first = {}, 0
        for name in BRANCHES:
            last = first + results[name].shape[1]
            self.channels[name], first = range(first, last), last
        # The walk back, step by step: what arrives at every result, and at x.
        steps = {step.at: step for step in replay(results["block"], grad_y)}
        self.leaf = list(steps.values())[-1]
        self.gradients = {name: steps[results[name].creator].gradient for name in results}
        self.behind_relu = {name: steps[results[name].creator.edges[0]].gradient for name in convolutions}
        self.pool = Window.of_pool("inception", x, 3, 1, 1, ceil_mode=False)

    # ---- forward -------------------------------------------------------------------------------------------------

    def source(self, name: str) -> tuple[str, np.ndarray]:
        """What a convolution takes: its name, and its numbers."""
        source = COMES_FROM.get(name, "x")
        return source, self.x if source == "x" else self.results[source]

    def shown(self, name: str, what: dict[str, np.ndarray], title: str = "") -> Numbers:
        """The result of a branch, or its gradient, for image n, with the chosen element marked if it is in it."""
        n, k, i, j = self.at
        mark = ((k - self.channels[name][0], i, j),) if k in self.channels[name] else ()
        return Numbers(named(title or name, n), what[name][n], mark)

    def branches(self) -> list[Item]:
        n = self.at[0]
        items: list[Item] = [Numbers(named("x", n), self.x[n])]
        for name in BRANCHES:
            source, array = self.source(name)
            between = () if source == "x" else (Numbers(named(source, n), array[n]), "->")
            kernels = () if name not in PADDING else (Numbers(f"{name} kernels", self.weights[name]), "->")
            items.append(Beside(("x ->", *between, *kernels, self.shown(name, self.results))))
        return [*items, *self.trace(), *map(self.convolution_agrees, self.weights), self.pool_agrees()]

    def trace(self) -> list[Item]:
        """The chosen number: the sum of the branch's last convolution, and its ReLU."""
        n, k, i, j = self.at
        ((name, _),) = self.block_made_of(self.at).items()
        source, array = self.source(name)
        kernel = k - self.channels[name][0]
        weight, padding = self.weights[name][kernel], PADDING.get(name, 0)
        terms = [
            ways.product(f"{named(source, n, c, row, column)} * {named('weight', kernel, c, u, v)}",
                         array[n, c, row, column], weight[c, u, v])
            for c, u, v in np.ndindex(weight.shape)
            if 0 <= (row := i + u - padding) < array.shape[2] and 0 <= (column := j + v - padding) < array.shape[3]
        ]  # fmt: skip
        total, here = sum(term[2] for term in terms), named(name, n, kernel, i, j)
        return [
            Prose(f"Channel {k} of the block is channel {kernel} of the branch {name}:"),
            Trace(f"{here} before ReLU", total, tuple(terms)),
            Trace(here, self.results["block"][self.at], (("the sum", (), total), ("0", (), 0.0)), "larger"),
        ]  # fmt: skip

    def convolution_agrees(self, name: str) -> Agreement:
        """The plain loops of conv2d, then ReLU."""
        (_, array), weight, result = self.source(name), self.weights[name], self.results[name]
        pads = (PADDING.get(name, 0),) * 2
        places = ways.sample(result.shape, max(1, ways.MOST_LOOPS // weight[0].size))
        by_loops = conv2d.loops(array, weight, None, (1, 1), pads, places)
        return Agreement(name + ways.some(places, result), {
            "loops": np.maximum(by_loops, 0), "F.conv2d, F.relu": ways.at_places(result, places)})  # fmt: skip

    def pool_agrees(self) -> Agreement:
        result = self.results["pool"]
        planes = ways.planes(result, self.pool.kernel)
        return Agreement("pool" + ways.some(planes, result[:, :, 0, 0], "channels"), {
            "loops": np.array([[self.x[plane][pixel] for pixel in max_pool2d.loops(self.x[plane], self.pool).values()]
                               for plane in planes]),
            "F.max_pool2d": np.array([result[plane].ravel() for plane in planes])})  # fmt: skip

    def seams(self) -> list[Item]:
        n, k, i, j = self.at
        return [
            Prose("The branches keep rows and columns (that is what their padding is for), so their channels can be "
                  f"laid side by side, {self.where()}. Nothing is computed."),
            Beside((*(self.shown(name, self.results) for name in BRANCHES), "->",
                    Numbers(named("block", n), self.results["block"][n], ((k, i, j),)))),
            Agreement("the block", {"the branches": np.concatenate([self.results[name] for name in BRANCHES], axis=1),
                                    "F.concat": self.results["block"]}),
        ]  # fmt: skip

    def where(self) -> str:
        """ "channels 0-1: 1x1, 2: 3x3, ..." """
        spans = ((name, span[0], span[-1]) for name, span in self.channels.items())
        return "channels " + ", ".join(f"{a if a == b else f'{a}-{b}'}: {name}" for name, a, b in spans)

    def block_made_of(self, index: Index) -> dict[str, list[Index]]:
        n, k, *pixel = index
        name = next(name for name in BRANCHES if k in self.channels[name])
        return {name: [(n, k - self.channels[name][0], *pixel)]}

    # ---- backward ------------------------------------------------------------------------------------------------

    def cut(self) -> list[Item]:
        n, k, i, j = self.at
        parts = np.split(self.grad_y, [span[0] for span in self.channels.values()][1:], axis=1)
        return [
            Prose("Concatenation has put numbers side by side and added nothing, so on the way back the gradient is "
                  f"cut at the same seams, {self.where()}."),
            Beside((Numbers(named("grad_y", n), self.grad_y[n], ((k, i, j),)), "->",
                    *(self.shown(name, self.gradients, f"to {name}") for name in BRANCHES))),
            *(Agreement(f"the gradient of {name}", {"the part of grad_y": part,
                                                    "F.concat's backward": self.gradients[name]})
              for name, part in zip(BRANCHES, parts, strict=True)),
        ]  # fmt: skip

    def part_made_of(self, name: str) -> Callable[[Index], dict[str, list[Index]]]:
        first = self.channels[name][0]
        return lambda index: {"grad_y": [(index[0], first + index[1], *index[2:])]}

    def meeting(self) -> list[Item]:
        n, _, i, j = self.at
        pixel = n, 0, min(i, self.x.shape[2] - 1), min(j, self.x.shape[3] - 1)
        alone = {name: self.through(name) for name in BRANCHES}
        together, grad_x = np.sum(list(alone.values()), axis=0), self.leaf.gradient
        items: list[Item] = [
            Prose("Each branch sends back a gradient of the same x. All four had a part in the loss, so what arrives "
                  "is added up. Nobody has to write that down: the walk back adds whatever arrives at one place."),
            Beside(tuple(part for name in BRANCHES for part in (
                "+", Numbers(named(f"by {name}", n), alone[name][n], (pixel[1:],))))[1:]
                + ("=", Numbers(named("grad_x", n), grad_x[n], (pixel[1:],)))),
            Trace(named("grad_x", *pixel), grad_x[pixel], tuple((f"by {name}", (), alone[name][pixel])
                                                                for name in BRANCHES)),
            Agreement("what arrives at x", {
                "the four together": together,
                f"the {len(self.leaf.arrived)} gradients that mc.replay sees": np.sum(
                    [gradient for _, gradient in self.leaf.arrived], axis=0)}),
            *ways.gradient_agreements(
                "grad_x", {"the four together": together,
                           "backward": ways.gradients(self.library, [self.x], self.grad_y)[0]},
                lambda: self.library(Tensor(self.x)).data, self.x, self.grad_y),
            Prose(f"And each of the four, for {named('x', *pixel)}. Three branches begin with a 1x1 convolution: a sum "
                  "over its kernels, of the gradient behind them (0 where ReLU has cut off) times the weight."),
            *(self.trace_back(branch, name, pixel, alone[branch][pixel])
              for branch, name in (("1x1", "1x1"), ("3x3", "3x3 reduce"), ("5x5", "5x5 reduce"))),
            Prose("The fourth begins with max pooling: the gradients of the windows that this pixel has won."),
            self.trace_pool(pixel, alone["pool proj"][pixel]),
        ]  # fmt: skip
        return items

    def library(self, x: Tensor) -> Tensor:
        return block(x, *map(Tensor, self.weights.values()))["block"]

    def through(self, name: str) -> np.ndarray:
        """The gradient that comes back through this branch alone."""
        channels = self.channels[name]
        part = self.grad_y[:, channels[0] : channels[-1] + 1]
        return ways.gradients(lambda x: block(x, *map(Tensor, self.weights.values()))[name], [self.x], part)[0]

    def trace_back(self, branch: str, name: str, pixel: Index, value: float) -> Trace:
        """Through a 1x1 convolution."""
        n, c, i, j = pixel
        grad, weight = self.behind_relu[name], self.weights[name]
        return Trace(f"by {branch}", value, tuple(
            ways.product(f"grad of {named(name, n, k, i, j)} * {named('weight', k, c)}",
                         grad[n, k, i, j], weight[k, c, 0, 0])
            for k in range(len(weight))))  # fmt: skip

    def trace_pool(self, pixel: Index, value: float) -> Trace:
        """Through the max pool."""
        n, c, *here = pixel
        winners = max_pool2d.loops(self.x[n, c], self.pool)
        won = [place for place, winner in winners.items() if winner == tuple(here)]
        grad = self.gradients["pool"][n, c]
        return Trace("by pool proj", value, tuple(
            ("grad of " + named("pool", n, c, *place), (), float(grad[place])) for place in won))  # fmt: skip
