"""A solution of conv2d_loops."""

import numpy as np

from minicnn.function import Function


class Conv2d(Function):
    def forward(self, x, weight, bias):
        self.x, self.weight = x, weight
        (n, _, h, w), (k, _, kh, kw) = x.shape, weight.shape
        y = np.zeros((n, k, h - kh + 1, w - kw + 1), x.dtype)
        for image in range(n):
            for kernel in range(k):
                for i in range(y.shape[2]):
                    for j in range(y.shape[3]):
                        patch = x[image, :, i : i + kh, j : j + kw]
                        y[image, kernel, i, j] = (patch * weight[kernel]).sum() + bias[kernel]
        return y

    def backward(self, grad_y):
        x, weight = self.x, self.weight
        kh, kw = weight.shape[2:]
        grad_x, grad_weight = np.zeros_like(x), np.zeros_like(weight)
        grad_bias = np.zeros(len(weight), x.dtype)
        for image, kernel, i, j in np.ndindex(grad_y.shape):  # the same four loops
            g = grad_y[image, kernel, i, j]
            grad_x[image, :, i : i + kh, j : j + kw] += g * weight[kernel]
            grad_weight[kernel] += g * x[image, :, i : i + kh, j : j + kw]
            grad_bias[kernel] += g
        return grad_x, grad_weight, grad_bias
