"""pixel_shuffle: python -m exercises show pixel_shuffle"""

from minicnn.function import Function


class PixelShuffle(Function):
    """Channels become pixels: x (N, C r r, H, W) -> y (N, C, r H, r W), with r the factor.

    y[n, c, r i + a, r j + b] = x[n, c r r + a r + b, i, j],   a, b = 0 ... r-1.
    """

    def __init__(self, factor):
        self.factor = factor

    def forward(self, x):
        raise NotImplementedError("return y (N, C, r H, r W): the same numbers in other places")

    def backward(self, grad_y):
        raise NotImplementedError("return grad_x, of the shape of x: the way back")
