"""local_response_norm: python -m exercises show local_response_norm"""

from minicnn.function import Function


class LocalResponseNorm(Function):
    """Every x divided by a power of the activity of `size` channels around it, at the same pixel.

    s[c] = k + alpha / size * (sum of x[j]^2 over the channels j from c - size // 2 to c + (size - 1) // 2)
    y[c] = x[c] / s[c]^beta

    x (N, C, H, W) -> y (N, C, H, W). Channels that do not exist add nothing to the sum.
    """

    def __init__(self, size, alpha, beta, k):
        self.size, self.alpha, self.beta, self.k = size, alpha, beta, k

    def forward(self, x):
        raise NotImplementedError("return y (N, C, H, W); keep what backward needs")

    def backward(self, grad_y):
        raise NotImplementedError("return grad_x, of the shape of x: directly, and through every s that x acts on")
