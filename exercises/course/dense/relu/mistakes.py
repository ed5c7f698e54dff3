"""Typical wrong answers to relu."""

import numpy as np

from exercises.course.dense.relu.solution import ReLU as Right
from exercises.stages import Mistakes

mistake = Mistakes()


class ReLU(Right):
    def forward(self, x):
        self.x = x
        return super().forward(x)


@mistake("You let the gradient through everywhere; where x was negative y did not move with it: 0 there.")
class Everywhere(ReLU):
    def backward(self, grad_y):
        return grad_y


@mistake("You looked at the sign of grad_y; what counts is the sign of x in forward.")
class SignOfGradient(ReLU):
    def backward(self, grad_y):
        return np.maximum(grad_y, 0)


@mistake("You looked at the signs of x and of grad_y; a negative gradient passes as well, where x was positive.")
class BothSigns(ReLU):
    def backward(self, grad_y):
        return np.maximum(grad_y, 0) * (self.x > 0)


@mistake("You returned the mask alone and forgot grad_y; the chain rule multiplies by it.")
class MaskAlone(ReLU):
    def backward(self, grad_y):
        return (self.x > 0).astype(float)


@mistake("You let the gradient through at x = 0; there the slope is a matter of choice, and it is 0 here: x > 0.")
class AtZero(ReLU):
    def backward(self, grad_y):
        return grad_y * (self.x >= 0)


@mistake("You shared the gradient at x = 0; there the slope is a matter of choice, and it is 0 here: x > 0.")
class HalfAtZero(ReLU):
    def backward(self, grad_y):
        return grad_y * np.where(self.x == 0, 0.5, self.x > 0)


@mistake("You let the gradient through where x was negative; it is the other way round.")
class TheOtherWay(ReLU):
    def backward(self, grad_y):
        return grad_y * (self.x < 0)


@mistake("You multiplied by y; the slope of max(x, 0) is 1 where x is positive, not x.")
class TimesY(ReLU):
    def backward(self, grad_y):
        return grad_y * self.y


@mistake("You turned the gradient around where x was negative; y does not move there at all: 0.")
class Absolute(ReLU):
    def backward(self, grad_y):
        return grad_y * np.sign(self.x)


@mistake("You let a tenth through where x was negative; that is a leaky ReLU. This one is 0 there.")
class Leaky(ReLU):
    def backward(self, grad_y):
        return np.where(self.x > 0, grad_y, 0.1 * grad_y)


@mistake("You let a hundredth through where x is negative; that is a leaky ReLU. This one is 0 there.")
class LeakyForward(ReLU):
    def forward(self, x):
        super().forward(x)
        return np.where(x > 0, x, 0.01 * x)


@mistake("You took the absolute value; negative numbers become 0.")
class AbsoluteForward(ReLU):
    def forward(self, x):
        super().forward(x)
        return np.abs(x)


@mistake("You took the smaller of x and 0; it is the larger: max(x, 0).")
class Minimum(ReLU):
    def forward(self, x):
        super().forward(x)
        return np.minimum(x, 0)


@mistake("You returned True and False (or 1 and 0); where x is positive, y is x itself.")
class Step(ReLU):
    def forward(self, x):
        super().forward(x)
        return (x > 0).astype(float)


@mistake("You cut off at 1 as well; y = max(x, 0) has no upper end.")
class CutOff(ReLU):
    def forward(self, x):
        super().forward(x)
        return np.clip(x, 0, 1)


@mistake("You took one maximum of the whole array; it is element by element: np.maximum(x, 0).")
class OneNumber(ReLU):
    def forward(self, x):
        super().forward(x)
        return np.asarray(max(x.max(), 0.0))


@mistake("You wrote into x; others may still need it. Make a new array: np.maximum(x, 0).")
class InPlace(ReLU):
    def forward(self, x):
        x[x < 0] = 0
        self.x = self.y = x
        return x
