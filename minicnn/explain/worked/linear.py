"""linear: every output is a weighted sum of all inputs."""

from __future__ import annotations

from typing import Any

import numpy as np

import minicnn.functional as F
from minicnn.explain.document import Agreement, Beside, Explanation, Formula, Item, Numbers, Prose, Section, Trace
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
    rows, (outputs, inputs) = len(x), weight.shape
    i = inputs // 2
    arrays = x, weight, bias
    grads = dict(zip(("grad_x", "grad_weight", "grad_bias"), ways.gradients(F.linear, arrays, grad_y), strict=True))

    def forward_again() -> np.ndarray:
        """y of what is in the arrays now: by the loops, or by F.linear where those would take long."""
        if y.size * inputs > ways.MOST_MOVED:
            return F.linear(*(Tensor(a) for a in arrays if a is not None)).data
        return loops(*arrays, np.ndindex(y.shape)).reshape(y.shape)

    def agreements(name: str, way: str, by_hand: np.ndarray) -> list[Agreement]:
        """That the gradient found by hand is the library's, and that of differences."""
        moved = {"grad_x": x, "grad_weight": weight, "grad_bias": bias}[name]
        found = {way: by_hand, "F.linear's backward": grads[name]}
        return ways.gradient_agreements(name, found, forward_again, moved, grad_y)

    plus_bias = () if bias is None else ("+", Numbers("bias", bias, ((o,),)))
    terms: list[ways.Term] = [] if bias is None else [(f"bias[{o}]", (), bias[o])]
    terms += [ways.product(f"x[{n},{j}] * weight[{o},{j}]", x[n, j], weight[o, j]) for j in range(inputs)]
    places = ways.sample(y.shape, max(1, ways.MOST_LOOPS // inputs), (n, o))
    forward: list[Item] = [
        ways.code(loops),
        Prose("All the sums are one matrix product. The chosen output is a row of x times a row of the weights."),
        Beside((
            Numbers("x", x, tuple((n, j) for j in range(inputs))), "@",
            Numbers("weight.T", weight.T, tuple((j, o) for j in range(inputs))), *plus_bias, "=",
            Numbers("y", y, ((n, o),)),
        )),
        Trace(f"y[{n},{o}]", y[n, o], tuple(terms)),
        Agreement("y", {"matrix product": x @ weight.T + (0 if bias is None else bias), "F.linear": y}),
        Agreement("y" + ways.some(places, y), {
            "loops": loops(*arrays, places), "F.linear": ways.at_places(y, places)}),
    ]  # fmt: skip
    to_x: list[Item] = [
        Prose("grad_y says how much a loss would change with each output. An input went into all outputs of its row, "
              "and gets a part from each: its gradient is a sum over the outputs."),
        Beside((
            Numbers("grad_y", grad_y, tuple((n, k) for k in range(outputs))), "@",
            Numbers("weight", weight, tuple((k, i) for k in range(outputs))), "=",
            Numbers("grad_x", grads["grad_x"], ((n, i),)),
        )),
        Trace(f"grad_x[{n},{i}]", grads["grad_x"][n, i], tuple(
            ways.product(f"grad_y[{n},{k}] * weight[{k},{i}]", grad_y[n, k], weight[k, i]) for k in range(outputs))),
        *agreements("grad_x", "matrix product", grad_y @ weight),
    ]  # fmt: skip
    to_weight: list[Item] = [
        Prose("A weight met one input in each row of the batch: its gradient is a sum over the rows."),
        Beside((
            Numbers("grad_y.T", grad_y.T, tuple((o, m) for m in range(rows))), "@",
            Numbers("x", x, tuple((m, i) for m in range(rows))), "=",
            Numbers("grad_weight", grads["grad_weight"], ((o, i),)),
        )),
        Trace(f"grad_weight[{o},{i}]", grads["grad_weight"][o, i], tuple(
            ways.product(f"grad_y[{m},{o}] * x[{m},{i}]", grad_y[m, o], x[m, i]) for m in range(rows))),
        *agreements("grad_weight", "matrix product", grad_y.T @ x),
    ]  # fmt: skip
    if bias is not None:
        to_weight += [
            Prose("The bias was added in every row: its gradient is the sum over a column of grad_y."),
            Trace(f"grad_bias[{o}]", grads["grad_bias"][o],
                  tuple((f"grad_y[{m},{o}]", (), grad_y[m, o]) for m in range(rows))),
            *agreements("grad_bias", "the sum", grad_y.sum(axis=0)),
        ]  # fmt: skip
    made_of = {
        "y": lambda at: {"x": [(at[0], j) for j in range(inputs)], "weight.T": [(j, at[1]) for j in range(inputs)]},
        "grad_x": lambda at: {"grad_y": [(at[0], k) for k in range(outputs)],
                              "weight": [(k, at[1]) for k in range(outputs)]},
        "grad_weight": lambda at: {"grad_y.T": [(at[0], m) for m in range(rows)],
                                   "x": [(m, at[1]) for m in range(rows)]},
    }  # fmt: skip
    return Explanation("linear: every output is a weighted sum of all inputs", [
        Section("The formula", [Formula((
            "y[n,o] = " + ("" if bias is None else "bias[o] + ") + "sum over i of x[n,i] * weight[o,i]",
            "", f"x {x.shape}, weight {weight.shape} -> y {y.shape}",
        ))]),
        Section("Forward: the loops, and a matrix product", forward),
        Section("Backward: to the input", to_x),
        Section("Backward: to the weights and the bias", to_weight),
    ], made_of)  # fmt: skip
