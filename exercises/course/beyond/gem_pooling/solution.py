"""A solution of gem_pooling."""

import numpy as np

from minicnn.function import Function


class GeMPool(Function):
    def forward(self, x, p):
        self.x, self.p = x, p
        self.mean = (x**p).mean(axis=(2, 3), keepdims=True)
        self.y = self.mean ** (1 / p)
        return self.y

    def backward(self, grad_y):
        x, p, y, mean = self.x, self.p, self.y, self.mean
        pixels = x.shape[2] * x.shape[3]
        grad_x = grad_y * y / mean * x ** (p - 1) / pixels
        # log y = log(mean) / p: once through the mean, once through 1/p
        mean_log = (x**p * np.log(x)).mean(axis=(2, 3), keepdims=True)
        grad_p = (grad_y * y * (mean_log / mean / p - np.log(mean) / p**2)).sum()
        return grad_x, grad_p
