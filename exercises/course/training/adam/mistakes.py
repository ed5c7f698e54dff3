"""Typical wrong answers to adam."""

import numpy as np

from exercises.stages import Mistakes

mistake = Mistakes()


class Steps:
    """The solution once more, in steps that a mistake can change one of."""

    def __call__(self, x, grad, m, v, t, lr, beta1, beta2, eps):
        m, v = self.first(m, grad, beta1), self.second(v, grad, beta2)
        m_hat, v_hat = self.corrected(m, beta1, t), self.corrected(v, beta2, t)
        new_x = self.moved(x, lr * m_hat / self.root(v_hat, eps))
        return self.kept(new_x, m, v, m_hat, v_hat)

    def first(self, m, grad, beta1):
        return beta1 * m + (1 - beta1) * grad

    def second(self, v, grad, beta2):
        return beta2 * v + (1 - beta2) * grad**2

    def corrected(self, mean, beta, t):
        return mean / (1 - beta**t)

    def root(self, v, eps):
        return np.sqrt(v) + eps

    def moved(self, x, step):
        return x - step

    def kept(self, x, m, v, m_hat, v_hat):
        return x, m, v


def wrong(sentence):
    """For classes: the mistake is an instance, which is called as the function is."""

    def collect(kind):
        mistake(sentence)(kind())
        return kind

    return collect


@wrong("You left the bias correction out; m and v start at 0 and are too small at first: divide by 1 - beta^t.")
class WithoutCorrection(Steps):
    def corrected(self, mean, beta, t):
        return mean


@wrong("You corrected m and not v; each has its own: v_hat = v / (1 - beta2^t).")
class OnlyM(Steps):
    def __call__(self, x, grad, m, v, t, lr, beta1, beta2, eps):
        m, v = self.first(m, grad, beta1), self.second(v, grad, beta2)
        return x - lr * self.corrected(m, beta1, t) / self.root(v, eps), m, v


@wrong("You corrected v and not m; each has its own: m_hat = m / (1 - beta1^t).")
class OnlyV(Steps):
    def __call__(self, x, grad, m, v, t, lr, beta1, beta2, eps):
        m, v = self.first(m, grad, beta1), self.second(v, grad, beta2)
        return x - lr * m / self.root(self.corrected(v, beta2, t), eps), m, v


@wrong("You added eps before v is corrected (the short form, with a corrected lr); it is added to sqrt(v_hat).")
class EpsNotCorrected(Steps):
    def __call__(self, x, grad, m, v, t, lr, beta1, beta2, eps):
        m, v = self.first(m, grad, beta1), self.second(v, grad, beta2)
        return x - lr * np.sqrt(1 - beta2**t) / (1 - beta1**t) * m / self.root(v, eps), m, v


@wrong("You took beta1 for v as well; the mean of the squares has beta2, and looks back further.")
class Beta1ForBoth(Steps):
    def __call__(self, x, grad, m, v, t, lr, beta1, beta2, eps):
        return super().__call__(x, grad, m, v, t, lr, beta1, beta1, eps)


@wrong("You divided by 1 - beta without the power t; what is missing shrinks with each step: 1 - beta^t.")
class WithoutPower(Steps):
    def corrected(self, mean, beta, t):
        return mean / (1 - beta)


@wrong("You multiplied beta by t; it is a power: 1 - beta^t.")
class TimesT(Steps):
    def corrected(self, mean, beta, t):
        with np.errstate(all="ignore"):
            return mean / (1 - beta * t)


@wrong("You counted t from 0, or one less; t is 1 in the first step already, and 1 - beta^0 is 0.")
class OneLess(Steps):
    def corrected(self, mean, beta, t):
        with np.errstate(all="ignore"):
            return mean / np.float64(1 - beta ** (t - 1))


@wrong("You took the power of 1 - beta; it is 1 minus the power of beta: 1 - beta^t.")
class PowerOfTheWhole(Steps):
    def corrected(self, mean, beta, t):
        return mean / (1 - beta) ** t


@wrong("You added 1 to t; it is 1 in the first step already.")
class OneMore(Steps):
    def corrected(self, mean, beta, t):
        return mean / (1 - beta ** (t + 1))


@wrong("You multiplied by 1 - beta^t; m and v are too small at first, so it divides.")
class Multiplied(Steps):
    def corrected(self, mean, beta, t):
        return mean * (1 - beta**t)


@wrong("You returned m_hat and v_hat as m and v; the hats are for this step alone, the means go on uncorrected.")
class HatsKept(Steps):
    def kept(self, x, m, v, m_hat, v_hat):
        return x, m_hat, v_hat


@wrong("You put eps under the root; it is added to the root: sqrt(v_hat) + eps.")
class EpsInside(Steps):
    def root(self, v, eps):
        return np.sqrt(v + eps)


@wrong("You left eps out; where all gradients were 0 this divides 0 by 0.")
class WithoutEps(Steps):
    def root(self, v, eps):
        return np.sqrt(v)


@wrong("You took the larger of the root and eps; they are added: sqrt(v_hat) + eps.")
class EpsAsFloor(Steps):
    def root(self, v, eps):
        return np.maximum(np.sqrt(v), eps)


@wrong("You subtracted lr m_hat / sqrt(v_hat) + eps; parentheses: eps belongs into the denominator.")
class Parentheses(Steps):
    def __call__(self, x, grad, m, v, t, lr, beta1, beta2, eps):
        m, v = self.first(m, grad, beta1), self.second(v, grad, beta2)
        m_hat, v_hat = self.corrected(m, beta1, t), self.corrected(v, beta2, t)
        return x - (lr * m_hat / np.sqrt(v_hat) + eps), m, v


@wrong("You forgot the root; v is the mean of squares, and m / sqrt(v) is without unit.")
class WithoutRoot(Steps):
    def root(self, v, eps):
        return v + eps


@wrong("You left the square out of v; it is the mean of grad^2.")
class WithoutSquare(Steps):
    def second(self, v, grad, beta2):
        return beta2 * v + (1 - beta2) * grad


@wrong("You took the square of m for v; it is the mean of the squares of the gradients.")
class SquareOfM(Steps):
    def __call__(self, x, grad, m, v, t, lr, beta1, beta2, eps):
        m = self.first(m, grad, beta1)
        v = beta2 * v + (1 - beta2) * m**2
        return x - lr * self.corrected(m, beta1, t) / self.root(self.corrected(v, beta2, t), eps), m, v


@wrong("You took one mean of the squares over the whole parameter; each number has its own.")
class OneForAll(Steps):
    def second(self, v, grad, beta2):
        return beta2 * v + (1 - beta2) * np.full_like(grad, (grad**2).mean())


@wrong("You swapped the betas: beta1 is for the gradient, beta2 for its square.")
class Swapped(Steps):
    def __call__(self, x, grad, m, v, t, lr, beta1, beta2, eps):
        return super().__call__(x, grad, m, v, t, lr, beta2, beta1, eps)


@wrong("You added the whole gradient to m, as momentum does; Adam's m is a mean: (1 - beta1) grad.")
class AsMomentum(Steps):
    def first(self, m, grad, beta1):
        return beta1 * m + grad


@wrong("You swapped beta and 1 - beta; the old mean keeps beta, the new gradient comes in with 1 - beta.")
class SharesSwapped(Steps):
    def first(self, m, grad, beta1):
        return (1 - beta1) * m + beta1 * grad

    def second(self, v, grad, beta2):
        return (1 - beta2) * v + beta2 * grad**2


@wrong("You moved by the gradient and not by its mean; m_hat stands on top.")
class Gradient(Steps):
    def __call__(self, x, grad, m, v, t, lr, beta1, beta2, eps):
        m, v = self.first(m, grad, beta1), self.second(v, grad, beta2)
        return x - lr * grad / self.root(self.corrected(v, beta2, t), eps), m, v


@wrong("You added the step; x goes against the gradient.")
class Uphill(Steps):
    def moved(self, x, step):
        return x + step


@wrong("You returned the old means; the next step needs the new ones.")
class NotKept(Steps):
    def __call__(self, x, grad, m, v, *options):
        return super().__call__(x, grad, m, v, *options)[0], m, v
