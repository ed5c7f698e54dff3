"""Dropout."""

from __future__ import annotations

from minicnn import backend, rng
from minicnn.function import Function
from minicnn.functional import checks
from minicnn.tensor import Tensor


class Dropout(Function):
    """Set each element to 0 with probability p, and multiply the others by 1 / (1 - p).

        y = x mask / (1 - p),   grad_x = grad_y mask / (1 - p)

    The factor ("inverted" dropout) keeps the expected value, so that at test time nothing is left to do.
    Source: Srivastava et al., "Dropout: A Simple Way to Prevent Neural Networks from Overfitting", 2014.
    """

    def __init__(self, p: float):
        self.p = p

    def forward(self, x):
        xp = backend.module_of(x)
        if self.p == 1:
            self.mask = xp.zeros_like(x)
        else:
            uniform = rng.next_generator(xp).random(x.shape, dtype=xp.float64 if x.dtype == xp.float64 else xp.float32)
            self.mask = (uniform >= self.p).astype(x.dtype) * (1 / (1 - self.p))
        return x * self.mask

    def backward(self, grad_y):
        return grad_y * self.mask


def dropout(x: Tensor, p: float = 0.5, training: bool = True) -> Tensor:
    """x with a share p of its elements set to 0 and the rest scaled up, in training; x itself otherwise."""
    p = checks.probability("dropout", "p", p)
    checks.tensor("dropout", "x", x)
    return Dropout(p)(x) if training and p > 0 else x
