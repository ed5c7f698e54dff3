"""linear: every output is a weighted sum of all inputs."""

from __future__ import annotations

from dataclasses import dataclass
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

EXAMPLE: dict[str, Any] = {
    "x": np.array([[1, 2, -1], [0, 1, 3]]),
    "weight": np.array([[1, -1, 2], [0, 3, 1]]),
    "bias": np.array([1, -2]),
}


def loops(x, weight, bias, places):
    """y at these places; x (N, I)."""
    y = []
    for n, o in places:
        total = 0.0 if bias is None else bias[o]
        for i in range(x.shape[1]):
            total += x[n, i] * weight[o, i]
        y.append(total)
    return np.array(y)


def fitting(given: dict[str, Any]) -> dict[str, Any]:
    """A weight that fits a learner's x, or an x that fits their weight."""
    if "x" in given and "weight" not in given:
        return {"weight": np.resize(EXAMPLE["weight"], (2, *np.shape(given["x"])[-1:]))}
    if "weight" in given and "x" not in given:
        return {"x": np.resize(EXAMPLE["x"], (2, *np.shape(given["weight"])[-1:])), "bias": None}
    return {"bias": None} if "weight" in given else {}


def explanation(x, weight, bias=None, *, at=None, grad_y=None) -> Explanation:
    """Arguments as F.linear takes them; at: the element of y that is traced; grad_y: the gradient that arrives at y."""
    x, weight = ways.as_array("linear", "x", x), ways.as_array("linear", "weight", weight)
    bias = None if bias is None else ways.as_array("linear", "bias", bias)
    y = F.linear(*(Tensor(a) for a in (x, weight, bias) if a is not None)).data  # with all its checks
    at = ways.element("linear", at, y.shape)
    grad_y = ways.cotangent("linear", grad_y, y.shape)

    # More axes than two are only more rows.
    n, o = int(np.ravel_multi_index(at[:-1], y.shape[:-1])) if y.ndim > 1 else 0, at[-1]
    x, y, grad_y = (a.reshape(-1, a.shape[-1]) for a in (x, y, grad_y))
    of_library = ways.gradients(F.linear, (x, weight, bias), grad_y)
    one = WeightedSums(x, weight, bias, y, grad_y, n, o, weight.shape[1] // 2, *of_library)
    sections = [one.formula(), one.forward(), one.backward_to_x(), one.backward_to_parameters()]
    return Explanation("linear: every output is a weighted sum of all inputs", sections, one.made_of())


@dataclass(frozen=True)
class WeightedSums:
    """Weighted sums with all their numbers: the element y[n,o] that is looked at, and one of its inputs, x[n,i]."""

    x: np.ndarray  # (N, I)
    weight: np.ndarray  # (O, I)
    bias: np.ndarray | None
    y: np.ndarray  # (N, O)
    grad_y: np.ndarray
    n: int
    o: int
    i: int
    grad_x: np.ndarray  # this and the next two: as the library's backward has them
    grad_weight: np.ndarray
    grad_bias: np.ndarray | None

    def formula(self) -> Section:
        """What is computed, and the shapes."""
        plus = "" if self.bias is None else "bias[o] + "
        return Section("The formula", [Formula((
            f"y[n,o] = {plus}sum over i of x[n,i] * weight[o,i]",
            "", f"x {self.x.shape}, weight {self.weight.shape} -> y {self.y.shape}",
        ))])  # fmt: skip

    def forward(self) -> Section:
        """y by the plain loops, and by one matrix product."""
        x, weight, bias, y, n, o = self.x, self.weight, self.bias, self.y, self.n, self.o
        plus_bias = () if bias is None else ("+", Numbers("bias", bias, ((o,),)))
        terms: list[ways.Term] = [] if bias is None else [(f"bias[{o}]", (), bias[o])]
        terms += [ways.product(f"x[{n},{j}] * weight[{o},{j}]", x[n, j], weight[o, j]) for j in range(x.shape[1])]
        places = ways.sample(y.shape, max(1, ways.MOST_LOOPS // x.shape[1]), (n, o))
        return Section("Forward: the loops, and a matrix product", [
            ways.code(loops),
            Prose("All the sums are one matrix product. The chosen output is a row of x times a row of the weights."),
            Beside((Numbers("x", x, row(n, x)), "@", Numbers("weight.T", weight.T, column(o, weight.T)), *plus_bias,
                    "=", Numbers("y", y, ((n, o),)))),
            Trace(f"y[{n},{o}]", y[n, o], tuple(terms)),
            Agreement("y", {"matrix product": x @ weight.T + (0 if bias is None else bias), "F.linear": y}),
            Agreement("y" + ways.some(places, y), {
                "loops": loops(x, weight, bias, places), "F.linear": ways.at_places(y, places)}),
        ])  # fmt: skip

    def backward_to_x(self) -> Section:
        """The gradient of x: sums over the outputs."""
        weight, grad_y, grad_x, n, i = self.weight, self.grad_y, self.grad_x, self.n, self.i
        terms = [ways.product(f"grad_y[{n},{k}] * weight[{k},{i}]", grad_y[n, k], weight[k, i])
                 for k in range(len(weight))]  # fmt: skip
        found = {"matrix product": grad_y @ weight, "F.linear's backward": grad_x}
        return Section("Backward: to the input", [
            Prose("grad_y says how much a loss would change with each output. An input went into all outputs of its "
                  "row, and gets a part from each: its gradient is a sum over the outputs."),
            Beside((Numbers("grad_y", grad_y, row(n, grad_y)), "@", Numbers("weight", weight, column(i, weight)), "=",
                    Numbers("grad_x", grad_x, ((n, i),)))),
            Trace(f"grad_x[{n},{i}]", grad_x[n, i], tuple(terms)),
            *ways.gradient_agreements("grad_x", found, self.forward_again, self.x, grad_y),
        ])  # fmt: skip

    def backward_to_parameters(self) -> Section:
        """The gradients of the weights and of the bias: sums over the rows."""
        return Section("Backward: to the weights and the bias", [*self.to_weight(), *self.to_bias()])

    def to_weight(self) -> list[Item]:
        """A weight met one input of each row."""
        x, grad_y, grad_weight, o, i = self.x, self.grad_y, self.grad_weight, self.o, self.i
        terms = [ways.product(f"grad_y[{m},{o}] * x[{m},{i}]", grad_y[m, o], x[m, i]) for m in range(len(x))]
        found = {"matrix product": grad_y.T @ x, "F.linear's backward": grad_weight}
        return [
            Prose("A weight met one input in each row of the batch: its gradient is a sum over the rows."),
            Beside((Numbers("grad_y.T", grad_y.T, row(o, grad_y.T)), "@", Numbers("x", x, column(i, x)), "=",
                    Numbers("grad_weight", grad_weight, ((o, i),)))),
            Trace(f"grad_weight[{o},{i}]", grad_weight[o, i], tuple(terms)),
            *ways.gradient_agreements("grad_weight", found, self.forward_again, self.weight, grad_y),
        ]  # fmt: skip

    def to_bias(self) -> list[Item]:
        """The bias was added in each row."""
        if self.bias is None or self.grad_bias is None:
            return []
        grad_y, o = self.grad_y, self.o
        terms = [(f"grad_y[{m},{o}]", (), grad_y[m, o]) for m in range(len(grad_y))]
        found = {"the sum": grad_y.sum(axis=0), "F.linear's backward": self.grad_bias}
        return [
            Prose("The bias was added in every row: its gradient is the sum over a column of grad_y."),
            Trace(f"grad_bias[{o}]", self.grad_bias[o], tuple(terms)),
            *ways.gradient_agreements("grad_bias", found, self.forward_again, self.bias, grad_y),
        ]

    def forward_again(self) -> np.ndarray:
        """y of what is in the arrays now: by the loops, or by F.linear where those would take long."""
        arrays = self.x, self.weight, self.bias
        if self.y.size * self.x.shape[1] > ways.MOST_MOVED:
            return F.linear(*(Tensor(a) for a in arrays if a is not None)).data
        return loops(*arrays, np.ndindex(self.y.shape)).reshape(self.y.shape)

    def made_of(self) -> dict[str, Any]:
        """What lights up on the page: the row and the column that a number of a matrix product is made of."""
        x, weight, grad_y = self.x, self.weight, self.grad_y
        return {
            "y": lambda at: {"x": row(at[0], x), "weight.T": column(at[1], weight.T)},
            "grad_x": lambda at: {"grad_y": row(at[0], grad_y), "weight": column(at[1], weight)},
            "grad_weight": lambda at: {"grad_y.T": row(at[0], grad_y.T), "x": column(at[1], x)},
        }


def row(number: int, matrix: np.ndarray) -> tuple[Index, ...]:
    """The indices of a row."""
    return tuple((number, j) for j in range(matrix.shape[1]))


def column(number: int, matrix: np.ndarray) -> tuple[Index, ...]:
    """The indices of a column."""
    return tuple((j, number) for j in range(len(matrix)))
