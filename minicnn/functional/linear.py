"""Matrix products: linear, and the operator @."""

from __future__ import annotations

import numpy as np

from minicnn import backend
from minicnn.function import Function
from minicnn.functional import checks
from minicnn.functional.basic import Operand, operand, unbroadcast
from minicnn.tensor import Tensor


class Linear(Function):
    """y = x W^T + b, for every row of x a weighted sum of its features for each output.

    x (..., I), weight (O, I), bias (O,) or None -> y (..., O).

        grad_x = grad_y W,   grad_W = grad_y^T x,   grad_b = sum of grad_y over the rows
    """

    def forward(self, x, weight, bias=None):
        checks.ndim("linear", "weight", weight, 2, "(out, in)")
        if x.ndim < 1 or x.shape[-1] != weight.shape[1]:
            raise ValueError(f"linear: x has shape {x.shape}, weight {weight.shape} expects (..., {weight.shape[1]})")
        checks.shape("linear", "bias", bias, (len(weight),))
        xp, self.x, self.weight = backend.module_of(x), x, weight
        rows = x.reshape(-1, x.shape[-1])
        y = xp.empty((len(rows), len(weight)), x.dtype)

        def weighted_sums(outputs):
            xp.matmul(rows, weight[outputs].T, out=y[:, outputs])
            if bias is not None:
                y[:, outputs] += bias[outputs]

        backend.for_each_block(weighted_sums, len(weight), xp, size=len(weight))
        return y.reshape(*x.shape[:-1], len(weight))

    def backward(self, grad_y):
        xp, weight = backend.module_of(grad_y), self.weight
        need_x, need_weight, need_bias = self.needs_input_grad
        rows, grad_y = self.x.reshape(-1, weight.shape[1]), grad_y.reshape(-1, len(weight))
        grad_x, grad_weight, grad_bias = None, None, None

        def to_inputs(inputs):
            xp.matmul(grad_y, weight[:, inputs], out=grad_rows[:, inputs])

        def to_weights(outputs):
            xp.matmul(grad_y[:, outputs].T, rows, out=grad_weight[outputs])

        if need_x:
            grad_rows = xp.empty_like(rows)
            backend.for_each_block(to_inputs, weight.shape[1], xp, size=weight.shape[1])
            grad_x = grad_rows.reshape(self.x.shape)
        if need_weight:
            grad_weight = xp.empty_like(weight)
            backend.for_each_block(to_weights, len(weight), xp, size=len(weight))
        if need_bias:
            grad_bias = grad_y.sum(axis=0)
        return grad_x, grad_weight, grad_bias


class MatMul(Function):
    """y = a @ b, matrix products over the last two axes, the others broadcast; a vector counts as a row or a column.

    a (..., I, J), b (..., J, K) -> y (..., I, K):   grad_a = grad_y b^T,   grad_b = a^T grad_y
    """

    def forward(self, a, b):
        if a.ndim == 0 or b.ndim == 0:
            raise ValueError(f"matmul: shapes {a.shape} and {b.shape}, expected at least one axis each")
        matrices = self._as_matrices(a, b)
        try:
            fits = matrices[0].shape[-1] == matrices[1].shape[-2]
            np.broadcast_shapes(matrices[0].shape[:-2], matrices[1].shape[:-2])
        except ValueError:
            fits = False
        if not fits:
            raise ValueError(f"matmul: shapes {a.shape} and {b.shape} do not fit: (..., I, J) @ (..., J, K)")
        self.a, self.b = a, b
        return backend.module_of(a, b).asarray(a @ b)

    def backward(self, grad_y):
        a, b = self._as_matrices(self.a, self.b)
        if self.b.ndim == 1:
            grad_y = grad_y[..., None]
        if self.a.ndim == 1:
            grad_y = grad_y[..., None, :]
        grad_a = grad_b = None
        if self.needs_input_grad[0]:
            grad_a = unbroadcast(grad_y @ b.swapaxes(-1, -2), a.shape).reshape(self.a.shape)
        if self.needs_input_grad[1]:
            grad_b = unbroadcast(a.swapaxes(-1, -2) @ grad_y, b.shape).reshape(self.b.shape)
        return grad_a, grad_b

    def _as_matrices(self, a, b):
        return a[None, :] if a.ndim == 1 else a, b[:, None] if b.ndim == 1 else b


def linear(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """x (..., I) times weight (O, I) transposed, plus bias (O,) -> (..., O)."""
    return Linear()(x, weight, bias)


def matmul(a: Operand, b: Operand) -> Tensor:
    """The matrix product a @ b, with NumPy's rules for vectors and stacks of matrices."""
    return MatMul()(operand(a), operand(b))


setattr(Tensor, "__matmul__", matmul)  # noqa: B010 - mypy refuses assignments to methods
setattr(Tensor, "__rmatmul__", lambda b, a: matmul(a, b))  # noqa: B010
