"""split: python -m exercises show split"""

from minicnn.function import Function


class Part(Function):
    """Some of the channels: x (N, C, H, W) -> y (N, stop - start, H, W), the channels start, ..., stop - 1."""

    def __init__(self, start, stop):
        self.start, self.stop = start, stop

    def forward(self, x):
        raise NotImplementedError("return the channels from start to stop of x; keep what backward needs")

    def backward(self, grad_y):
        raise NotImplementedError("return grad_x, of the shape of x: what of it has not gone into y gets nothing")
