"""conv2d: python -m exercises show conv2d"""

import minicnn as mc
import minicnn.functional as F
from minicnn.function import Function


def im2col(x, kernel, stride, padding):
    """Given: the patches of x (N, C, H, W) as columns (N, C*KH*KW, OH*OW). kernel: (KH, KW)."""
    return F.im2col(mc.Tensor(x), kernel, stride, padding).data


def col2im(columns, size, kernel, stride, padding):
    """Given: columns (N, C*KH*KW, OH*OW) added back to x (N, C, H, W). size: (H, W)."""
    return F.col2im(mc.Tensor(columns), size, kernel, stride, padding).data


class Conv2d(Function):
    """y = weight, as a matrix, times the columns of x, plus bias.

    x (N, C, H, W), weight (K, C, KH, KW), bias (K,) or None -> y (N, K, OH, OW),
    OH = (H + 2 padding - KH) // stride + 1, and OW alike.
    """

    def __init__(self, stride, padding):
        self.stride, self.padding = stride, padding

    def forward(self, x, weight, bias=None):
        raise NotImplementedError("return y (N, K, OH, OW), by im2col and a matrix product; keep what backward needs")

    def backward(self, grad_y):
        raise NotImplementedError("return grad_x, grad_weight, grad_bias (None where there is no bias)")
