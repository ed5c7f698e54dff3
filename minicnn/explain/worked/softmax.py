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
    one = Softmax(ways.as_rows(x, axis), ways.as_rows(grad_y, axis), (ways.as_row(at, x.shape, axis), at[axis]))
    rows = "" if axis == 1 and len(at) == 2 else ", which is written as the rows of a matrix here"
    sections = [
        Section("The formula", [Formula(("y_i = e^x_i / sum over j of e^x_j", "", f"along axis {axis}{rows}"))]),
        Section("Forward", one.forward()),
        Section("Backward", [*one.backward_by_the_jacobian(), *one.backward_by_a_dot_product()]),
        large_numbers(one.x, one.y, one.at),
    ]
    return Explanation("softmax: scores become probabilities", sections, one.made_of())


class Softmax:
    """The softmax of each row of x, there and back, and the element y[r,i] that is looked at."""

    def __init__(self, x: np.ndarray, grad_y: np.ndarray, at: tuple[int, int]) -> None:
        self.x, self.grad_y, self.at = x, grad_y, at
        self.y = F.softmax(Tensor(x), 1).data
        (self.grad_x,) = ways.gradients(lambda x: F.softmax(x, 1), [x], grad_y)
        self.row = range(x.shape[1])

    def forward(self) -> list[Item]:
        """Powers of e, each divided by the sum of its row."""
        x, y, (r, i) = self.x, self.y, self.at
        largest = x.max(axis=1, keepdims=True)
        e = np.exp(x - largest)
        total = e.sum(axis=1, keepdims=True)
        places = ways.sample(x.shape, max(1, ways.MOST_LOOPS // len(self.row)), self.at)
        return [
            ways.code(loops),
            Beside((Numbers("x", x, ((r, i),)), "-", Numbers("largest", largest, ((r, 0),)), "->",
                    Numbers("e^(x - largest)", e, tuple((r, j) for j in self.row)))),
            Beside((Numbers("e^(x - largest)", e, ((r, i),)), "/", Numbers("sum", total, ((r, 0),)), "=",
                    Numbers("y", y, ((r, i),)))),
            Trace(f"y[{r},{i}]", y[r, i], ((f"e^(x[{r},{i}] - largest[{r}]) * 1/sum[{r}]",
                                            (e[r, i], 1 / total[r, 0]), e[r, i] / total[r, 0]),)),
            Agreement("y" + ways.some(places, y), {"loops": loops(x, places), "F.softmax": ways.at_places(y, places)}),
            Agreement("the sum of a row of y", {"1": np.ones(len(y)), "F.softmax": y.sum(axis=1)}),
        ]  # fmt: skip

    def backward_by_the_jacobian(self) -> list[Item]:
        """All slopes of the row that is looked at, and the gradient that arrives there times them."""
        r, i = self.at
        y, grad_y, jacobian = self.y[r], self.grad_y[r], slopes(self.y[r])
        grad_x, column = grad_y @ jacobian, tuple((j, i) for j in self.row)
        return [
            Prose("An x moves all y of its row: where one grows, the others shrink. So the slopes of a row are a "
                  "matrix, the Jacobian, with dy_i/dx_j in its row i and column j:"),
            Formula(("dy_i/dx_j = y_i * ([i = j] - y_j)    [i = j] is 1 for i = j, else 0",)),
            Prose("y_i is e^x_i / sum. The 1 is for x_i in e^x_i, which x_j moves for i = j alone. The -y_j is for the "
                  "sum below, of which e^x_j is the part y_j: so x_j moves every y. A column adds up to 0, as the y "
                  f"keep adding up to 1. Row {r} has"),
            Beside((Numbers(f"y[{r}]", y, ((i,),)), "->", Numbers("Jacobian", jacobian, column))),
            Trace(f"dy_{i}/dx_{i}", jacobian[i, i], (ways.product(f"y_{i} * (1 - y_{i})", y[i], 1 - y[i]),)),
            Agreement("the sum of a column of the Jacobian", {
                "0": np.zeros(len(y)), "the matrix": jacobian.sum(axis=0)}),
            Prose("The gradient that arrives, times the Jacobian, is the gradient of x."),
            Beside((Numbers(f"grad_y[{r}]", grad_y, tuple((j,) for j in self.row)), "@",
                    Numbers("Jacobian", jacobian, column), "=", Numbers(f"grad_x[{r}]", grad_x, ((i,),)))),
            Trace(f"grad_x[{r},{i}]", grad_x[i], tuple(
                ways.product(f"grad_y[{r},{j}] * dy_{j}/dx_{i}", grad_y[j], jacobian[j, i]) for j in self.row)),
        ]  # fmt: skip

    def backward_by_a_dot_product(self) -> list[Item]:
        """The same without the matrix, for all rows; and that both are what the library and differences give."""
        y, grad_y, (r, i) = self.y, self.grad_y, self.at
        dot = (grad_y * y).sum(axis=1, keepdims=True)
        found = {
            "the Jacobian": np.array([one_grad @ slopes(one) for one, one_grad in zip(y, grad_y, strict=True)]),
            "the dot product": y * (grad_y - dot),
            "F.softmax's backward": self.grad_x,
        }
        return [
            Prose("The matrix need not be built: of all its sums one dot product a row is left, which is what the "
                  "library computes."),
            Formula(("grad_x = y * (grad_y - dot),   dot = sum of grad_y * y over the row",)),
            Beside((Numbers("y", y, ((r, i),)), "* (", Numbers("grad_y", grad_y, ((r, i),)), "-",
                    Numbers("dot", dot, ((r, 0),)), ") =", Numbers("grad_x", self.grad_x, ((r, i),)))),
            *ways.gradient_agreements("grad_x", found, self.forward_again, self.x, grad_y),
        ]  # fmt: skip

    def forward_again(self) -> np.ndarray:
        """y of what is in x now: by the loops, or by F.softmax where those would take long."""
        if self.x.size * len(self.row) > ways.MOST_MOVED:
            return F.softmax(Tensor(self.x), 1).data
        return loops(self.x, np.ndindex(self.x.shape)).reshape(self.x.shape)

    def made_of(self) -> dict[str, Any]:
        """What lights up on the page."""
        return {
            "e^(x - largest)": lambda at: {"x": [at], "largest": [(at[0], 0)]},
            "y": lambda at: {"e^(x - largest)": [at], "sum": [(at[0], 0)]},
            "sum": lambda at: {"e^(x - largest)": [(at[0], j) for j in self.row]},
            "dot": lambda at: {"grad_y": [(at[0], j) for j in self.row], "y": [(at[0], j) for j in self.row]},
            "grad_x": lambda at: {"y": [at], "grad_y": [at], "dot": [(at[0], 0)]},
        }


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
