"""A solution of cross_entropy."""

import numpy as np

from minicnn.function import Function


class CrossEntropy(Function):
    def __init__(self, targets):
        self.targets = targets

    def forward(self, logits):
        shifted = logits - logits.max(axis=1, keepdims=True)
        self.log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        return -self.log_p[np.arange(len(logits)), self.targets].mean()

    def backward(self, grad_y):
        grad = np.exp(self.log_p)
        grad[np.arange(len(grad)), self.targets] -= 1
        return grad * (grad_y / len(grad))
