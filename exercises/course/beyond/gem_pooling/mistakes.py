"""Typical wrong answers to gem_pooling."""

import numpy as np

from exercises.course.beyond.gem_pooling.solution import GeMPool
from exercises.stages import Mistakes

mistake = Mistakes()


def wrong(sentence, grad_x=None, grad_p=None):
    """A mistake in one of the two gradients, as a function (self, grad_y, pixels)."""

    class Wrong(GeMPool):
        def backward(self, grad_y):
            right_x, right_p = super().backward(grad_y)
            pixels = self.x.shape[2] * self.x.shape[3]
            return (
                grad_x(self, grad_y, pixels) if grad_x else right_x,
                grad_p(self, grad_y, pixels) if grad_p else right_p,
            )

    return mistake(sentence)(Wrong)


def inner(self):
    """The part of dy/dp that comes through x^p."""
    mean_log = (self.x**self.p * np.log(self.x)).mean(axis=(2, 3), keepdims=True)
    return self.y * mean_log / self.mean / self.p


def outer(self):
    """The part of dy/dp that comes through the root."""
    return -self.y * np.log(self.mean) / self.p**2


wrong("You forgot to divide grad_x by the number of pixels; y is made of their mean.",
      grad_x=lambda self, g, n: g * self.y / self.mean * self.x ** (self.p - 1))  # fmt: skip
wrong("You forgot the root's derivative in grad_x: d(mean^(1/p)) = mean^(1/p - 1) / p d(mean).",
      grad_x=lambda self, g, n: g * self.p * self.x ** (self.p - 1) / n)  # fmt: skip
wrong("You left p in grad_x; the p of x^p and the 1/p of the root cancel.",
      grad_x=lambda self, g, n: g * self.p * self.y / self.mean * self.x ** (self.p - 1) / n)  # fmt: skip
wrong("You have a 1/p left in grad_x; the derivative of x^p brings a p, and they cancel.",
      grad_x=lambda self, g, n: g * self.y / self.mean * self.x ** (self.p - 1) / n / self.p)  # fmt: skip
wrong("You took x^p in grad_x; the derivative of x^p is p x^(p-1).",
      grad_x=lambda self, g, n: g * self.y / self.mean * self.x**self.p / n)  # fmt: skip
wrong("You treated it as a plain mean: each pixel gets 1/(H W). Here larger pixels count more.",
      grad_x=lambda self, g, n: np.broadcast_to(g / n, self.x.shape).copy())  # fmt: skip
wrong("You forgot grad_y in grad_x.",
      grad_x=lambda self, g, n: self.y / self.mean * self.x ** (self.p - 1) / n)  # fmt: skip
wrong("You sent the gradient to the largest pixel; for a finite p all pixels count.",
      grad_x=lambda self, g, n: g * (self.x == self.x.max(axis=(2, 3), keepdims=True)))  # fmt: skip
wrong("You gave p no gradient; it is trained as well.",
      grad_p=lambda self, g, n: np.zeros(()))  # fmt: skip
wrong("You took p's gradient through x^p alone; p stands in the root too: d(1/p) = -1/p^2.",
      grad_p=lambda self, g, n: (g * inner(self)).sum())  # fmt: skip
wrong("You took p's gradient through the root alone; p stands in x^p too: d(x^p)/dp = x^p log x.",
      grad_p=lambda self, g, n: (g * outer(self)).sum())  # fmt: skip
wrong("You have a sign wrong in p's gradient: the root's part is subtracted, as d(1/p) = -1/p^2.",
      grad_p=lambda self, g, n: (g * (inner(self) - outer(self))).sum())  # fmt: skip
wrong("You did not sum p's gradient; p is one number for all images and channels.",
      grad_p=lambda self, g, n: g * (inner(self) + outer(self)))  # fmt: skip
wrong("You took the mean for p's gradient; it acts on every y: sum.",
      grad_p=lambda self, g, n: (g * (inner(self) + outer(self))).mean())  # fmt: skip
wrong("You forgot grad_y in p's gradient.",
      grad_p=lambda self, g, n: (inner(self) + outer(self)).sum())  # fmt: skip


@mistake("You left out the root at the end: y = (mean of x^p)^(1/p).")
class WithoutRoot(GeMPool):
    def forward(self, x, p):
        super().forward(x, p)
        return self.mean


@mistake("You took the plain mean (perhaps with the power after it); each pixel is raised to the power p first.")
class PlainMean(GeMPool):
    def forward(self, x, p):
        super().forward(x, p)
        return x.mean(axis=(2, 3), keepdims=True)


@mistake("You summed in place of the mean; then y grows with the number of pixels.")
class Sum(GeMPool):
    def forward(self, x, p):
        super().forward(x, p)
        return (x**p).sum(axis=(2, 3), keepdims=True) ** (1 / p)


@mistake("You took the mean over the channels too; each has its own.")
class OverChannels(GeMPool):
    def forward(self, x, p):
        super().forward(x, p)
        mean = (x**p).mean(axis=(1, 2, 3), keepdims=True) ** (1 / p)
        return np.broadcast_to(mean, self.y.shape).copy()


@mistake("You dropped the last two axes; they stay with size 1: keepdims=True.")
class WithoutKeepdims(GeMPool):
    def forward(self, x, p):
        return super().forward(x, p)[:, :, 0, 0]
