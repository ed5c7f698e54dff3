"""Typical wrong answers to maxout."""

import numpy as np

from exercises.course.beyond.maxout.solution import Maxout
from exercises.stages import Mistakes

mistake = Mistakes()


class Steps(Maxout):
    """The solution once more: how channels are grouped, and who gets the gradient."""

    def forward(self, x):
        self.shape = x.shape
        self.groups = self.grouped(x)  # (N, C / pieces, pieces, H, W)
        return self.groups.max(axis=2)

    def grouped(self, x):
        n, c, h, w = x.shape
        return x.reshape(n, c // self.pieces, self.pieces, h, w)

    def backward(self, grad_y):
        return (self.share() * grad_y[:, :, np.newaxis]).reshape(self.shape)

    def share(self):
        winner = self.groups.argmax(axis=2)[:, :, np.newaxis]
        return np.arange(self.pieces)[:, np.newaxis, np.newaxis] == winner


@mistake("You put channels together that are C/pieces apart; those that follow each other belong together.")
class Strided(Maxout):
    def forward(self, x):
        n, c, h, w = x.shape
        self.groups = x.reshape(n, self.pieces, c // self.pieces, h, w).swapaxes(1, 2)
        return self.groups.max(axis=2)

    def backward(self, grad_y):
        n, groups, pieces, h, w = self.groups.shape
        grad = super().backward(grad_y).reshape(n, groups, pieces, h, w)
        return grad.swapaxes(1, 2).reshape(n, groups * pieces, h, w)


@mistake("You took the largest of all channels; each group of `pieces` channels has its own.")
class OverAll(Steps):
    def forward(self, x):
        super().forward(x)
        return x.max(axis=1, keepdims=True)


@mistake("You took pieces for the number of groups; it is how many channels each group has.")
class PiecesAreGroups(Steps):
    def forward(self, x):
        super().forward(x)
        n, c, h, w = x.shape
        return x.reshape(n, self.pieces, c // self.pieces, h, w).max(axis=2)


@mistake("You took the mean of each group; maxout takes the largest.")
class Mean(Steps):
    def forward(self, x):
        super().forward(x)
        return self.groups.mean(axis=2)


@mistake("You summed each group; maxout takes the largest.")
class Sum(Steps):
    def forward(self, x):
        super().forward(x)
        return self.groups.sum(axis=2)


@mistake("You took the smallest of each group; it is the largest.")
class Smallest(Steps):
    def forward(self, x):
        super().forward(x)
        return self.groups.min(axis=2)


@mistake("You took the largest number by size without sign; -7 is smaller than 6.")
class Absolute(Steps):
    def forward(self, x):
        super().forward(x)
        return np.take_along_axis(self.groups, np.abs(self.groups).argmax(axis=2)[:, :, np.newaxis], axis=2)[:, :, 0]


@mistake("You cut off at 0 as a ReLU does; the largest may be negative.")
class CutAtZero(Steps):
    def forward(self, x):
        return np.maximum(super().forward(x), 0)


@mistake("You gave all channels of a group the gradient; only the largest acts on y.")
class ToAll(Steps):
    def share(self):
        return np.ones_like(self.groups)


@mistake("You divided the gradient among the channels of a group; only the largest acts on y, and gets all of it.")
class Divided(Steps):
    def share(self):
        return np.full_like(self.groups, 1 / self.pieces)


@mistake("You gave each of equal maxima the whole gradient; it counts once, and the first gets it.")
class AllOfEquals(Steps):
    def share(self):
        return self.groups == self.groups.max(axis=2, keepdims=True)


@mistake("You gave the gradient to the last of equal maxima; the first gets it.")
class LastOfEquals(Steps):
    def share(self):
        last = self.pieces - 1 - self.groups[:, :, ::-1].argmax(axis=2)[:, :, np.newaxis]
        return np.arange(self.pieces)[:, np.newaxis, np.newaxis] == last


@mistake("You shared the gradient among equal maxima; the first gets all of it.")
class SharedAmongEquals(Steps):
    def share(self):
        equal = self.groups == self.groups.max(axis=2, keepdims=True)
        return equal / equal.sum(axis=2, keepdims=True)


@mistake("You forgot grad_y; the winner gets it, not 1.")
class WithoutGradY(Steps):
    def backward(self, grad_y):
        return super().backward(np.ones_like(grad_y))


@mistake("You multiplied by x; the derivative of the largest by itself is 1.")
class TimesX(Steps):
    def share(self):
        return super().share() * self.groups


@mistake("You gave the gradient to the first channel of each group; the largest gets it.")
class ToTheFirst(Steps):
    def share(self):
        return np.broadcast_to((np.arange(self.pieces) == 0)[:, np.newaxis, np.newaxis], self.groups.shape)
