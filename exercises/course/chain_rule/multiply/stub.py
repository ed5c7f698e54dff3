"""multiply: python -m exercises show multiply"""

from minicnn.function import Function


class Mul(Function):
    """y = a b, element by element; a, b and y have one shape."""

    def forward(self, a, b):
        raise NotImplementedError("return y, the product, and keep on self what backward will need")

    def backward(self, grad_y):
        raise NotImplementedError("return grad_a and grad_b, made of grad_y and what forward kept")
