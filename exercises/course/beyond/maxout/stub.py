"""maxout: python -m exercises show maxout"""

from minicnn.function import Function


class Maxout(Function):
    """The largest of every `pieces` channels that follow each other.

    x (N, C, H, W) -> y (N, C / pieces, H, W): y[:, 0] is the largest of x[:, 0], ..., x[:, pieces - 1].
    """

    def __init__(self, pieces):
        self.pieces = pieces

    def forward(self, x):
        raise NotImplementedError("return y (N, C / pieces, H, W); keep what backward needs")

    def backward(self, grad_y):
        raise NotImplementedError("return grad_x, of the shape of x")
