"""global_avg_pool: python -m exercises show global_avg_pool"""

from minicnn.function import Function


class GlobalAvgPool(Function):
    """The mean of each channel of each image: x (N, C, H, W) -> y (N, C, 1, 1)."""

    def forward(self, x):
        raise NotImplementedError("return y (N, C, 1, 1), the mean over all pixels; keep what backward needs")

    def backward(self, grad_y):
        raise NotImplementedError("return grad_x, of the shape that x had")
