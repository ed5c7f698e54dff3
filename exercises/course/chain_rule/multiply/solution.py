"""A solution of multiply."""

from minicnn.function import Function


class Mul(Function):
    def forward(self, a, b):
        self.a, self.b = a, b
        return a * b

    def backward(self, grad_y):
        return grad_y * self.b, grad_y * self.a
