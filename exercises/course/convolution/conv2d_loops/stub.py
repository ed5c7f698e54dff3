"""conv2d_loops: python -m exercises show conv2d_loops"""

from minicnn.function import Function


class Conv2d(Function):
    """Each y is the sum of a patch of x times a kernel, plus that kernel's bias.

    x (N, C, H, W), weight (K, C, KH, KW), bias (K,) -> y (N, K, OH, OW),  OH = H - KH + 1, OW = W - KW + 1.
    """

    def forward(self, x, weight, bias):
        raise NotImplementedError("return y (N, K, OH, OW), and keep on self what backward will need")

    def backward(self, grad_y):
        raise NotImplementedError("return grad_x, grad_weight, grad_bias: walk over grad_y as forward walks over y")
