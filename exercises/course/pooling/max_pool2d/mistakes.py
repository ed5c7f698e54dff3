"""Typical wrong answers to max_pool2d."""

import numpy as np

from exercises.course.pooling.max_pool2d.solution import MaxPool2d
from exercises.stages import Mistakes

mistake = Mistakes()


@mistake("You let a window's last maximum overwrite: where windows overlap, a pixel's gradients add up (+=, not =).")
class Overwritten(MaxPool2d):
    def backward(self, grad_y):
        k, s = self.kernel_size, self.stride
        n, c = grad_y.shape[:2]
        grad_x = np.zeros_like(self.x)
        for i, j in np.ndindex(grad_y.shape[2:]):
            window = self.x[:, :, i * s : i * s + k, j * s : j * s + k].reshape(n, c, -1)
            row, column = np.divmod(window.argmax(axis=2), k)
            grad_x[np.arange(n)[:, None], np.arange(c), i * s + row, j * s + column] = grad_y[:, :, i, j]
        return grad_x


@mistake("You gave every one of equal maxima the whole gradient: only the first of them gets it.")
class AllOfEquals(MaxPool2d):
    def backward(self, grad_y):
        k, s = self.kernel_size, self.stride
        grad_x = np.zeros_like(self.x)
        for i, j in np.ndindex(grad_y.shape[2:]):
            window = self.x[:, :, i * s : i * s + k, j * s : j * s + k]
            largest = window == window.max(axis=(2, 3), keepdims=True)
            grad_x[:, :, i * s : i * s + k, j * s : j * s + k] += largest * grad_y[:, :, i : i + 1, j : j + 1]
        return grad_x
