"""A solution of global_avg_pool."""

import numpy as np

from minicnn.function import Function


class GlobalAvgPool(Function):
    def forward(self, x):
        self.shape = x.shape
        return x.mean(axis=(2, 3), keepdims=True)

    def backward(self, grad_y):
        pixels = self.shape[2] * self.shape[3]
        return np.broadcast_to(grad_y / pixels, self.shape).copy()
