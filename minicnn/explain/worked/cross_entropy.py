"""cross_entropy: how surprised the network is by the right answer."""

from __future__ import annotations

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
from minicnn.tensor import Tensor

EXAMPLE: dict[str, Any] = {"logits": np.array([[2, 1, 0], [0, 3, 1]]), "targets": np.array([0, 2])}
MADE_OF: dict[str, Any] = {  # what lights up on the page
    "log_p": lambda at: {"logits": [at], "largest": [(at[0], 0)], "log sum": [(at[0], 0)]},
    "grad_logits": lambda at: {"softmax": [at], "q": [at], "g": [(at[0], 0)]},
}


def loops(logits, q):
    """The loss of each row."""
    losses = []
    for row in range(len(logits)):
        largest = max(logits[row])
        total = 0.0
        for logit in logits[row]:
            total += np.exp(logit - largest)
        loss = 0.0
        for k in range(len(q[row])):
            if q[row, k] != 0:
                log_p = logits[row, k] - largest - np.log(total)
                loss -= q[row, k] * log_p
        losses.append(loss)
    return np.array(losses)


def fitting(given: dict[str, Any]) -> dict[str, Any]:
    """Targets that fit a learner's logits, or logits that fit their targets."""
    if "logits" in given and "targets" not in given and np.ndim(given["logits"]) == 2:
        rows, classes = np.shape(given["logits"])
        return {"targets": np.resize(EXAMPLE["targets"], rows) % max(1, classes)}
    if "targets" in given and "logits" not in given and np.size(given["targets"]):
        targets = np.asarray(given["targets"])
        classes = targets.shape[1] if targets.ndim == 2 else max(3, int(targets.max()) + 1)
        return {"logits": np.resize(EXAMPLE["logits"], (len(targets), classes))}
    return {}


def explanation(
    logits, targets, weight=None, *, reduction="mean", label_smoothing=0.0, at=None, grad_y=None
) -> Explanation:
    """Arguments as F.cross_entropy takes them; at: the logit that is traced, [n, k], as the loss is one number.

    grad_y: the gradient that arrives at the loss, 1 if it is None, or at the losses of all rows for reduction "none".
    """
    logits, targets = ways.as_array("cross_entropy", "logits", logits), ways.in_numpy(targets)
    weight = None if weight is None else ways.as_array("cross_entropy", "weight", weight)

    def library(logits: Tensor) -> Tensor:
        return F.cross_entropy(logits, targets, weight, reduction=reduction, label_smoothing=label_smoothing)

    with np.errstate(invalid="ignore"):
        y = library(Tensor(logits)).data
    if not np.isfinite(y).all():
        raise ValueError("cross_entropy: the loss is not finite: the weights of the targets add up to 0")
    grad_y = ways.cotangent("cross_entropy", grad_y, y.shape)

    wanted, classes = np.asarray(targets), logits.shape[1]
    one_hot = (wanted[:, None] == np.arange(classes)) * 1.0 if wanted.ndim == 1 else wanted.astype(np.float64)
    at = ways.element("cross_entropy", at if at is not None else (0, int(one_hot[0].argmax())), logits.shape)
    q = what_is_wanted(one_hot, weight, label_smoothing)
    one = CrossEntropy(logits, q, reduction, what_divides(wanted, weight, reduction), library, y, grad_y, at)
    about_q = how_q_comes_about(one_hot, q, weight, label_smoothing, at)
    sections = [
        Section("The formula", one.formula()),
        Section("Forward", [*one.forward_to_log_p(), *about_q, *one.forward_to_the_loss()]),
        Section("Backward", one.backward()),
        Section("Backward in two steps", one.backward_in_two_steps()),
        large_numbers(),
    ]
    return Explanation("cross_entropy: how surprised the network is by the right answer", sections, MADE_OF)


def what_is_wanted(one_hot: np.ndarray, weight: np.ndarray | None, label_smoothing: float) -> np.ndarray:
    """q: 1 at the target, or what smoothing and weights make of it."""
    q = (1 - label_smoothing) * one_hot + label_smoothing / one_hot.shape[1]
    return q if weight is None else weight * q


def what_divides(targets: np.ndarray, weight: np.ndarray | None, reduction: str) -> float:
    """What the mean divides by; 1 for the other reductions."""
    if reduction != "mean":
        return 1.0
    return float(len(targets)) if weight is None or targets.ndim == 2 else float(weight[targets].sum())


def how_q_comes_about(
    one_hot: np.ndarray, q: np.ndarray, weight: np.ndarray | None, label_smoothing: float, at: Index
) -> list[Item]:
    """q, and how it is made of the targets, smoothing and weights."""
    classes = one_hot.shape[1]
    items: list[Item] = []
    if label_smoothing:
        items.append(Prose(f"Label smoothing s = {label_smoothing:g} takes a part of the certainty and spreads it over "
                           f"all {classes} classes, so that no logit is asked to grow without end."))  # fmt: skip
    if weight is not None:
        items += [Prose("With a weight for each class, what belongs to class k counts weight[k] times. The mean "
                        "divides by the sum of the targets' weights, as PyTorch's does (where targets are "
                        "probabilities: by their number)."),
                  Numbers("weight", weight, ((at[1],),))]  # fmt: skip
    if not items:
        return [Prose("q is what is wanted: 1 at the target, 0 elsewhere."), Numbers("q", q, (at,))]
    formula = "((1 - s) * targets + s/K)" if label_smoothing else "targets"
    items += [
        Formula((f"q = {'weight * ' if weight is not None else ''}{formula}",)),
        Beside((Numbers("targets", one_hot, (at,)), "->", Numbers("q", q, (at,)))),
    ]
    return items


class CrossEntropy:
    """The loss of logits (N, K) where q is wanted, there and back, and the logit [n,k] that is looked at."""

    def __init__(self, logits, q, reduction, divisor, library, y, grad_y, at) -> None:
        self.logits, self.q, self.reduction, self.divisor, self.library = logits, q, reduction, divisor, library
        self.y, self.grad_y, self.at = y, grad_y, at
        self.rows, self.classes = logits.shape
        self.largest = logits.max(axis=1, keepdims=True)
        self.log_sum = np.log(np.exp(logits - self.largest).sum(axis=1, keepdims=True))
        self.log_p = logits - self.largest - self.log_sum
        self.p = np.exp(self.log_p)
        self.g = grad_y.reshape(-1, 1) / divisor * np.ones((self.rows, 1))  # what arrives at the loss of each row
        (self.grad_logits,) = ways.gradients(library, [logits], grad_y)

    def formula(self) -> list[Item]:
        """What is computed."""
        return [Formula((
            "log_p   = log softmax(logits)", "loss[n] = -sum over k of q[n,k] * log_p[n,k]",
            f"loss    = {'the losses' if self.reduction == 'none' else f'their {self.reduction}'}",
            "", f"logits {self.logits.shape}: a row for each image, a column for each class",
        ))]  # fmt: skip

    def forward_to_log_p(self) -> list[Item]:
        """The loops, and the logarithm of softmax."""
        n, k = self.at
        return [
            ways.code(loops),
            Prose("The logarithm of softmax is computed without softmax itself: a probability may be rounded to 0, and "
                  "then has no logarithm."),
            Beside((Numbers("logits", self.logits, tuple((n, j) for j in range(self.classes))), "-",
                    Numbers("largest", self.largest, ((n, 0),)), "-", Numbers("log sum", self.log_sum, ((n, 0),)), "=",
                    Numbers("log_p", self.log_p, ((n, k),)))),
        ]  # fmt: skip

    def forward_to_the_loss(self) -> list[Item]:
        """The loss of a row, and what the reduction makes of those of all rows."""
        q, log_p, n = self.q, self.log_p, self.at[0]
        losses = (-q * np.where(q != 0, log_p, 0)).sum(axis=1)
        items: list[Item] = [Trace(f"loss[{n}]", losses[n], tuple(
            ways.product(f"-q[{n},{j}] * log_p[{n},{j}]", -q[n, j], log_p[n, j])
            for j in range(self.classes) if q[n, j] != 0))]  # fmt: skip
        if self.reduction != "none":
            divided = f" / {self.divisor:g}" if self.reduction == "mean" else ""
            items.append(Trace("loss", float(self.y), tuple(
                (f"loss[{m}]{divided}", (losses[m], 1 / self.divisor) if divided else (), losses[m] / self.divisor)
                for m in range(self.rows))))  # fmt: skip
        return [*items, Agreement("the loss", {"loops": self.by_loops(), "F.cross_entropy": self.y})]

    def by_loops(self) -> np.ndarray:
        """The loss of what is in logits now, by the loops."""
        losses = loops(self.logits, self.q)
        return losses if self.reduction == "none" else losses.sum() / self.divisor

    def forward_again(self) -> np.ndarray:
        """The loss of what is in logits now: by the loops, or by F.cross_entropy where those would take long."""
        return self.library(Tensor(self.logits)).data if self.logits.size > ways.MOST_MOVED else self.by_loops()

    def backward(self) -> list[Item]:
        """What is left when all that cancels is gone: softmax minus q."""
        p, q, g, (n, k) = self.p, self.q, self.g, self.at
        total = q.sum(axis=1, keepdims=True)
        ones = np.allclose(total, 1)
        whole = "" if ones else " * total"
        divided = "" if self.divisor == 1 else f" / {self.divisor:g}"
        found = {"softmax - q": (p * total - q) * g, "F.cross_entropy's backward": self.grad_logits}
        return [
            Prose("Almost everything that exponentials and logarithm do on the way back cancels. What is left is what "
                  "softmax gets wrong: what it says, minus what is wanted."
                  + ("" if ones else " total is the sum of a row of q, which is not 1 here.")),
            Formula((f"grad_logits = (softmax(logits){whole} - q) * g",
                     f"g           = grad_loss{divided}: what arrives at a row's loss")),
            *(() if ones else (Numbers("total", total, ((n, 0),)),)),
            Beside(("(", Numbers("softmax", p, ((n, k),)), f"{whole} -", Numbers("q", q, ((n, k),)), ") *",
                    Numbers("g", g, ((n, 0),)), "=", Numbers("grad_logits", self.grad_logits, ((n, k),)))),
            Trace(f"grad_logits[{n},{k}]", self.grad_logits[n, k], (
                ways.product(f"softmax[{n},{k}]{whole} * g[{n}]", p[n, k], *(() if ones else total[n]), g[n, 0]),
                ways.product(f"-q[{n},{k}] * g[{n}]", -q[n, k], g[n, 0]))),
            *ways.gradient_agreements("grad_logits", found, self.forward_again, self.logits, self.grad_y),
        ]  # fmt: skip

    def backward_in_two_steps(self) -> list[Item]:
        """Back through the logarithm to p, then through softmax."""
        p, q, (n, k) = self.p, self.q, self.at
        if p[q != 0].min(initial=1) < 1e-100:
            return [Prose("Not with these numbers: a probability has become 0, or almost. See below.")]
        grad_p = np.where(q != 0, -q / np.where(q != 0, p, 1), 0) * self.g
        dot = (grad_p * p).sum(axis=1, keepdims=True)
        grad_logits = p * (grad_p - dot)
        return [
            Prose("The same with log and softmax as two operations. The logarithm of a small probability is steep, so "
                  "its gradient is large; and softmax is flat just there. One undoes the other: p is divided by, then "
                  "multiplied with."),
            Formula(("grad_p      = -q / p * g",
                     "grad_logits = p * (grad_p - dot),   dot = sum of grad_p * p over the row")),
            Beside((Numbers("p", p, ((n, k),)), "->", Numbers("grad_p", grad_p, ((n, k),)), "->",
                    Numbers("dot", dot, ((n, 0),)), "->", Numbers("grad_logits", grad_logits, ((n, k),)))),
            Trace(f"grad_logits[{n},{k}]", self.grad_logits[n, k], (
                ways.product(f"p[{n},{k}] * grad_p[{n},{k}]", p[n, k], grad_p[n, k]),
                ways.product(f"-p[{n},{k}] * dot[{n}]", -p[n, k], dot[n, 0]))),
            Agreement("grad_logits", {"two steps": grad_logits, "F.cross_entropy's backward": self.grad_logits}),
        ]  # fmt: skip


def large_numbers() -> Section:
    """A probability that has become 0."""
    one, two = (Tensor(np.array([[0.0, 1000.0]]), requires_grad=True) for _ in range(2))
    loss = F.cross_entropy(one, [0])
    loss.backward()
    with np.errstate(divide="ignore", invalid="ignore"):
        p = F.softmax(two, 1)
        log_p = F.log(p)
        in_two_steps = -log_p[0, 0]
        in_two_steps.backward()
    return Section("Large numbers", [
        Prose("Why one operation, and not two? Take the logits 0 and 1000, where the first is the target. Softmax "
              "gives it e^-1000, which is 0 in any float. Its logarithm is -inf, and on the way back 0 meets inf:"),
        Beside((Numbers("p", p.data), Numbers("log p", log_p.data), Numbers("loss", in_two_steps.data),
                Numbers("grad_logits", np.asarray(two.grad)))),
        Prose("In one operation the logarithm comes before anything is rounded to 0:"),
        Beside((Numbers("log_p", F.log_softmax(one, 1).data), Numbers("loss", loss.data),
                Numbers("grad_logits", np.asarray(one.grad)))),
        Agreement("this loss", {"1000": np.array(1000.0), "F.cross_entropy": loss.data}),
        Agreement("its gradient", {"softmax - q": np.array([[0.0 - 1.0, 1.0 - 0.0]]),
                                   "F.cross_entropy's backward": np.asarray(one.grad)}),
    ])  # fmt: skip
