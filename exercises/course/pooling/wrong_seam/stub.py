"""wrong_seam: python -m exercises show wrong_seam

There is one mistake in this file. Find it, and mend it.
"""

import numpy as np

from minicnn.function import Function


class Concat(Function):
    """The channels of all inputs: (N, C1, H, W), (N, C2, H, W), ... -> (N, C1 + C2 + ..., H, W)."""

    def forward(self, *branches):
        self.channels = [x.shape[1] for x in branches]
        n, _, h, w = branches[0].shape
        y = np.empty((n, sum(self.channels), h, w), branches[0].dtype)
        seam = 0
        for x in branches:
            y[:, seam : seam + x.shape[1]] = x
            seam += x.shape[1]
        return y

    def backward(self, grad_y):
        gradients = []
        for i, channels in enumerate(self.channels):
            seam = i * channels
            gradients.append(grad_y[:, seam : seam + channels])
        return tuple(gradients)
