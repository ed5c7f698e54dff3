"""A solution of pixel_shuffle."""

from minicnn.function import Function


class PixelShuffle(Function):
    def __init__(self, factor):
        self.factor = factor

    def forward(self, x):
        r, (n, c, h, w) = self.factor, x.shape
        x = x.reshape(n, c // r**2, r, r, h, w)  # n, c, a, b, i, j
        return x.transpose(0, 1, 4, 2, 5, 3).reshape(n, c // r**2, h * r, w * r)  # n, c, i, a, j, b

    def backward(self, grad_y):
        r, (n, c, rh, rw) = self.factor, grad_y.shape
        grad = grad_y.reshape(n, c, rh // r, r, rw // r, r)  # n, c, i, a, j, b
        return grad.transpose(0, 1, 3, 5, 2, 4).reshape(n, c * r**2, rh // r, rw // r)
