"""What the explorer's page adds up, added up elsewhere: from the page's own data, in plain loops of Python."""

from __future__ import annotations

import base64
import gzip
import json
import math
import re
from typing import Any

import numpy as np

Terms = list[float]


def parsed(html: str) -> Sums:
    """The data of a page and its numbers."""
    found = {key: re.search(rf'<script[^>]*id="{key}"[^>]*>(.*?)</script>', html, re.S) for key in ("data", "numbers")}
    data, numbers = (match.group(1) for match in found.values() if match)
    return Sums(json.loads(data), numbers)


class Sums:
    """data: the page's JSON; numbers: the text of its arrays. A pixel is (place, channel, i, j)."""

    def __init__(self, data: dict[str, Any], numbers: str) -> None:
        self.places, self.arrays, self.weights = data["places"], data["arrays"], data["weights"]
        self.floats = np.frombuffer(gzip.decompress(base64.b64decode(numbers)), "<f4").astype(np.float64)
        self.maps: dict[tuple[int, int, str], np.ndarray | None] = {}

    def array(self, name: str) -> np.ndarray:
        at, shape = self.arrays[name]["at"], self.arrays[name]["shape"]
        return self.floats[at : at + math.prod(shape)].reshape(shape)

    def map(self, number: int, channel: int, what: str) -> np.ndarray | None:
        """The map of an open channel: of "y" or of a loss's gradient; None where the loss does not reach it."""
        if (number, channel, what) not in self.maps:
            self.maps[number, channel, what] = self.found_map(number, channel, what)
        return self.maps[number, channel, what]

    def found_map(self, number: int, channel: int, what: str) -> np.ndarray | None:
        place = self.places[number]
        exact, index = place["exact"], place["open"].index(channel)
        if "as" in exact:
            return self.map(*exact["as"][index], what)
        if what == "y" or what in exact["gradients"]:
            return self.array(exact["y"] if what == "y" else exact["gradients"][what])[index]
        if what != "total" or self.weights is None:
            return None
        reach = [n for n in self.weights if n in exact["gradients"]]
        return sum(self.weights[n] * self.map(number, channel, n) for n in reach) if reach else None

    def losses(self, number: int) -> list[str]:
        """The losses that have a gradient here, as the page has them."""
        place = self.places[number]
        return [n for n in ("main", "aux1", "aux2", "total") if self.map(number, place["open"][0], n) is not None]

    def forward(self, number: int, c: int, i: int, j: int) -> tuple[float, Terms]:
        """What the place's y should be, and the numbers that were added up."""
        place = self.places[number]
        exact, inputs, index = place["exact"]["forward"], place["inputs"], place["open"].index(c)
        match place["operation"]:
            case "Conv2d" | "Linear":
                terms = [float(self.array(exact["bias"])[index])] if exact["bias"] else []
                if exact["rest"]:
                    terms.append(self.array(exact["rest"])[index, i, j])
                weight = self.array(exact["weight"])[index]
                for m, d in enumerate(self.places[inputs[0]]["open"]):
                    x = self.map(inputs[0], d, "y")
                    terms += [x[p, q] * weight[m, u, v] for p, q, u, v in patch(place, x.shape, i, j)]
                relu = (place["options"] or {}).get("relu")
                return (max(0.0, sum(terms)) if relu else sum(terms)), terms
            case "BatchNorm":
                x = self.map(inputs[0], c, "y")[i, j]
                scale, shift = self.scale_and_shift(number, index)
                return scale * x + shift, [scale * x, shift]
            case "LocalResponseNorm":
                x = self.map(inputs[0], c, "y")[i, j]
                return x * self.lrn_s(number, c, i, j) ** -exact["beta"], [x]
            case "MaxPool2d" | "AvgPool2d":
                x = self.map(inputs[0], c, "y")
                window = [x[p, q] for p, q, _, _ in patch(place, x.shape, i, j)]
                if place["operation"] == "MaxPool2d":
                    return max(window), window
                return sum(window) / self.count(number, x.shape, i, j), window
            case "AdaptiveAvgPool2d":
                x = self.map(inputs[0], c, "y")
                (top, bottom), (left, right) = adaptive(place, x.shape, i, j)
                window = x[top:bottom, left:right]
                return window.mean(), list(window.flat)
            case "Concat" | "GetItem":
                return self.map(*place["exact"]["as"][index], "y")[i, j], []
            case "Reshape":
                x = self.map(inputs[0], c // self.map_size(inputs[0]), "y")
                return x.flat[c % x.size], []
            case "ReLU":
                return max(0.0, self.map(inputs[0], c, "y")[i, j]), []
            case "Mul":
                return exact["factor"] * self.map(inputs[0], c, "y")[i, j], []
            case "Add":
                terms = [self.map(n, c, "y")[i, j] for n in inputs] + ([exact["number"]] if "number" in exact else [])
                return sum(terms), terms
            case "CrossEntropy":
                logits = self.logits(inputs[0])
                return math.log(sum(np.exp(logits - logits[exact["label"]]))), list(logits)
        raise AssertionError(f"no sum for {place['operation']}")

    def backward(self, number: int, loss: str, c: int, i: int, j: int) -> tuple[float, Terms]:
        """The gradient of a loss at a pixel, and the numbers that were added up."""
        place, terms = self.places[number], []
        if loss in place["exact"]["begins"]:
            terms += [1.0] if place["operation"] in ("CrossEntropy", "Add") else [self.softmax_wrong(number, c)]
        for consumer in place["exact"]["backward"]:
            rest = self.combined(consumer.get("rest", {}), loss)
            if rest is not None:
                terms.append(self.rest_at(rest, place["open"].index(c), i, j))
            if self.places[consumer["to"]]["open"] and loss in self.losses(consumer["to"]):
                terms += self.through(number, self.places[consumer["to"]], loss, c, i, j)
        return sum(terms), terms

    def combined(self, names: dict[str, str], loss: str) -> Any:
        """The array of a loss; of the total the weighted sum, where it has none of its own."""
        if loss in names:
            return self.array(names[loss])
        if loss != "total" or self.weights is None or not names:
            return None
        return sum(self.weights[n] * self.array(name) for n, name in names.items())

    def rest_at(self, rest: np.ndarray, index: int, i: int, j: int) -> float:
        return float(rest[index, i, j])

    def through(self, number: int, to: dict[str, Any], loss: str, c: int, i: int, j: int) -> Terms:
        """What comes back from the open channels of one consumer."""
        exact, shape = to["exact"]["forward"], self.map(number, c, "y").shape
        m = self.places[number]["open"].index(c)
        match to["operation"]:
            case "Conv2d" | "Linear":
                weight, terms = self.array(exact["weight"]), []
                for k, d in enumerate(to["open"]):
                    grad, y = self.map(to["number"], d, loss), self.map(to["number"], d, "y")
                    alive = y > 0 if (to["options"] or {}).get("relu") else y == y
                    terms += [
                        grad[p, q] * alive[p, q] * weight[k, m, u, v] for p, q, u, v in seen_from(to, y.shape, i, j)
                    ]
                return terms
            case "LocalResponseNorm":
                x = self.map(number, c, "y")[i, j]
                terms = [self.map(to["number"], c, loss)[i, j] * self.lrn_s(to["number"], c, i, j) ** -exact["beta"]]
                size = exact["size"]
                for d in range(c - (size - 1) // 2, c + size // 2 + 1):
                    if d in to["open"]:
                        grad, s = self.map(to["number"], d, loss)[i, j], self.lrn_s(to["number"], d, i, j)
                        through = grad * self.map(number, d, "y")[i, j] * s ** (-exact["beta"] - 1)
                        terms.append(-2 * exact["alpha"] * exact["beta"] / size * x * through)
                return terms
            case "MaxPool2d" | "AvgPool2d":
                x, grad = self.map(number, c, "y"), self.map(to["number"], c, loss)
                terms = []
                for p, q, _, _ in seen_from(to, grad.shape, i, j):
                    window = [(a, b) for a, b, _, _ in patch(to, shape, p, q)]
                    if to["operation"] == "AvgPool2d":
                        terms.append(grad[p, q] / self.count(to["number"], shape, p, q))
                    elif max(window, key=lambda at: x[at]) == (i, j):  # the first of equals
                        terms.append(grad[p, q])
                return terms
            case "AdaptiveAvgPool2d":
                grad, terms = self.map(to["number"], c, loss), []
                for p, q in np.ndindex(*grad.shape):
                    (top, bottom), (left, right) = adaptive(to, shape, p, q)
                    if top <= i < bottom and left <= j < right:
                        terms.append(grad[p, q] / ((bottom - top) * (right - left)))
                return terms
            case "BatchNorm":
                scale, _ = self.scale_and_shift(to["number"], to["open"].index(c))
                return [scale * self.map(to["number"], c, loss)[i, j]]
            case "ReLU":
                return [self.map(to["number"], c, loss)[i, j] * (self.map(to["number"], c, "y")[i, j] > 0)]
            case "Concat" | "GetItem":
                if [number, c] not in to["exact"]["as"]:
                    return []
                return [self.map(to["number"], to["open"][to["exact"]["as"].index([number, c])], loss)[i, j]]
            case "Reshape":
                return [float(self.map(to["number"], c * math.prod(shape) + i * shape[1] + j, loss)[0, 0])]
            case "Mul":
                return [exact["factor"] * self.map(to["number"], c, loss)[i, j]]
            case "Add":
                return [self.map(to["number"], c, loss)[i, j]]
            case "CrossEntropy":
                return [self.softmax_wrong(number, c) * float(self.map(to["number"], 0, loss)[0, 0])]
        raise AssertionError(f"no gradient through {to['operation']}")

    def logits(self, number: int) -> np.ndarray:
        return np.array([self.map(number, c, "y")[0, 0] for c in self.places[number]["open"]])

    def softmax_wrong(self, number: int, c: int) -> float:
        """softmax - onehot: what the probability of a class is too large by."""
        label = next(p["exact"]["forward"]["label"] for p in self.places if p["operation"] == "CrossEntropy")
        e = np.exp(self.logits(number) - self.logits(number).max())
        return float(e[c] / e.sum() - (c == label))

    def scale_and_shift(self, number: int, index: int) -> tuple[float, float]:
        exact = self.places[number]["exact"]["forward"]
        mean, variance, weight, bias = (self.array(exact[n])[index] for n in ("mean", "variance", "weight", "bias"))
        scale = weight / math.sqrt(variance + exact["eps"])
        return scale, bias - mean * scale

    def lrn_s(self, number: int, c: int, i: int, j: int) -> float:
        """k + alpha / size * the sum of the squares of the neighbors."""
        place = self.places[number]
        exact, size, x = place["exact"]["forward"], place["exact"]["forward"]["size"], place["inputs"][0]
        squares = 0.0
        for d in range(c - size // 2, c + (size - 1) // 2 + 1):
            if d in exact["beside"]:
                squares += self.array(exact["x"])[exact["beside"].index(d), i, j] ** 2
            elif d in self.places[x]["open"]:
                squares += self.map(x, d, "y")[i, j] ** 2
        return exact["k"] + exact["alpha"] / size * squares

    def count(self, number: int, shape: tuple[int, ...], i: int, j: int) -> int:
        """What the mean of a window divides by."""
        place = self.places[number]
        if not place["exact"]["forward"]["count_include_pad"]:
            return len(patch(place, shape, i, j))
        sides = zip((i, j), shape, place["kernel"], place["stride"], place["padding"], strict=True)
        return math.prod(min(at * s - p + k, size + p) - (at * s - p) for at, size, k, s, p in sides)

    def map_size(self, number: int) -> int:
        return self.map(number, self.places[number]["open"][0], "y").size


def patch(place: dict[str, Any], shape: tuple[int, ...], i: int, j: int) -> list[tuple[int, int, int, int]]:
    """(p, q, u, v): the pixels of the input under the kernel at (i, j), each with its place in the kernel."""
    (kh, kw), (sh, sw), (ph, pw) = (place[n] or (d, d) for n, d in (("kernel", 1), ("stride", 1), ("padding", 0)))
    everywhere = [(i * sh + u - ph, j * sw + v - pw, u, v) for u in range(kh) for v in range(kw)]
    return [at for at in everywhere if 0 <= at[0] < shape[0] and 0 <= at[1] < shape[1]]


def seen_from(place: dict[str, Any], shape: tuple[int, ...], i: int, j: int) -> list[tuple[int, int, int, int]]:
    """(p, q, u, v): the outputs that see the input's pixel (i, j), each with the place in the kernel that it has there.

    By trying all of the outputs whose patch could have it.
    """
    whole = (10**9, 10**9)
    near = [
        range(max(0, at // s - 6), min(n, at // s + 7))
        for at, n, s in zip((i, j), shape, place["stride"] or (1, 1), strict=True)
    ]
    return [
        (p, q, u, v) for p in near[0] for q in near[1] for a, b, u, v in patch(place, whole, p, q) if (a, b) == (i, j)
    ]


def adaptive(place: dict[str, Any], shape: tuple[int, ...], i: int, j: int) -> list[tuple[int, int]]:
    """(start, end) of the rows and of the columns of an adaptive window."""
    sizes = place["shape"][1:]
    return [(at * n // o, -(-(at + 1) * n // o)) for at, n, o in zip((i, j), shape, sizes, strict=True)]
