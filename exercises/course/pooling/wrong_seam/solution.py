"""A solution of wrong_seam."""

import numpy as np

from minicnn.function import Function


class Concat(Function):
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
        gradients, seam = [], 0
        for channels in self.channels:
            gradients.append(grad_y[:, seam : seam + channels])
            seam += channels
        return tuple(gradients)
