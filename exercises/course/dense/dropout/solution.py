"""A solution of dropout."""

import numpy as np

from minicnn.function import Function


class Dropout(Function):
    def __init__(self, p, uniform, training):
        self.p, self.uniform, self.training = p, uniform, training

    def forward(self, x):
        self.factor = np.ones_like(x)
        if self.training:
            kept = self.uniform >= self.p
            self.factor = kept / (1 - self.p) if self.p < 1 else np.zeros_like(x)
        self.factor = self.factor.astype(x.dtype)
        return x * self.factor

    def backward(self, grad_y):
        return grad_y * self.factor
