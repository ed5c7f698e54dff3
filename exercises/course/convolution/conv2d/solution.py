"""A solution of conv2d."""

import minicnn as mc
import minicnn.functional as F
from minicnn.function import Function


def im2col(x, kernel, stride, padding):
    return F.im2col(mc.Tensor(x), kernel, stride, padding).data


def col2im(columns, size, kernel, stride, padding):
    return F.col2im(mc.Tensor(columns), size, kernel, stride, padding).data


class Conv2d(Function):
    def __init__(self, stride, padding):
        self.stride, self.padding = stride, padding

    def forward(self, x, weight, bias=None):
        (n, _, h, w), (k, _, kh, kw) = x.shape, weight.shape
        oh, ow = ((size + 2 * self.padding - kernel) // self.stride + 1 for size, kernel in ((h, kh), (w, kw)))
        self.size, self.weight, self.has_bias = (h, w), weight, bias is not None
        self.columns = im2col(x, (kh, kw), self.stride, self.padding)
        y = weight.reshape(k, -1) @ self.columns  # (K, C*KH*KW) @ (N, C*KH*KW, OH*OW): one product for each image
        if self.has_bias:
            y = y + bias[:, None]
        return y.reshape(n, k, oh, ow)

    def backward(self, grad_y):
        n, k = grad_y.shape[:2]
        grad = grad_y.reshape(n, k, -1)
        grad_columns = self.weight.reshape(k, -1).T @ grad
        grad_x = col2im(grad_columns, self.size, self.weight.shape[2:], self.stride, self.padding)
        grad_weight = (grad @ self.columns.swapaxes(1, 2)).sum(axis=0).reshape(self.weight.shape)
        return grad_x, grad_weight, grad.sum(axis=(0, 2)) if self.has_bias else None
