"""dropout: python -m exercises show dropout"""

from minicnn.function import Function


class Dropout(Function):
    """In training: 0 with probability p, the others times 1 / (1 - p). In evaluation: x.

    uniform: an array of the shape of x, random numbers from 0 to 1: what has one below p is dropped.
    """

    def __init__(self, p, uniform, training):
        self.p, self.uniform, self.training = p, uniform, training

    def forward(self, x):
        raise NotImplementedError("return y; keep what backward needs to drop the same places")

    def backward(self, grad_y):
        raise NotImplementedError("return grad_x: the derivative of what forward did")
