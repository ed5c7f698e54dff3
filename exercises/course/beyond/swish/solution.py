"""A solution of swish."""

import numpy as np

from minicnn.function import Function


class Swish(Function):
    def forward(self, x, slope):
        self.x, self.slope = x, slope
        self.s = 0.5 * (1 + np.tanh(0.5 * slope * x))  # the sigmoid, which cannot overflow like this
        return x * self.s

    def backward(self, grad_y):
        change = self.s * (1 - self.s)  # of the sigmoid with what stands in it, slope * x
        grad_x = grad_y * (self.s + self.x * self.slope * change)
        grad_slope = (grad_y * self.x * self.x * change).sum()
        return grad_x, grad_slope
