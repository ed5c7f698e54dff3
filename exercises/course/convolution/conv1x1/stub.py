"""conv1x1: python -m exercises show conv1x1"""

from minicnn.function import Function


class Conv1x1(Function):
    """A convolution whose kernels have one pixel: at every pixel a matrix times its channels, plus bias. No im2col.

    x (N, C, H, W), weight (K, C, 1, 1), bias (K,) or None -> y (N, K, H, W).
    """

    def forward(self, x, weight, bias=None):
        raise NotImplementedError("return y (N, K, H, W), a matrix product over the channels; keep what backward needs")

    def backward(self, grad_y):
        raise NotImplementedError("return grad_x, grad_weight (K, C, 1, 1), grad_bias (None where there is no bias)")
