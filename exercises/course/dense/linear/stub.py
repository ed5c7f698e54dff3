"""linear: python -m exercises show linear"""

from minicnn.function import Function


class Linear(Function):
    """y = x W^T + b: x (N, I), weight (O, I), bias (O,) -> y (N, O)."""

    def forward(self, x, weight, bias):
        raise NotImplementedError("return y (N, O), and keep what backward needs")

    def backward(self, grad_y):
        raise NotImplementedError("return grad_x (N, I), grad_weight (O, I) and grad_bias (O,)")
