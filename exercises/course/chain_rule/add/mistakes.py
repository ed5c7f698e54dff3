"""Typical wrong answers to add."""

import numpy as np

from exercises.course.chain_rule.add.solution import Add
from exercises.stages import Mistakes

mistake = Mistakes()


class Keeps(Add):
    def forward(self, a, b):
        self.a, self.b = a, b
        return a + b


@mistake("You shared grad_y between a and b; each of them moves y by as much as it moves, so each gets all of it.")
class Halves(Add):
    def backward(self, grad_y):
        return grad_y / 2, grad_y / 2


@mistake("You returned ones: that is dy/da alone. The chain rule multiplies it by what comes from above, grad_y.")
class Ones(Add):
    def backward(self, grad_y):
        return np.ones_like(grad_y), np.ones_like(grad_y)


@mistake("You multiplied by the other input; that is the rule of a product. The derivative of a sum by each term is 1.")
class AsProduct(Keeps):
    def backward(self, grad_y):
        return grad_y * self.b, grad_y * self.a


@mistake("You multiplied each gradient by its own input; the derivative of a + b by a is 1, whatever a is.")
class TimesItself(Keeps):
    def backward(self, grad_y):
        return grad_y * self.a, grad_y * self.b


@mistake("You multiplied by y; the derivative of a + b by a is 1, whatever the sum is.")
class TimesTheSum(Keeps):
    def backward(self, grad_y):
        return grad_y * (self.a + self.b), grad_y * (self.a + self.b)


@mistake("You gave b the gradient with a minus; that is the rule of a difference.")
class AsDifference(Add):
    def backward(self, grad_y):
        return grad_y, -grad_y


@mistake("You gave b no gradient; y moves with b just as with a.")
class NothingForB(Add):
    def backward(self, grad_y):
        return grad_y, np.zeros_like(grad_y)


@mistake("You gave a no gradient; y moves with a just as with b.")
class NothingForA(Add):
    def backward(self, grad_y):
        return np.zeros_like(grad_y), grad_y


@mistake("You returned the inputs; backward returns gradients, which are made of grad_y.")
class Inputs(Keeps):
    def backward(self, grad_y):
        return self.a, self.b


@mistake("You added grad_y to the inputs; a gradient is not a new value of a, but how much the loss changes with it.")
class InputsAndGradient(Keeps):
    def backward(self, grad_y):
        return self.a + grad_y, self.b + grad_y


@mistake("You returned one gradient; there are two inputs, and each has its own: return grad_a, grad_b.")
class OnlyOne(Add):
    def backward(self, grad_y):
        return grad_y


@mistake("You returned one number; y is an array, the sums are taken element by element.")
class OneNumber(Add):
    def forward(self, a, b):
        return np.sum(a + b)


@mistake("You subtracted; y = a + b.")
class Difference(Add):
    def forward(self, a, b):
        return a - b


@mistake("You multiplied; y = a + b.")
class Product(Add):
    def forward(self, a, b):
        return a * b
