"""Typical wrong answers to weight_decay."""

import numpy as np

from exercises.stages import Mistakes

mistake = Mistakes()


class Parts:
    """The solution once more, in parts that a mistake can change one of."""

    def __call__(self, name, x, grad, lr, weight_decay, decoupled):
        if self.is_bias(name, x):
            return x, grad
        if decoupled:
            return self.shrunk(x, grad, lr, weight_decay)
        return self.pulled(x, grad, lr, weight_decay)

    def is_bias(self, name, x):
        return name.split(".")[-1] == "bias"

    def shrunk(self, x, grad, lr, weight_decay):
        return x * (1 - lr * weight_decay), grad

    def pulled(self, x, grad, lr, weight_decay):
        return x, grad + weight_decay * x


def wrong(sentence):
    """For classes: the mistake is an instance, which is called as the function is."""

    def collect(kind):
        mistake(sentence)(kind())
        return kind

    return collect


@wrong("You added 2 weight_decay x; the penalty has a half before the square, which takes the 2 away.")
class TwoTimes(Parts):
    def pulled(self, x, grad, lr, weight_decay):
        return x, grad + 2 * weight_decay * x


@wrong("You added weight_decay x / 2; the half belongs to the penalty, in its gradient the square's 2 takes it away.")
class Half(Parts):
    def pulled(self, x, grad, lr, weight_decay):
        return x, grad + weight_decay * x / 2


@wrong("You subtracted the decay from the gradient; the step goes against the gradient, so x would grow: add it.")
class Grows(Parts):
    def pulled(self, x, grad, lr, weight_decay):
        return x, grad - weight_decay * x


@wrong("You multiplied the decay by lr in the gradient; the optimizer's step does that with all of it.")
class RateTwice(Parts):
    def pulled(self, x, grad, lr, weight_decay):
        return x, grad + lr * weight_decay * x


@wrong("You added the square's sum, which is the penalty itself; to the gradient comes the derivative, weight_decay x.")
class Penalty(Parts):
    def pulled(self, x, grad, lr, weight_decay):
        return x, grad + weight_decay / 2 * (x**2).sum()


@wrong("You added weight_decay times the sign; that is L1's. The derivative of x^2 / 2 is x.")
class Sign(Parts):
    def pulled(self, x, grad, lr, weight_decay):
        return x, grad + weight_decay * np.sign(x)


@wrong("You added weight_decay alone; every weight is pulled by as much as it is large: weight_decay x.")
class Constant(Parts):
    def pulled(self, x, grad, lr, weight_decay):
        return x, grad + weight_decay


@wrong("You shrank x where the decay belongs into the gradient; decoupled is False there.")
class AlwaysDecoupled(Parts):
    def pulled(self, x, grad, lr, weight_decay):
        return self.shrunk(x, grad, lr, weight_decay)


@wrong("You put the decay into the gradient also where it is decoupled; then Adam would divide it. There x shrinks.")
class AlwaysInGradient(Parts):
    def shrunk(self, x, grad, lr, weight_decay):
        return self.pulled(x, grad, lr, weight_decay)


@wrong("You swapped the two: decoupled shrinks x, the other comes into the gradient.")
class Swapped(Parts):
    def __call__(self, name, x, grad, lr, weight_decay, decoupled):
        return super().__call__(name, x, grad, lr, weight_decay, not decoupled)


@wrong("You did both where it is decoupled; x shrinks, and the gradient stays as it is.")
class Both(Parts):
    def shrunk(self, x, grad, lr, weight_decay):
        return x * (1 - lr * weight_decay), grad + weight_decay * x


@wrong("You did both in L2's way; there the gradient alone has the decay, x stays as it is.")
class BothInGradient(Parts):
    def pulled(self, x, grad, lr, weight_decay):
        return x * (1 - lr * weight_decay), grad + weight_decay * x


@wrong("You left lr out of the decoupled decay; a step takes the share lr weight_decay.")
class WithoutRate(Parts):
    def shrunk(self, x, grad, lr, weight_decay):
        return x * (1 - weight_decay), grad


@wrong("You kept the share lr weight_decay; that is what x loses, 1 minus that is kept.")
class OnlyTheShare(Parts):
    def shrunk(self, x, grad, lr, weight_decay):
        return x * lr * weight_decay, grad


@wrong("You made x grow; the share is taken off: 1 - lr weight_decay.")
class Larger(Parts):
    def shrunk(self, x, grad, lr, weight_decay):
        return x * (1 + lr * weight_decay), grad


@wrong("You subtracted lr weight_decay itself; each weight loses that share of itself.")
class SameForAll(Parts):
    def shrunk(self, x, grad, lr, weight_decay):
        return x - lr * weight_decay, grad


@wrong("You made the optimizer's step as well; here x shrinks alone, the step comes afterwards.")
class WithStep(Parts):
    def shrunk(self, x, grad, lr, weight_decay):
        return x * (1 - lr * weight_decay) - lr * grad, grad


@wrong("You shrank the gradient; decoupled decay shrinks the weights.")
class GradientShrunk(Parts):
    def shrunk(self, x, grad, lr, weight_decay):
        return x, grad * (1 - lr * weight_decay)


@wrong("You let biases decay; by Caffe's rule what is named bias is left alone.")
class BiasesToo(Parts):
    def is_bias(self, name, x):
        return False


@wrong("You left biases out of L2 alone; they are left out of the decoupled decay too.")
class BiasesDecoupled(Parts):
    def shrunk(self, x, grad, lr, weight_decay):
        return super().shrunk(x, grad, lr, weight_decay)

    def __call__(self, name, x, grad, lr, weight_decay, decoupled):
        if decoupled:
            return self.shrunk(x, grad, lr, weight_decay)
        return super().__call__(name, x, grad, lr, weight_decay, decoupled)


@wrong("You left biases out of the decoupled decay alone; they are left out of L2 too.")
class BiasesInGradient(Parts):
    def __call__(self, name, x, grad, lr, weight_decay, decoupled):
        if not decoupled:
            return self.pulled(x, grad, lr, weight_decay)
        return super().__call__(name, x, grad, lr, weight_decay, decoupled)


@wrong("You took every name with bias in it for a bias; it is the last part of the name that says so.")
class AnywhereInTheName(Parts):
    def is_bias(self, name, x):
        return "bias" in name


@wrong("You took every name that ends in bias for one, debias too; compare the whole last part.")
class EndsInBias(Parts):
    def is_bias(self, name, x):
        return name.endswith("bias")


@wrong("You took only names that end in .bias for one; a name may have one part alone.")
class WithDot(Parts):
    def is_bias(self, name, x):
        return name.endswith(".bias")


@wrong("You went by the number of axes; batch norm's weight has one axis too. Caffe's rule goes by the name.")
class ByAxes(Parts):
    def is_bias(self, name, x):
        return x.ndim == 1


@wrong("You gave biases no gradient; they have no decay, but they are trained.")
class BiasesNotTrained(Parts):
    def __call__(self, name, x, grad, *options):
        return (x, np.zeros_like(grad)) if self.is_bias(name, x) else super().__call__(name, x, grad, *options)
