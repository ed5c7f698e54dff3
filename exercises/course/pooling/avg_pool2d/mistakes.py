"""Typical wrong answers to avg_pool2d."""

import numpy as np

from exercises.course.pooling.avg_pool2d.solution import AvgPool2d
from exercises.stages import Mistakes

mistake = Mistakes()


class PerWindow(AvgPool2d):
    """The solution's backward once more, in steps that a mistake can change one of."""

    def forward(self, x):
        self.x = x
        return super().forward(x)

    def backward(self, grad_y):
        grad_x = np.zeros(self.shape, grad_y.dtype)
        for i, j in np.ndindex(grad_y.shape[2:]):
            self.give(grad_x[(..., *self.window(i, j))], grad_y[:, :, i, j, None, None])
        return grad_x

    def window(self, i, j):
        k, s = self.kernel_size, self.stride
        return slice(i * s, i * s + k), slice(j * s, j * s + k)

    def give(self, grad_x, grad_y):
        grad_x += grad_y / self.kernel_size**2


@mistake("You gave each pixel the whole gradient; the mean moves by 1/(k*k) of what a pixel moves: divide by it.")
class NotDivided(PerWindow):
    def give(self, grad_x, grad_y):
        grad_x += grad_y


@mistake("You divided by the window's side; it has kernel_size * kernel_size pixels.")
class DividedBySide(PerWindow):
    def give(self, grad_x, grad_y):
        grad_x += grad_y / self.kernel_size


@mistake("You wrote one window's gradient over another's; where windows overlap they add up: += in place of =.")
class Overwritten(PerWindow):
    def give(self, grad_x, grad_y):
        grad_x[...] = grad_y / self.kernel_size**2


@mistake("You sent the gradient to the largest pixel of the window; that is max pooling. Here all get a share.")
class ToTheLargest(PerWindow):
    def backward(self, grad_y):
        grad_x = np.zeros(self.shape, grad_y.dtype)
        for i, j in np.ndindex(grad_y.shape[2:]):
            rows, columns = self.window(i, j)
            x = self.x[:, :, rows, columns]
            grad_x[:, :, rows, columns] += grad_y[:, :, i, j, None, None] * (x == x.max(axis=(2, 3), keepdims=True))
        return grad_x


@mistake("You forgot grad_y; each pixel's share, 1/(k*k), is multiplied by what comes from above.")
class WithoutGradY(PerWindow):
    def give(self, grad_x, grad_y):
        grad_x += 1 / self.kernel_size**2


@mistake("You multiplied by x; the derivative of a mean by each pixel is 1/(k*k), whatever the pixel is.")
class TimesX(PerWindow):
    def backward(self, grad_y):
        return super().backward(grad_y) * self.x


@mistake("You gave the gradient to one corner of the window; every pixel of it acts on the mean.")
class OneCorner(PerWindow):
    def give(self, grad_x, grad_y):
        grad_x[:, :, 0, 0] += grad_y[:, :, 0, 0] / self.kernel_size**2


@mistake("You moved the window by its own size in backward; it moves by the stride.")
class StrideForgottenInBackward(PerWindow):
    def window(self, i, j):
        k = self.kernel_size
        return slice(i * k, i * k + k), slice(j * k, j * k + k)


@mistake("You divided by how many windows a pixel lies in; each window gives 1/(k*k) by itself, and they add up.")
class DividedByWindows(PerWindow):
    def backward(self, grad_y):
        counts = super().backward(np.ones_like(grad_y)) * self.kernel_size**2
        return super().backward(grad_y) / np.maximum(counts, 1)


@mistake("You moved the window by its own size; it moves by the stride.")
class StrideForgotten(AvgPool2d):
    def __init__(self, kernel_size, stride):
        super().__init__(kernel_size, kernel_size)


@mistake("You summed the window and did not divide; the mean divides by its kernel_size * kernel_size pixels.")
class Sum(AvgPool2d):
    def forward(self, x):
        return super().forward(x) * self.kernel_size**2


@mistake("You divided the sum by the window's side; it has kernel_size * kernel_size pixels.")
class SumBySide(AvgPool2d):
    def forward(self, x):
        return super().forward(x) * self.kernel_size


@mistake("You took the largest of the window; this pool takes the mean.")
class Largest(AvgPool2d):
    def forward(self, x):
        k, s = self.kernel_size, self.stride
        y = super().forward(x)
        for i, j in np.ndindex(y.shape[2:]):
            y[:, :, i, j] = x[:, :, i * s : i * s + k, j * s : j * s + k].max(axis=(2, 3))
        return y


@mistake("You took the mean of all channels; every channel is pooled by itself.")
class OverChannels(AvgPool2d):
    def forward(self, x):
        y = super().forward(x)
        return np.broadcast_to(y.mean(axis=1, keepdims=True), y.shape)


@mistake("You left out the + 1 in the output's size; the window at 0 counts as well: (H - kernel_size) // stride + 1.")
class OneWindowLess(AvgPool2d):
    def forward(self, x):
        return super().forward(x)[:, :, :-1, :-1]
