"""A solution of local_response_norm."""

import numpy as np

from minicnn.function import Function


class LocalResponseNorm(Function):
    def __init__(self, size, alpha, beta, k):
        self.size, self.alpha, self.beta, self.k = size, alpha, beta, k

    def forward(self, x):
        self.x = x
        self.s = np.empty_like(x)
        for c in range(x.shape[1]):
            self.s[:, c] = self.k + self.alpha / self.size * (x[:, self.window(c)] ** 2).sum(axis=1)
        return x * self.s**-self.beta

    def backward(self, grad_y):
        grad_x = grad_y * self.s**-self.beta
        grad_s = -self.beta * grad_y * self.x * self.s ** (-self.beta - 1)
        for c in range(grad_y.shape[1]):  # s[c] is made of the channels in its window
            window = self.window(c)
            grad_x[:, window] += 2 * self.alpha / self.size * self.x[:, window] * grad_s[:, c : c + 1]
        return grad_x

    def window(self, c):
        return slice(max(0, c - self.size // 2), c + (self.size - 1) // 2 + 1)
