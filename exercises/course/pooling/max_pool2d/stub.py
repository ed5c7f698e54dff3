"""max_pool2d: python -m exercises show max_pool2d"""

from minicnn.function import Function


class MaxPool2d(Function):
    """The largest x in every window.

    x (N, C, H, W) -> y (N, C, OH, OW),  OH = (H - kernel_size) // stride + 1.
    """

    def __init__(self, kernel_size, stride):
        self.kernel_size, self.stride = kernel_size, stride

    def forward(self, x):
        raise NotImplementedError("return y (N, C, OH, OW), the largest x of each window; keep what backward needs")

    def backward(self, grad_y):
        raise NotImplementedError("return grad_x, of the shape of x: each grad_y goes to where the maximum was")
