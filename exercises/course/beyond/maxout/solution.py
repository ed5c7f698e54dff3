"""A solution of maxout."""

import numpy as np

from minicnn.function import Function


class Maxout(Function):
    def __init__(self, pieces):
        self.pieces = pieces

    def forward(self, x):
        n, c, h, w = x.shape
        self.groups = x.reshape(n, c // self.pieces, self.pieces, h, w)
        return self.groups.max(axis=2)

    def backward(self, grad_y):
        winner = self.groups.argmax(axis=2)[:, :, np.newaxis]  # the first of equals
        is_winner = np.arange(self.pieces)[:, np.newaxis, np.newaxis] == winner
        n, groups, pieces, h, w = self.groups.shape
        return (is_winner * grad_y[:, :, np.newaxis]).reshape(n, groups * pieces, h, w)
