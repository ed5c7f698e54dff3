"""Typical wrong answers to linear."""

import numpy as np

from exercises.course.dense.linear.solution import Linear
from exercises.stages import Mistakes

mistake = Mistakes()


def wrong(sentence, **parts):
    """A mistake in one of the three gradients: grad_x, grad_weight or grad_bias as a function (self, grad_y)."""

    class Wrong(Linear):
        def backward(self, grad_y):
            right = dict(zip(("grad_x", "grad_weight", "grad_bias"), super().backward(grad_y), strict=True))
            return tuple(parts[name](self, grad_y) if name in parts else right[name] for name in right)

    return mistake(sentence)(Wrong)


wrong("You multiplied grad_y by W transposed; y = x W^T goes back by W: (N, O) @ (O, I).",
      grad_x=lambda self, g: g @ self.weight.T)  # fmt: skip
wrong("You returned grad_weight transposed; it has the shape of weight, (O, I): grad_y^T x.",
      grad_weight=lambda self, g: self.x.T @ g)  # fmt: skip
wrong("You took the mean of grad_weight over the batch; the loss has divided already, if it is a mean: sum.",
      grad_weight=lambda self, g: g.T @ self.x / len(g))  # fmt: skip
wrong("You took the mean of grad_y for the bias; the bias went into every row, so its gradients add up: sum.",
      grad_bias=lambda self, g: g.mean(axis=0))  # fmt: skip
wrong("You returned grad_y for the bias; it went into every row, so sum over the rows: grad_y.sum(axis=0).",
      grad_bias=lambda self, g: g)  # fmt: skip
wrong("You summed grad_y over the outputs for the bias; there is one bias for each output: sum over the rows, axis 0.",
      grad_bias=lambda self, g: g.sum(axis=1))  # fmt: skip
wrong("You summed all of grad_y for the bias; each output has a bias of its own: sum over the rows alone.",
      grad_bias=lambda self, g: np.full(g.shape[1], g.sum()))  # fmt: skip
wrong("You kept the axis of the rows in grad_bias, (1, O); it has the shape of the bias, (O,).",
      grad_bias=lambda self, g: g.sum(axis=0, keepdims=True))  # fmt: skip
wrong("You forgot grad_y in grad_x; W is dy/dx alone, and grad_y says how much each y counts.",
      grad_x=lambda self, g: np.ones_like(g) @ self.weight)  # fmt: skip
wrong("You forgot grad_y in grad_weight; x is dy/dW alone, and grad_y says how much each y counts.",
      grad_weight=lambda self, g: np.ones_like(g).T @ self.x)  # fmt: skip
wrong("You returned the number of rows for the bias; grad_y says how much each y counts: sum it.",
      grad_bias=lambda self, g: np.full(g.shape[1], float(len(g))))  # fmt: skip
wrong("You returned a one for each bias; it acts on a y of every row, and grad_y says how much each y counts: sum it.",
      grad_bias=lambda self, g: np.ones(g.shape[1]))  # fmt: skip
wrong("You added the bias's gradient to grad_x; the bias does not depend on x.",
      grad_x=lambda self, g: g @ self.weight + g.sum(axis=1, keepdims=True))  # fmt: skip
wrong("You used the first row alone for grad_weight; every row goes through the weights: grad_y^T x adds them up.",
      grad_weight=lambda self, g: np.outer(g[0], self.x[0]))  # fmt: skip


@mistake("You returned the gradients in another order; it is that of forward's arguments: x, weight, bias.")
class OtherOrder(Linear):
    def backward(self, grad_y):
        grad_x, grad_weight, grad_bias = super().backward(grad_y)
        return grad_weight, grad_x, grad_bias


@mistake("You forgot the bias in forward.")
class WithoutBias(Linear):
    def forward(self, x, weight, bias):
        super().forward(x, weight, bias)
        return x @ weight.T


@mistake("You multiplied by W, not by its transpose: weight is (O, I), a row for each output, so y = x W^T.")
class NotTransposed(Linear):
    def forward(self, x, weight, bias):
        super().forward(x, weight, bias)
        return x @ weight + bias


@mistake("You returned y transposed, (O, N); a row of y belongs to a row of x.")
class YTransposed(Linear):
    def forward(self, x, weight, bias):
        return super().forward(x, weight, bias).T


@mistake("You subtracted the bias; it is added.")
class MinusBias(Linear):
    def forward(self, x, weight, bias):
        return super().forward(x, weight, bias) - 2 * bias
