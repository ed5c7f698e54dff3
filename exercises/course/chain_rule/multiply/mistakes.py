"""Typical wrong answers to multiply."""

import numpy as np

from exercises.course.chain_rule.multiply.solution import Mul
from exercises.stages import Mistakes

mistake = Mistakes()


@mistake("You multiplied each gradient by its own input, or mixed up their order; grad_a is grad_y b.")
class ByItself(Mul):
    def backward(self, grad_y):
        return grad_y * self.a, grad_y * self.b


@mistake("You forgot grad_y; dy/da = b has to be multiplied by what comes from above.")
class WithoutGradY(Mul):
    def backward(self, grad_y):
        return self.b, self.a


@mistake("You forgot grad_y, and gave each its own input; grad_a = grad_y b.")
class WithoutGradYAndSwapped(Mul):
    def backward(self, grad_y):
        return self.a, self.b


@mistake("You passed grad_y on as it is; that is the rule of a sum. For a product each gets it times the other input.")
class AsSum(Mul):
    def backward(self, grad_y):
        return grad_y, grad_y


@mistake("You multiplied both by y; dy/da is b, not a b.")
class TimesTheProduct(Mul):
    def backward(self, grad_y):
        return grad_y * self.a * self.b, grad_y * self.a * self.b


@mistake("You added where the chain rule multiplies: grad_a is grad_y times b, not plus b.")
class Plus(Mul):
    def backward(self, grad_y):
        return grad_y + self.b, grad_y + self.a


@mistake("You divided by the other input; grad_a = grad_y b.")
class Divided(Mul):
    def backward(self, grad_y):
        with np.errstate(divide="ignore", invalid="ignore"):
            return grad_y / self.b, grad_y / self.a


@mistake("You gave both the sum of the two terms; a's gradient is grad_y b alone, b's is grad_y a alone.")
class BothTerms(Mul):
    def backward(self, grad_y):
        return grad_y * (self.a + self.b), grad_y * (self.a + self.b)


@mistake("You used a matrix product; the product here is element by element, in backward too.")
class Matrix(Mul):
    def forward(self, a, b):
        self.a, self.b = a, b
        return a @ b


@mistake("You took a matrix product in backward; the gradients are products element by element.")
class MatrixBackward(Mul):
    def backward(self, grad_y):
        return grad_y @ self.b.T, self.a.T @ grad_y


@mistake("You summed the products to one number; y has the shape of a and b.")
class OneNumber(Mul):
    def forward(self, a, b):
        return np.sum(super().forward(a, b))


@mistake("You added; y = a b.")
class Sum(Mul):
    def forward(self, a, b):
        super().forward(a, b)
        return a + b


@mistake("You gave b no gradient; y moves with b too, by a for each 1.")
class NothingForB(Mul):
    def backward(self, grad_y):
        return grad_y * self.b, np.zeros_like(grad_y)


@mistake("You returned a minus before the second gradient; a product has none.")
class Minus(Mul):
    def backward(self, grad_y):
        return grad_y * self.b, -grad_y * self.a
