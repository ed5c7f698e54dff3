"""Typical wrong answers to local_response_norm."""

import numpy as np

from exercises.course.training.local_response_norm.solution import LocalResponseNorm
from exercises.stages import Mistakes

mistake = Mistakes()


class Steps(LocalResponseNorm):
    """The solution once more, in steps that a mistake can change one of."""

    def forward(self, x):
        self.x = x
        self.share = self.alpha / self.size
        sums = np.stack([self.total(x, c) for c in range(x.shape[1])], axis=1)
        self.s = self.sized(sums)
        return self.divided(x)

    def total(self, x, c):
        return (x[:, self.window(c)] ** 2).sum(axis=1)

    def sized(self, sums):
        return self.k + self.share * sums

    def divided(self, x):
        return x * self.s**-self.beta

    def backward(self, grad_y):
        grad_x = self.direct(grad_y)
        grad_s = self.grad_s(grad_y)
        for c in range(grad_y.shape[1]):
            window = self.window_back(c)
            grad_x[:, window] += self.slope(window, c) * grad_s[:, c : c + 1]
        return grad_x

    def direct(self, grad_y):
        return grad_y * self.s**-self.beta

    def grad_s(self, grad_y):
        return -self.beta * grad_y * self.x * self.s ** (-self.beta - 1)

    def slope(self, window, c):
        return 2 * self.share * self.x[:, window]

    def window_back(self, c):
        return self.window(c)


# ---- forward -------------------------------------------------------------------------------------------------------


@mistake("You did not divide alpha by size; Caffe, PyTorch and this library do.")
class AlphaWhole(Steps):
    def sized(self, sums):
        self.share = self.alpha
        return super().sized(sums)


@mistake("You divided by the number of channels that are there; at the ends too it is alpha / size.")
class ByCount(Steps):
    def total(self, x, c):
        return (x[:, self.window(c)] ** 2).mean(axis=1) * self.size


@mistake("You let the window go round: below channel 0 there is nothing, not the last channel.")
class GoesRound(Steps):
    def total(self, x, c):
        channels = np.arange(c - self.size // 2, c + (self.size - 1) // 2 + 1) % x.shape[1]
        return (x[:, channels] ** 2).sum(axis=1)


@mistake("You let the slice begin below 0, where it counts from the back; begin at max(0, c - size // 2).")
class NegativeBeginning(Steps):
    def window(self, c):
        return slice(c - self.size // 2, c + (self.size - 1) // 2 + 1)


@mistake("You left the window's last channel out; a slice ends before its stop: c + (size - 1) // 2 + 1.")
class LastLeftOut(Steps):
    def window(self, c):
        return slice(max(0, c - self.size // 2), c + (self.size - 1) // 2)


@mistake("You went size // 2 up as well as down; with an even size that is one channel too many.")
class OneTooMany(Steps):
    def window(self, c):
        return slice(max(0, c - self.size // 2), c + self.size // 2 + 1)


@mistake("You went (size - 1) // 2 down and size // 2 up; with an even size there is one more below c than above.")
class Mirrored(Steps):
    def window(self, c):
        return slice(max(0, c - (self.size - 1) // 2), c + self.size // 2 + 1)


@mistake("You went by size to either side; size is how many channels there are in all.")
class ToEitherSide(Steps):
    def window(self, c):
        return slice(max(0, c - self.size), c + self.size + 1)


@mistake("You began the window at c; it lies around c: from c - size // 2.")
class BeginsAtC(Steps):
    def window(self, c):
        return slice(c, c + self.size)


@mistake("You left channel c itself out; it is in its own window.")
class WithoutItself(Steps):
    def total(self, x, c):
        return super().total(x, c) - x[:, c] ** 2


@mistake("You summed over all channels; the window has only size of them.")
class AllChannels(Steps):
    def window(self, c):
        return slice(None)


@mistake("You summed over the pixels around as well; every pixel is by itself, the window is of channels.")
class OverPixels(Steps):
    def total(self, x, c):
        sums = super().total(x, c)
        return np.broadcast_to(sums.mean(axis=(1, 2), keepdims=True), sums.shape)


@mistake("You did not square; the activity is the sum of x^2.")
class NotSquared(Steps):
    def total(self, x, c):
        return abs(x[:, self.window(c)]).sum(axis=1)


@mistake("You left k out: s = k + alpha / size times the sum.")
class WithoutK(Steps):
    def sized(self, sums):
        return self.share * sums


@mistake("You left the power beta out: y = x / s^beta.")
class WithoutBeta(Steps):
    def divided(self, x):
        return x / self.s


@mistake("You multiplied by s^beta; strong neighbors make y smaller: divide.")
class Multiplied(Steps):
    def divided(self, x):
        return x * self.s**self.beta


@mistake("You took the root before the power; that is another norm. y = x / s^beta.")
class Root(Steps):
    def divided(self, x):
        return x / np.sqrt(self.s) ** self.beta


# ---- backward ------------------------------------------------------------------------------------------------------


@mistake("You took s for a constant; x acts on it as well, and on those of its neighbors.")
class Constant(Steps):
    def grad_s(self, grad_y):
        return np.zeros_like(grad_y)


@mistake("You let x act on its own s alone; it is in the windows of its neighbors too, and those terms are missing.")
class OnlyItself(Steps):
    def window_back(self, c):
        return slice(c, c + 1)


@mistake("You forgot what goes through x's own s; it is in its own window.")
class OnlyNeighbors(Steps):
    def backward(self, grad_y):
        return super().backward(grad_y) - 2 * self.share * self.x * self.grad_s(grad_y)


@mistake("You forgot the direct term, grad_y s^-beta.")
class WithoutDirect(Steps):
    def direct(self, grad_y):
        return np.zeros_like(grad_y)


@mistake("You forgot the 2; the derivative of x^2 is 2 x.")
class WithoutTwo(Steps):
    def slope(self, window, c):
        return super().slope(window, c) / 2


@mistake("You forgot alpha / size in backward; s changes by 2 alpha / size x.")
class WithoutShare(Steps):
    def slope(self, window, c):
        return 2 * self.x[:, window]


@mistake("You did not divide alpha by size in backward; s = k + alpha / size times the sum.")
class AlphaWholeInBackward(Steps):
    def slope(self, window, c):
        return 2 * self.alpha * self.x[:, window]


@mistake("You forgot beta; the derivative of s^-beta is -beta s^(-beta - 1).")
class BetaForgotten(Steps):
    def grad_s(self, grad_y):
        return super().grad_s(grad_y) / self.beta


@mistake("You forgot the minus; the derivative of s^-beta is -beta s^(-beta - 1).")
class Plus(Steps):
    def grad_s(self, grad_y):
        return -super().grad_s(grad_y)


@mistake("You took s^-beta where its derivative belongs; the power gets one less: s^(-beta - 1).")
class PowerNotLess(Steps):
    def grad_s(self, grad_y):
        return super().grad_s(grad_y) * self.s


@mistake("You took the power beta - 1; with s^-beta it is -beta - 1.")
class PowerWrong(Steps):
    def grad_s(self, grad_y):
        return -self.beta * grad_y * self.x * self.s ** (self.beta - 1)


@mistake("You forgot x in grad_s; y[c] is x[c] times s[c]^-beta.")
class WithoutX(Steps):
    def grad_s(self, grad_y):
        return -self.beta * grad_y * self.s ** (-self.beta - 1)


@mistake("You multiplied by the x of the window's middle twice; s[c] changes with x[j] by 2 alpha / size x[j].")
class MiddleTwice(Steps):
    def slope(self, window, c):
        return 2 * self.share * self.x[:, c : c + 1]


@mistake("You multiplied by x[j] twice and forgot x[c]; grad_s[c] has the x of c, ds[c]/dx[j] has that of j.")
class OuterTwice(Steps):
    def grad_s(self, grad_y):
        return -self.beta * grad_y * self.s ** (-self.beta - 1)

    def slope(self, window, c):
        return 2 * self.share * self.x[:, window] ** 2


@mistake("You gathered over forward's window; those whose windows x is in are the window mirrored.")
class NotMirrored(Steps):
    def window_back(self, c):
        return slice(max(0, c - (self.size - 1) // 2), c + self.size // 2 + 1)


@mistake("You forgot grad_y; what comes from above multiplies it, at each channel its own.")
class WithoutGradY(Steps):
    def backward(self, grad_y):
        return super().backward(np.ones_like(grad_y))
