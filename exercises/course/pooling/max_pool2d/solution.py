"""A solution of max_pool2d."""

import numpy as np

from minicnn.function import Function


class MaxPool2d(Function):
    def __init__(self, kernel_size, stride):
        self.kernel_size, self.stride = kernel_size, stride

    def forward(self, x):
        self.x = x
        k, s = self.kernel_size, self.stride
        n, c, h, w = x.shape
        y = np.empty((n, c, (h - k) // s + 1, (w - k) // s + 1), x.dtype)
        for i, j in np.ndindex(y.shape[2:]):
            y[:, :, i, j] = x[:, :, i * s : i * s + k, j * s : j * s + k].max(axis=(2, 3))
        return y

    def backward(self, grad_y):
        k, s = self.kernel_size, self.stride
        n, c = grad_y.shape[:2]
        grad_x = np.zeros_like(self.x)
        every_n, every_c = np.arange(n)[:, None], np.arange(c)
        for i, j in np.ndindex(grad_y.shape[2:]):
            window = self.x[:, :, i * s : i * s + k, j * s : j * s + k].reshape(n, c, -1)
            row, column = np.divmod(window.argmax(axis=2), k)  # argmax: the first of equals
            grad_x[every_n, every_c, i * s + row, j * s + column] += grad_y[:, :, i, j]
        return grad_x
