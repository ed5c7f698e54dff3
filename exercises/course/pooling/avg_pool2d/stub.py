"""avg_pool2d: python -m exercises show avg_pool2d"""

from minicnn.function import Function


class AvgPool2d(Function):
    """The mean of every window.

    x (N, C, H, W) -> y (N, C, OH, OW),  OH = (H - kernel_size) // stride + 1.
    """

    def __init__(self, kernel_size, stride):
        self.kernel_size, self.stride = kernel_size, stride

    def forward(self, x):
        raise NotImplementedError("return y (N, C, OH, OW), the mean of each window; keep what backward needs of x")

    def backward(self, grad_y):
        raise NotImplementedError("return grad_x, of the shape of x: each pixel gets its share from every window")
