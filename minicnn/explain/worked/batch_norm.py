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
        raise ValueError("batch_norm: a channel has variance 0 and eps is 0, so that x_hat is 0/0; expected eps > 0")
    at, grad_y = ways.element("batch_norm", at, y.shape), ways.cotangent("batch_norm", grad_y, y.shape)

    # From here on a channel is a column, and each pixel of each image a row: so is it computed, too.
    r, c, shape = ways.as_row(at, x.shape, 1), at[1], x.shape
    x, y, grad_y = (ways.as_rows(a, 1) for a in (x, y, grad_y))
    m, channels = x.shape
    weight, bias = np.ones(channels) if weight is None else weight, np.zeros(channels) if bias is None else bias
    grad_x, grad_weight, grad_bias = ways.gradients(library, (x, weight, bias), grad_y)
    used_mean, used_variance = (None, None) if training else before
    by_loops = loops(x, weight, bias, used_mean, used_variance, eps,
                     range(channels) if x.size <= ways.MOST_LOOPS else [c])  # fmt: skip

    def forward_again() -> np.ndarray:
        """y of what is in the arrays now: by the loops, or by F.batch_norm where those would take long."""
        if x.size > ways.MOST_MOVED // 4:
            return library(Tensor(x), Tensor(weight), Tensor(bias)).data
        return loops(x, weight, bias, used_mean, used_variance, eps, range(channels))

    mean = x.mean(axis=0) if training else before[0]
    variance = ((x - mean) ** 2).mean(axis=0) if training else before[1]
    std = np.sqrt(variance + eps)
    x_hat = (x - mean) / std
    here, channel = f"[{r},{c}]", tuple((q, c) for q in range(m))
    forward: list[Item] = [
        ways.code(loops),
        Prose("Below, a channel is a column, and each pixel of each image a row. "
              + (f"In training, mean and variance of a channel are those of the batch: of m = {m} numbers." if training
                 else "In evaluation, mean and variance are the running statistics, constants: what comes out for an "
                      "image does not depend on the others of its batch.")),
        Beside((Numbers("x", x, channel), "->", Numbers("mean", mean, ((c,),)), Numbers("variance", variance, ((c,),)),
                Numbers("std", std, ((c,),)))),
    ]  # fmt: skip
    if training:
        forward += [
            Trace(f"mean[{c}]", mean[c], tuple((f"x[{q},{c}] / m", (x[q, c], 1 / m), x[q, c] / m) for q in range(m))),
            Trace(f"variance[{c}]", variance[c], tuple(
                (f"(x[{q},{c}] - mean[{c}])^2 / m", (x[q, c] - mean[c], x[q, c] - mean[c], 1 / m),
                 (x[q, c] - mean[c]) ** 2 / m) for q in range(m))),
        ]  # fmt: skip
    forward += [
        Beside((Numbers("x_hat", x_hat, ((r, c),)), "*", Numbers("weight", weight, ((c,),)), "+",
                Numbers("bias", bias, ((c,),)), "=", Numbers("y", y, ((r, c),)))),
        Trace(f"x_hat{here}", x_hat[r, c], (
            (f"(x{here} - mean[{c}]) * 1/std[{c}]", (x[r, c] - mean[c], 1 / std[c]), x_hat[r, c]),)),
        Trace(f"y{here}", y[r, c], ((f"x_hat{here} * weight[{c}]", (x_hat[r, c], weight[c]), x_hat[r, c] * weight[c]),
                                    (f"bias[{c}]", (), bias[c]))),
        Agreement("y" if by_loops.shape == y.shape else f"y, channel {c}", {
            "loops": by_loops, "F.batch_norm": y if by_loops.shape == y.shape else y[:, [c]]}),
    ]  # fmt: skip

    # Back, path by path. A constant has none.
    grad_x_hat = grad_y * weight
    to_mean = -grad_x_hat.sum(axis=0) / std
    to_variance = (grad_x_hat * (x - mean)).sum(axis=0) * -0.5 / std**3
    through_x = grad_x_hat / std
    through_mean = to_mean / m * np.ones_like(x) if training else np.zeros_like(x)
    through_variance = to_variance * 2 / m * (x - mean) if training else np.zeros_like(x)
    found = {"the paths": through_x + through_mean + through_variance}
    backward: list[Item] = [
        Beside((Numbers("grad_y", grad_y, ((r, c),)), "*", Numbers("weight", weight, ((c,),)), "=",
                Numbers("grad_x_hat", grad_x_hat, channel))),
    ]  # fmt: skip
    if training:
        found["in one line"] = weight / std * (grad_y - grad_y.mean(axis=0) - x_hat * (grad_y * x_hat).mean(axis=0))
        backward += [
            Prose("From x to x_hat there are three paths: x itself; the mean, of which it is a part; and the variance. "
                  "On the last two an x acts on all x_hat of its channel, so every image gets a gradient from all "
                  "others in the batch. (The mean is in the variance, too; what goes that way adds up to 0.)"),
            Formula(("grad_mean     = -sum(grad_x_hat) / std",
                     "grad_variance = -1/2 sum(grad_x_hat * (x - mean)) / std^3",
                     "grad_x        = grad_x_hat / std                 through x",
                     "              + grad_mean * 1/m                  through the mean",
                     "              + grad_variance * 2(x - mean)/m    through the variance")),
            Beside((Numbers("grad_mean", to_mean, ((c,),)), Numbers("grad_variance", to_variance, ((c,),)))),
            Beside((Numbers("through x", through_x, ((r, c),)), "+", Numbers("through mean", through_mean, ((r, c),)),
                    "+", Numbers("through variance", through_variance, ((r, c),)), "=",
                    Numbers("grad_x", grad_x, ((r, c),)))),
            Trace(f"grad_x{here}", grad_x[r, c], (
                (f"grad_x_hat{here} * 1/std[{c}]", (grad_x_hat[r, c], 1 / std[c]), through_x[r, c]),
                (f"grad_mean[{c}] * 1/m", (to_mean[c], 1 / m), through_mean[r, c]),
                (f"grad_variance[{c}] * 2(x{here} - mean[{c}])/m", (to_variance[c], 2 / m * (x[r, c] - mean[c])),
                 through_variance[r, c]))),
            Prose("All three in one line, as the library has it:"),
            Formula(("grad_x = weight/std * (grad_y - mean(grad_y) - x_hat * mean(grad_y * x_hat))",)),
            Prose("Added to all x of a channel, a constant changes no y. So the gradients of a channel add up to 0."),
            Agreement("the sum of grad_x over a channel", {"0": np.zeros(channels),
                                                           "F.batch_norm's backward": grad_x.sum(axis=0)}),
        ]  # fmt: skip
    else:
        backward += [
            Prose("Mean and variance are constants, so there is one path: through x itself. (In training there are "
                  "three: x is also a part of the mean and of the variance.)"),
            Beside((Numbers("grad_x_hat", grad_x_hat, ((r, c),)), "/", Numbers("std", std, ((c,),)), "=",
                    Numbers("grad_x", grad_x, ((r, c),)))),
            Trace(f"grad_x{here}", grad_x[r, c], (
                (f"grad_x_hat{here} * 1/std[{c}]", (grad_x_hat[r, c], 1 / std[c]), through_x[r, c]),)),
        ]  # fmt: skip
    found["F.batch_norm's backward"] = grad_x
    backward += ways.gradient_agreements("grad_x", found, forward_again, x, grad_y)
    by_sums = (grad_y * x_hat).sum(axis=0), grad_y.sum(axis=0)
    to_parameters: list[Item] = [
        Prose("Every y of a channel has used its weight and its bias once: sums over the column."),
        Trace(f"grad_weight[{c}]", grad_weight[c], tuple(
            (f"grad_y[{q},{c}] * x_hat[{q},{c}]", (grad_y[q, c], x_hat[q, c]), grad_y[q, c] * x_hat[q, c])
            for q in range(m))),
        Trace(f"grad_bias[{c}]", grad_bias[c], tuple((f"grad_y[{q},{c}]", (), grad_y[q, c]) for q in range(m))),
        *ways.gradient_agreements("grad_weight", {"the sums": by_sums[0], "F.batch_norm's backward": grad_weight},
                                  forward_again, weight, grad_y),
        *ways.gradient_agreements("grad_bias", {"the sums": by_sums[1], "F.batch_norm's backward": grad_bias},
                                  forward_again, bias, grad_y),
    ]  # fmt: skip
    sections = [
        Section("The formula", [Formula((
            "x_hat = (x - mean) / std,   std = sqrt(variance + eps)", "y     = weight * x_hat + bias", "",
            f"x {shape}: mean and variance of each of the {channels} channels; eps {eps:g}",
        ))]),
        Section("Forward", forward),
        Section("Backward: to the input", backward),
        Section("Backward: to weight and bias", to_parameters),
    ]  # fmt: skip
    if before[0] is not None and before[1] is not None and m > 1:
        after = copies(before)
        y_training = library(Tensor(x), Tensor(weight), Tensor(bias), True, after).data
        y_evaluation = library(Tensor(x), Tensor(weight), Tensor(bias), False).data
        sections.append(Section("Training and evaluation", [
            *updates(x, before, after, momentum, c),
            Prose("The same x with the statistics of its batch, and with the running ones as they were before:"),
            Beside((Numbers("y in training", y_training, ((r, c),)),
                    Numbers("y in evaluation", y_evaluation, ((r, c),)))),
            Agreement("y in evaluation", {"weight (x - running_mean) / std + bias": weight * (x - before[0]) / np.sqrt(
                before[1] + eps) + bias, "F.batch_norm": y_evaluation}),
        ]))  # fmt: skip
    return Explanation("batch_norm: every channel gets mean 0 and variance 1", sections)


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
