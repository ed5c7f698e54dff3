"""add: python -m exercises show add"""

from minicnn.function import Function


class Add(Function):
    """y = a + b, element by element; a, b and y have one shape."""

    def forward(self, a, b):
        raise NotImplementedError("return y: the sum of the arrays a and b")

    def backward(self, grad_y):
        """grad_y: how much the loss changes with each y. Return (grad_a, grad_b): how much with each a, each b."""
        raise NotImplementedError("return two arrays, grad_a and grad_b, made of grad_y")
