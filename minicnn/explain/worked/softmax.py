"""softmax: scores become probabilities."""

from __future__ import annotations

from typing import Any

import numpy as np

import minicnn.functional as F
from minicnn.explain.document import Agreement, Beside, Explanation, Formula, Item, Numbers, Prose, Section, Trace
from minicnn.explain.worked import ways
from minicnn.functional import checks
from minicnn.tensor import Tensor

EXAMPLE: dict[str, Any] = {"x": np.array([[1, 2, 4], [3, 0, 0]]), "axis": 1}
TOO_LARGE = 1000  # e to this power is more than a float can hold
MOST_IN_ROW = 4096  # numbers, whose slopes are a matrix


def loops(x, places):
    """y at these places; each row of x is a softmax by itself."""
    y = []
    for row, i in places:
        largest = max(x[row])
        total = 0.0
        for number in x[row]:
            total += np.exp(number - largest)
        y.append(np.exp(x[row, i] - largest) / total)
    return np.array(y)


def slopes(y):
    """The Jacobian of a row: dy_i/dx_j in row i and column j."""
    found = -np.outer(y, y)
    np.fill_diagonal(found, y * (1 - y))
    return found


def explanation(x, axis=-1, *, at=None, grad_y=None) -> Explanation:
    """Arguments as F.softmax takes them; at: the element of y that is traced; grad_y: what arrives at y."""
    x = ways.as_array("softmax", "x", x)
    y = F.softmax(Tensor(x), axis).data
    at, grad_y = ways.element("softmax", at, y.shape), ways.cotangent("softmax", grad_y, y.shape)
    axis = checks.axis("softmax", axis, x.ndim)
    if x.shape[axis] > MOST_IN_ROW:
        raise ValueError(f"softmax: there are {x.shape[axis]:,} numbers along axis {axis}, at most {MOST_IN_ROW:,} can "
                         "be explained: give a part of x")  # fmt: skip
    # What lies along the axis is a row from here on.
    r, i = ways.as_row(at, x.shape, axis), at[axis]
    x, grad_y = ways.as_rows(x, axis), ways.as_rows(grad_y, axis)
    y = F.softmax(Tensor(x), 1).data
    (grad_x,) = ways.gradients(lambda x: F.softmax(x, 1), [x], grad_y)
    k = x.shape[1]

    def forward_again() -> np.ndarray:
        """y of what is in x now: by the loops, or by F.softmax where those would take long."""
        return (
            F.softmax(Tensor(x), 1).data
            if x.size * k > ways.MOST_MOVED
            else loops(x, np.ndindex(x.shape)).reshape(x.shape)
        )

    largest = x.max(axis=1, keepdims=True)
    e = np.exp(x - largest)
    total = e.sum(axis=1, keepdims=True)
    places = ways.sample(x.shape, max(1, ways.MOST_LOOPS // k), (r, i))
    forward: list[Item] = [
        ways.code(loops),
        Beside((Numbers("x", x, ((r, i),)), "-", Numbers("largest", largest, ((r, 0),)), "->",
                Numbers("e^(x - largest)", e, tuple((r, j) for j in range(k))))),
        Beside((Numbers("e^(x - largest)", e, ((r, i),)), "/", Numbers("sum", total, ((r, 0),)), "=",
                Numbers("y", y, ((r, i),)))),
        Trace(f"y[{r},{i}]", y[r, i], ((f"e^(x[{r},{i}] - largest[{r}]) * 1/sum[{r}]", (e[r, i], 1 / total[r, 0]),
                                        e[r, i] / total[r, 0]),)),
        Agreement("y" + ways.some(places, y), {"loops": loops(x, places), "F.softmax": ways.at_places(y, places)}),
        Agreement("the sum of a row of y", {"1": np.ones(len(y)), "F.softmax": y.sum(axis=1)}),
    ]  # fmt: skip

    jacobian = slopes(y[r])
    by_jacobian = np.array([one_grad @ slopes(one) for one, one_grad in zip(y, grad_y, strict=True)])
    dot = (grad_y * y).sum(axis=1, keepdims=True)
    row = range(k)
    backward: list[Item] = [
        Prose("An x moves all y of its row: where one grows, the others shrink. So the slopes of a row are a matrix, "
              "the Jacobian, with dy_i/dx_j in its row i and column j:"),
        Formula(("dy_i/dx_j = y_i * ([i = j] - y_j)    [i = j] is 1 for i = j, else 0",)),
        Prose("y_i is e^x_i / sum. The 1 is for x_i in e^x_i, which x_j moves for i = j alone. The -y_j is for the sum "
              "below, of which e^x_j is the part y_j: so x_j moves every y. A column adds up to 0, as the y keep "
              f"adding up to 1. Row {r} has"),
        Beside((Numbers(f"y[{r}]", y[r], ((i,),)), "->", Numbers("Jacobian", jacobian, tuple((j, i) for j in row)))),
        Trace(f"dy_{i}/dx_{i}", jacobian[i, i], (ways.product(f"y_{i} * (1 - y_{i})", y[r, i], 1 - y[r, i]),)),
        Agreement("the sum of a column of the Jacobian", {"0": np.zeros(k), "the matrix": jacobian.sum(axis=0)}),
        Prose("The gradient that arrives, times the Jacobian, is the gradient of x."),
        Beside((Numbers(f"grad_y[{r}]", grad_y[r], tuple((j,) for j in row)), "@",
                Numbers("Jacobian", jacobian, tuple((j, i) for j in row)), "=",
                Numbers(f"grad_x[{r}]", by_jacobian[r], ((i,),)))),
        Trace(f"grad_x[{r},{i}]", by_jacobian[r, i], tuple(
            ways.product(f"grad_y[{r},{j}] * dy_{j}/dx_{i}", grad_y[r, j], jacobian[j, i]) for j in row)),
        Prose("The matrix need not be built: of all its sums one dot product a row is left, which is what the library "
              "computes."),
        Formula(("grad_x = y * (grad_y - dot),   dot = sum of grad_y * y over the row",)),
        Beside((Numbers("y", y, ((r, i),)), "* (", Numbers("grad_y", grad_y, ((r, i),)), "-",
                Numbers("dot", dot, ((r, 0),)), ") =", Numbers("grad_x", grad_x, ((r, i),)))),
        *ways.gradient_agreements("grad_x", {"the Jacobian": by_jacobian, "the dot product": y * (grad_y - dot),
                                             "F.softmax's backward": grad_x}, forward_again, x, grad_y),
    ]  # fmt: skip
    return Explanation("softmax: scores become probabilities", [
        Section("The formula", [
            Formula(("y_i = e^x_i / sum over j of e^x_j", "", f"along axis {axis}" + (
                "" if axis == 1 and len(at) == 2 else ", which is written as the rows of a matrix here"))),
        ]),
        Section("Forward", forward),
        Section("Backward", backward),
        large_numbers(x, y, (r, i)),
    ], {
        "e^(x - largest)": lambda at: {"x": [at], "largest": [(at[0], 0)]},
        "y": lambda at: {"e^(x - largest)": [at], "sum": [(at[0], 0)]},
        "sum": lambda at: {"e^(x - largest)": [(at[0], j) for j in range(k)]},
        "dot": lambda at: {"grad_y": [(at[0], j) for j in range(k)], "y": [(at[0], j) for j in range(k)]},
        "grad_x": lambda at: {"y": [at], "grad_y": [at], "dot": [(at[0], 0)]},
    })  # fmt: skip


def large_numbers(x: np.ndarray, y: np.ndarray, at: tuple[int, int]) -> Section:
    """Why the largest is subtracted."""
    shift = TOO_LARGE - x.min()
    large = x + shift
    with np.errstate(over="ignore", invalid="ignore"):
        powers = np.exp(large)
        without = powers / powers.sum(axis=1, keepdims=True)
    return Section("Large numbers", [
        Prose(f"Why subtract the largest? Softmax of x + {shift:g} is that of x, as the factor e^{shift:g} cancels. "
              "But such powers of e fit into no float (float32 ends at 3.4e38, float64 at 1.8e308), and inf / inf is "
              "no number."),
        Beside((Numbers("x", large, (at,)), "->", Numbers("e^x", powers, (at,)), "->",
                Numbers("e^x / sum", without, (at,)))),
        Prose("Subtracted first, the largest power is e^0 = 1. Nothing can overflow, the sum is at least 1, and what "
              "becomes 0 was too small to count."),
        Beside((Numbers("x - largest", large - large.max(axis=1, keepdims=True), (at,)), "->", Numbers("y", y, (at,)))),
        Agreement(f"softmax of x + {shift:g}", {"that of x": y, "F.softmax": F.softmax(Tensor(large), 1).data}),
    ])  # fmt: skip
