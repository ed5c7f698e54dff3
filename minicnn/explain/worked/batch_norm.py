"""batch_norm: every channel gets mean 0 and variance 1 over the batch, then a scale and a shift."""

from __future__ import annotations

from typing import Any

import numpy as np

import minicnn.functional as F
from minicnn.explain.document import (
    Agreement,
    Beside,
    Explanation,
    Formula,
    Item,
    Numbers,
    Prose,
    Section,
    Trace,
)
from minicnn.explain.worked import ways
from minicnn.tensor import Tensor

EXAMPLE: dict[str, Any] = {
    "x": np.array([[[[1, 5]], [[0, 2]]], [[[5, 1]], [[4, 10]]]]),
    "running_mean": np.array([1, 2]),
    "running_var": np.array([1, 4]),
    "weight": np.array([1, 2]),
    "bias": np.array([0, -1]),
    "training": True,
}
Statistics = tuple[Any, Any]  # running_mean and running_var, arrays or None


def loops(x, weight, bias, mean, variance, eps, channels):
    """These columns of y; a column of x is a channel. mean and variance are None where they are those of x."""
    y = np.zeros((len(x), len(channels)))
    for column, c in enumerate(channels):
        m = len(x)
        if mean is None:
            mu = sum(x[r, c] for r in range(m)) / m
            var = sum((x[r, c] - mu) ** 2 for r in range(m)) / m
        else:
            mu, var = mean[c], variance[c]
        for r in range(m):
            x_hat = (x[r, c] - mu) / (var + eps) ** 0.5
            y[r, column] = weight[c] * x_hat + bias[c]
    return y


def fitting(given: dict[str, Any]) -> dict[str, Any]:
    """What fits the channels of a learner's x."""
    if "x" not in given or np.ndim(given["x"]) < 2:
        return {}
    return {name: np.resize(EXAMPLE[name], np.shape(given["x"])[1])
            for name in ("running_mean", "running_var", "weight", "bias")}  # fmt: skip


def explanation(
    x, running_mean=None, running_var=None, weight=None, bias=None, training=False, momentum=0.1, eps=1e-5, *,
    at=None, grad_y=None,
) -> Explanation:  # fmt: skip
    """Arguments as F.batch_norm takes them (running statistics are updated in a copy); at: the element of y that is
    traced; grad_y: the gradient that arrives at y."""
    x = ways.as_array("batch_norm", "x", x)
    named = {"running_mean": running_mean, "running_var": running_var, "weight": weight, "bias": bias}
    before_mean, before_var, weight, bias = (
        None if array is None else ways.as_array("batch_norm", name, array) for name, array in named.items()
    )
    before: Statistics = before_mean, before_var

    def library(x, weight, bias, training=training, statistics=None):
        statistics = statistics or copies(before)
        return F.batch_norm(x, *statistics, weight, bias, training, momentum, eps)

    with np.errstate(all="ignore"):
        y = library(*(None if a is None else Tensor(a) for a in (x, weight, bias))).data
    if not np.isfinite(y).all():
        raise ValueError("batch_norm: variance + eps of a channel is not above 0, so that x_hat is no number; expected "
                         "a larger eps")  # fmt: skip
    at, grad_y = ways.element("batch_norm", at, y.shape), ways.cotangent("batch_norm", grad_y, y.shape)

    # From here on a channel is a column, and each pixel of each image a row: so is it computed, too.
    row, channel, shape = ways.as_row(at, x.shape, 1), at[1], x.shape
    x, y, grad_y = (ways.as_rows(a, 1) for a in (x, y, grad_y))
    weight = np.ones(x.shape[1]) if weight is None else weight
    bias = np.zeros(x.shape[1]) if bias is None else bias
    one = Normalization(x, y, weight, bias, grad_y, before, training, eps, row, channel, library)
    sections = [
        Section("The formula", [Formula((
            "x_hat = (x - mean) / std,   std = sqrt(variance + eps)", "y     = weight * x_hat + bias", "",
            f"x {shape}: mean and variance of each of the {shape[1]} channels; eps {eps:g}",
        ))]),
        Section("Forward", one.forward()),
        Section("Backward: to the input", one.backward_in_training() if training else one.backward_in_evaluation()),
        Section("Backward: to weight and bias", one.backward_to_parameters()),
    ]  # fmt: skip
    if before[0] is not None and before[1] is not None and len(x) > 1:
        after = copies(before)
        y_training = library(Tensor(x), Tensor(weight), Tensor(bias), True, after).data
        sections.append(Section("Training and evaluation", [*updates(x, before, after, momentum, channel),
                                                            *one.both_modes(y_training)]))  # fmt: skip
    return Explanation("batch_norm: every channel gets mean 0 and variance 1", sections, one.made_of())


class Normalization:
    """Batch norm of x, a row for each pixel of each image and a column for each channel, and the element y[r,c]."""

    def __init__(self, x, y, weight, bias, grad_y, before: Statistics, training, eps, r, c, library) -> None:
        self.x, self.y, self.weight, self.bias, self.grad_y = x, y, weight, bias, grad_y
        self.before, self.training, self.eps, self.library = before, training, eps, library
        self.m, self.channels = x.shape
        self.r, self.c, self.here, self.column = r, c, f"[{r},{c}]", tuple((q, c) for q in range(len(x)))
        self.mean = x.mean(axis=0) if training else before[0]
        self.variance = ((x - self.mean) ** 2).mean(axis=0) if training else before[1]
        self.std = np.sqrt(self.variance + eps)
        self.x_hat = (x - self.mean) / self.std
        self.grad_x_hat = grad_y * weight
        self.grad_x, self.grad_weight, self.grad_bias = ways.gradients(library, (x, weight, bias), grad_y)

    def by_loops(self, channels) -> np.ndarray:
        """These columns of y of what is in the arrays now."""
        mean, variance = (None, None) if self.training else self.before
        return loops(self.x, self.weight, self.bias, mean, variance, self.eps, channels)

    def again(self) -> np.ndarray:
        """y of what is in the arrays now: by the loops, or by F.batch_norm where those would take long."""
        if self.x.size > ways.MOST_MOVED // 4:
            return self.library(Tensor(self.x), Tensor(self.weight), Tensor(self.bias)).data
        return self.by_loops(range(self.channels))

    def chosen(self, name: str, array: np.ndarray) -> Numbers:
        """An array of a number for each channel, or for each element, with the chosen one marked."""
        return Numbers(name, array, ((self.c,) if array.ndim == 1 else (self.r, self.c),))

    def forward(self) -> list[Item]:
        x, m, r, c, here = self.x, self.m, self.r, self.c, self.here
        off = x[:, c] - self.mean[c]
        items: list[Item] = [
            ways.code(loops),
            Prose("Below, a channel is a column, and each pixel of each image a row. " + (
                f"In training, mean and variance of a channel are those of the batch: of m = {m} numbers."
                if self.training else
                "In evaluation, mean and variance are the running statistics, constants: what comes out for an image "
                "does not depend on the others of its batch.")),
            Beside((Numbers("x", x, self.column), "->", self.chosen("mean", self.mean),
                    self.chosen("variance", self.variance), self.chosen("std", self.std))),
        ]  # fmt: skip
        if self.training:
            items += [
                Trace(f"mean[{c}]", self.mean[c],
                      tuple(ways.product(f"x[{q},{c}] / m", x[q, c], 1 / m) for q in range(m))),
                Trace(f"variance[{c}]", self.variance[c], tuple(
                    ways.product(f"(x[{q},{c}] - mean[{c}])^2 / m", off[q], off[q], 1 / m) for q in range(m))),
            ]  # fmt: skip
        channels = range(self.channels) if x.size <= ways.MOST_LOOPS else range(c, c + 1)
        which = "" if len(channels) == self.channels else f", channel {c}"
        return [
            *items,
            Beside((self.chosen("x_hat", self.x_hat), "*", self.chosen("weight", self.weight), "+",
                    self.chosen("bias", self.bias), "=", self.chosen("y", self.y))),
            Trace(f"x_hat{here}", self.x_hat[r, c],
                  (ways.product(f"(x{here} - mean[{c}]) * 1/std[{c}]", off[r], 1 / self.std[c]),)),
            Trace(f"y{here}", self.y[r, c], (
                ways.product(f"x_hat{here} * weight[{c}]", self.x_hat[r, c], self.weight[c]),
                (f"bias[{c}]", (), self.bias[c]))),
            Agreement("y" + which, {"loops": self.by_loops(channels), "F.batch_norm": self.y[:, list(channels)]}),
        ]  # fmt: skip

    def to_x_hat(self) -> Item:
        return Beside((self.chosen("grad_y", self.grad_y), "*", self.chosen("weight", self.weight), "=",
                       Numbers("grad_x_hat", self.grad_x_hat, self.column)))  # fmt: skip

    def backward_in_training(self) -> list[Item]:
        """Path by path, each as the chain rule gives it."""
        m, r, c, here, off = self.m, self.r, self.c, self.here, self.x - self.mean
        grad_mean = -self.grad_x_hat.sum(axis=0) / self.std
        grad_variance = (self.grad_x_hat * off).sum(axis=0) * -0.5 / self.std**3
        through_x = self.grad_x_hat / self.std
        through_mean = grad_mean / m * np.ones_like(off)
        through_variance = grad_variance * 2 / m * off
        found = {
            "the paths": through_x + through_mean + through_variance,
            "in one line": self.weight / self.std * (self.grad_y - self.grad_y.mean(axis=0)
                                                     - self.x_hat * (self.grad_y * self.x_hat).mean(axis=0)),
            "F.batch_norm's backward": self.grad_x,
        }  # fmt: skip
        return [
            self.to_x_hat(),
            Prose("From x to x_hat there are three paths: x itself; the mean, of which it is a part; and the variance. "
                  "On the last two an x acts on all x_hat of its channel, so every image gets a gradient from all "
                  "others in the batch. (The mean is in the variance, too; what goes that way adds up to 0.)"),
            Formula(("grad_mean     = -sum(grad_x_hat) / std",
                     "grad_variance = sum(grad_x_hat * (x - mean)) * slope,   slope = -1/2 / std^3",
                     "grad_x        = grad_x_hat / std                 through x",
                     "              + grad_mean * 1/m                  through the mean",
                     "              + grad_variance * 2(x - mean)/m    through the variance")),
            Prose("A mean that is larger by 1 makes every x_hat of its channel smaller by 1/std. The slope is that of "
                  "1/std, which is (variance + eps)^(-1/2)."),
            Beside((self.chosen("grad_mean", grad_mean), self.chosen("grad_variance", grad_variance))),
            Trace(f"grad_mean[{c}]", grad_mean[c], tuple(
                ways.product(f"grad_x_hat[{q},{c}] * -1/std[{c}]", self.grad_x_hat[q, c], -1 / self.std[c])
                for q in range(m))),
            Trace(f"grad_variance[{c}]", grad_variance[c], tuple(
                ways.product(f"grad_x_hat[{q},{c}] * (x[{q},{c}] - mean[{c}]) * slope",
                             self.grad_x_hat[q, c], off[q, c], -0.5 / self.std[c] ** 3) for q in range(m))),
            Beside((self.chosen("through x", through_x), "+", self.chosen("through mean", through_mean), "+",
                    self.chosen("through variance", through_variance), "=", self.chosen("grad_x", self.grad_x))),
            Trace(f"grad_x{here}", self.grad_x[r, c], (
                ways.product(f"grad_x_hat{here} * 1/std[{c}]", self.grad_x_hat[r, c], 1 / self.std[c]),
                ways.product(f"grad_mean[{c}] * 1/m", grad_mean[c], 1 / m),
                ways.product(f"grad_variance[{c}] * 2(x{here} - mean[{c}])/m", grad_variance[c], 2 / m * off[r, c]))),
            Prose("All three in one line, as the library has it:"),
            Formula(("grad_x = weight/std * (grad_y - mean(grad_y) - x_hat * mean(grad_y * x_hat))",)),
            Prose("Added to all x of a channel, a constant changes no y. So the gradients of a channel add up to 0."),
            Agreement("the sum of grad_x over a channel", {
                "0": np.zeros(self.channels), "F.batch_norm's backward": self.grad_x.sum(axis=0)},
                within=max(1, np.abs(self.grad_x).sum())),
            *ways.gradient_agreements("grad_x", found, self.again, self.x, self.grad_y),
        ]  # fmt: skip

    def backward_in_evaluation(self) -> list[Item]:
        r, c, here = self.r, self.c, self.here
        found = {"this path": self.grad_x_hat / self.std, "F.batch_norm's backward": self.grad_x}
        return [
            self.to_x_hat(),
            Prose("Mean and variance are constants, so there is one path: through x itself. (In training there are "
                  "three: x is also a part of the mean and of the variance.)"),
            Beside((self.chosen("grad_x_hat", self.grad_x_hat), "/", self.chosen("std", self.std), "=",
                    self.chosen("grad_x", self.grad_x))),
            Trace(f"grad_x{here}", self.grad_x[r, c], (
                ways.product(f"grad_x_hat{here} * 1/std[{c}]", self.grad_x_hat[r, c], 1 / self.std[c]),)),
            *ways.gradient_agreements("grad_x", found, self.again, self.x, self.grad_y),
        ]  # fmt: skip

    def backward_to_parameters(self) -> list[Item]:
        c, grad_y, x_hat, name = self.c, self.grad_y, self.x_hat, "F.batch_norm's backward"
        to_weight = {"the sums": (grad_y * x_hat).sum(axis=0), name: self.grad_weight}
        to_bias = {"the sums": grad_y.sum(axis=0), name: self.grad_bias}
        return [
            Prose("Every y of a channel has used its weight and its bias once: sums over the column."),
            Trace(f"grad_weight[{c}]", self.grad_weight[c], tuple(
                ways.product(f"grad_y[{q},{c}] * x_hat[{q},{c}]", grad_y[q, c], x_hat[q, c]) for q in range(self.m))),
            Trace(f"grad_bias[{c}]", self.grad_bias[c], tuple(
                (f"grad_y[{q},{c}]", (), grad_y[q, c]) for q in range(self.m))),
            *ways.gradient_agreements("grad_weight", to_weight, self.again, self.weight, grad_y),
            *ways.gradient_agreements("grad_bias", to_bias, self.again, self.bias, grad_y),
        ]  # fmt: skip

    def both_modes(self, y_training: np.ndarray) -> list[Item]:
        mean, var = self.before
        y = self.library(Tensor(self.x), Tensor(self.weight), Tensor(self.bias), False).data
        return [
            Prose("The same x with the statistics of its batch, and with the running ones as they were before:"),
            Beside((self.chosen("y in training", y_training), self.chosen("y in evaluation", y))),
            Agreement("y in evaluation", {
                "weight * (x - running_mean) / std + bias":
                    self.weight * (self.x - mean) / np.sqrt(var + self.eps) + self.bias,
                "F.batch_norm": y}),
        ]  # fmt: skip

    def made_of(self) -> dict[str, Any]:
        """What lights up on the page."""
        found: dict[str, Any] = {
            "x_hat": lambda at: {"x": [at], "mean": [(at[1],)], "std": [(at[1],)]},
            "y": lambda at: {"x_hat": [at], "weight": [(at[1],)], "bias": [(at[1],)]},
            "grad_x_hat": lambda at: {"grad_y": [at], "weight": [(at[1],)]},
        }
        if self.training:
            found |= {
                "mean": lambda at: {"x": [(q, at[0]) for q in range(self.m)]},
                "grad_mean": lambda at: {"grad_x_hat": [(q, at[0]) for q in range(self.m)], "std": [at]},
                "grad_x": lambda at: {f"through {path}": [at] for path in ("x", "mean", "variance")},
            }
        return found


def copies(statistics: Statistics) -> Statistics:
    mean, var = (None if array is None else array.copy() for array in statistics)
    return mean, var


def updates(x: np.ndarray, before: Statistics, after: Statistics, momentum: float, c: int) -> list[Item]:
    """How training moves the running statistics."""
    m, items = len(x), []
    batch = {"running_mean": x.mean(axis=0), "running_var": x.var(axis=0, ddof=1)}
    for (name, now), old, new in zip(batch.items(), before, after, strict=True):
        items.append((name, old, now, (1 - momentum) * old + momentum * now, new))
    return [
        Prose("A step of training also moves the running statistics towards those of the batch. The variance is "
              f"divided by m - 1 = {m - 1} for that, so that it is right on average, and by m = {m} above."),
        Formula((f"running = {1 - momentum:g} * running + {momentum:g} * that of the batch",)),
        Beside(tuple(part for name, old, _, _, new in items
                     for part in (Numbers(name, old, ((c,),)), "->", Numbers(name, new, ((c,),))))),
        *(Trace(f"{name}[{c}]", new[c], (ways.product(f"{1 - momentum:g} * before", 1 - momentum, old[c]),
                                         ways.product(f"{momentum:g} * the batch's", momentum, now[c])))
          for name, old, now, _, new in items),
        *(Agreement(name, {"the formula": formula, "F.batch_norm": new}) for name, _, _, formula, new in items),
    ]  # fmt: skip
