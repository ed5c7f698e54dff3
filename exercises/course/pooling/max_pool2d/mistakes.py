"""Typical wrong answers to max_pool2d."""

import numpy as np

from exercises.course.pooling.max_pool2d.solution import MaxPool2d
from exercises.stages import Mistakes

mistake = Mistakes()


class PerWindow(MaxPool2d):
    """The solution once more, in steps that a mistake can change one of."""

    def backward(self, grad_y):
        grad_x = np.zeros_like(self.x)
        for i, j in np.ndindex(grad_y.shape[2:]):
            rows, columns = self.window(i, j)
            self.give(grad_x[:, :, rows, columns], self.x[:, :, rows, columns], grad_y[:, :, i, j, None, None])
        return grad_x

    def window(self, i, j):
        k, s = self.kernel_size, self.stride
        return slice(i * s, i * s + k), slice(j * s, j * s + k)

    def give(self, grad_x, x, grad_y):
        """Add to grad_x, a window (N, C, K, K), what it gets."""
        grad_x += grad_y * self.is_winner(x)

    def is_winner(self, x, of_equals=0):
        """Where the maximum is, of equals the first or the last: (N, C, K, K) of True and False."""
        flat = x.reshape(*x.shape[:2], -1)
        count = flat.shape[2]
        place = flat.argmax(axis=2) if of_equals == 0 else count - 1 - flat[:, :, ::-1].argmax(axis=2)
        return (np.arange(count) == place[:, :, None]).reshape(x.shape)


@mistake("You wrote one window's gradient over another's; where windows overlap they add up: += in place of =.")
class Overwritten(PerWindow):
    def give(self, grad_x, x, grad_y):
        grad_x[...] = np.where(self.is_winner(x), grad_y, grad_x)


@mistake("You wrote over the whole window, zeros too; where windows overlap that wipes out what other windows gave.")
class WipedOut(PerWindow):
    def give(self, grad_x, x, grad_y):
        grad_x[...] = grad_y * self.is_winner(x)


@mistake("You gave each of equal maxima the whole gradient; it counts once, and the first in row order gets it.")
class AllOfEquals(PerWindow):
    def is_winner(self, x):
        return x == x.max(axis=(2, 3), keepdims=True)


@mistake("You divided the gradient among equal maxima; the first in row order gets all of it, as argmax finds it.")
class SharedAmongEquals(PerWindow):
    def is_winner(self, x):
        equal = x == x.max(axis=(2, 3), keepdims=True)
        return equal / equal.sum(axis=(2, 3), keepdims=True)


@mistake("You gave the gradient to the last of equal maxima; the first in row order gets it, as argmax finds it.")
class LastOfEquals(PerWindow):
    def is_winner(self, x):
        return super().is_winner(x, of_equals=-1)


@mistake("You gave the gradient to the first of equal maxima by columns; among equals the first in row order gets it.")
class FirstByColumns(PerWindow):
    def is_winner(self, x):
        return super().is_winner(x.swapaxes(2, 3)).swapaxes(2, 3)


@mistake("You gave every pixel of the window the gradient; only the maximum acts on the output, the others get 0.")
class ToTheWholeWindow(PerWindow):
    def is_winner(self, x):
        return np.ones_like(x)


@mistake("You shared the gradient among all pixels of the window; that is average pooling. Only the maximum gets it.")
class AsAverage(PerWindow):
    def is_winner(self, x):
        return np.full_like(x, 1 / self.kernel_size**2)


@mistake("You sent 1 to each maximum and forgot grad_y; what comes from above multiplies it.")
class WithoutGradY(PerWindow):
    def give(self, grad_x, x, grad_y):
        grad_x += self.is_winner(x)


@mistake("You multiplied by the maximum itself; the derivative of the maximum by its own x is 1.")
class TimesTheMaximum(PerWindow):
    def give(self, grad_x, x, grad_y):
        grad_x += grad_y * self.is_winner(x) * x


@mistake("You moved the window by its own size in backward; it moves by the stride.")
class StrideForgottenInBackward(PerWindow):
    def window(self, i, j):
        k = self.kernel_size
        return slice(i * k, i * k + k), slice(j * k, j * k + k)

    def give(self, grad_x, x, grad_y):
        if x.size:
            super().give(grad_x, x, grad_y)


@mistake("You moved the window by its own size; it moves by the stride.")
class StrideForgotten(MaxPool2d):
    def __init__(self, kernel_size, stride):
        super().__init__(kernel_size, kernel_size)


@mistake("You left out the + 1 in the output's size; the window at 0 counts as well: (H - kernel_size) // stride + 1.")
class OneWindowLess(MaxPool2d):
    def forward(self, x):
        return super().forward(x)[:, :, :-1, :-1]


@mistake("You took the largest of all channels; every channel is pooled by itself.")
class OverChannels(MaxPool2d):
    def forward(self, x):
        y = super().forward(x)
        return np.broadcast_to(y.max(axis=1, keepdims=True), y.shape)


@mistake("You took the mean of the window; that is average pooling. This one takes the largest.")
class Average(MaxPool2d):
    def forward(self, x):
        k, s = self.kernel_size, self.stride
        y = super().forward(x)
        for i, j in np.ndindex(y.shape[2:]):
            y[:, :, i, j] = x[:, :, i * s : i * s + k, j * s : j * s + k].mean(axis=(2, 3))
        return y


@mistake("You started the search for the largest at 0; where all x of a window are negative, 0 is not one of them.")
class FromZero(MaxPool2d):
    def forward(self, x):
        return np.maximum(super().forward(x), 0)
