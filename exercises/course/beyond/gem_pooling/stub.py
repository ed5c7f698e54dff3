"""gem_pooling: python -m exercises show gem_pooling"""

from minicnn.function import Function


class GeMPool(Function):
    """Generalized-mean pooling: y = (mean of x^p over the image)^(1/p), with one p for all, which is trained as well.

    x (N, C, H, W), all positive; p: an array of shape (), one number -> y (N, C, 1, 1).
    """

    def forward(self, x, p):
        raise NotImplementedError("return y (N, C, 1, 1); keep what backward needs")

    def backward(self, grad_y):
        raise NotImplementedError("return grad_x, of the shape of x, and grad_p, of shape ()")
