"""Typical wrong answers to dropout."""

import numpy as np

from exercises.course.dense.dropout.solution import Dropout
from exercises.stages import Mistakes

mistake = Mistakes()


class Steps(Dropout):
    """The solution once more: what is kept, and what the rest is multiplied by."""

    def forward(self, x):
        self.x = x
        self.factor = np.ones_like(x)
        if self.training:
            kept = np.asarray(self.kept(), float)
            self.factor = kept * self.scale() if kept.any() else kept
        return x * self.factor

    def kept(self):
        return self.uniform >= self.p

    def scale(self):
        return 1 / (1 - self.p) if self.p < 1 else 0.0


@mistake("You did not scale what is kept; without 1/(1 - p) the sum is smaller in training than in evaluation.")
class NotScaled(Steps):
    def scale(self):
        return 1.0


@mistake("You divided by p; what is kept is divided by the probability to be kept, 1 - p.")
class DividedByP(Steps):
    def scale(self):
        return 1 / self.p if self.p else 0.0


@mistake("You multiplied by 1 - p; to keep the expected value what is left is divided by it.")
class TimesKept(Steps):
    def scale(self):
        return 1 - self.p


@mistake("You kept what should be dropped: p is the probability to drop, so what has uniform < p goes.")
class TheOtherWay(Steps):
    def kept(self):
        return self.uniform < self.p


@mistake("You took p for the probability to keep; it is that to drop, in PyTorch and here.")
class PIsKept(Steps):
    def kept(self):
        return self.uniform < self.p

    def scale(self):
        return 1 / self.p if self.p else 0.0


@mistake("You dropped also what has uniform = p exactly; below p is dropped, so that p = 0 drops nothing.")
class EqualDropped(Steps):
    def kept(self):
        return self.uniform > self.p


@mistake("You divided by 1 - p with p = 1: 0 / 0 is not a number. Then everything is simply 0.")
class DividedByZero(Dropout):
    def forward(self, x):
        with np.errstate(all="ignore"):
            self.factor = (self.uniform >= self.p) / np.float64(1 - self.p) if self.training else np.ones_like(x)
            return x * self.factor


@mistake("You dropped in evaluation too; there y = x.")
class InEvaluationToo(Steps):
    def forward(self, x):
        self.training = True
        return super().forward(x)


@mistake("You multiplied by 1 - p in evaluation; training has scaled up already, so nothing is left to do.")
class ScaledInEvaluation(Steps):
    def forward(self, x):
        y = super().forward(x)
        return y if self.training else y * (1 - self.p)


@mistake("You did nothing in training and dropped in evaluation; it is the other way round.")
class OnlyInEvaluation(Steps):
    def forward(self, x):
        self.training = not self.training
        return super().forward(x)


@mistake("You passed the whole gradient on; what was dropped gets 0, and what was kept counts 1/(1 - p).")
class Everything(Steps):
    def backward(self, grad_y):
        return grad_y


@mistake("You dropped in backward but did not scale; forward multiplied by 1/(1 - p), so backward does, too.")
class BackwardNotScaled(Steps):
    def backward(self, grad_y):
        return grad_y * (self.factor != 0)


@mistake("You scaled in backward but did not drop; the gradient of what was dropped is 0.")
class BackwardNotDropped(Steps):
    def backward(self, grad_y):
        return grad_y * (self.scale() if self.training else 1.0)


@mistake("You forgot grad_y; backward returns the mask times grad_y.")
class MaskAlone(Steps):
    def backward(self, grad_y):
        return self.factor


@mistake("You multiplied by y in backward; the derivative of x * mask / (1 - p) by x is mask / (1 - p).")
class TimesY(Steps):
    def backward(self, grad_y):
        return grad_y * self.factor * self.x


@mistake("You dropped other places in backward; they have to be those of forward: keep the mask.")
class OtherPlaces(Steps):
    def backward(self, grad_y):
        if not self.training:
            return grad_y
        return grad_y * (self.uniform.ravel()[::-1].reshape(self.uniform.shape) >= self.p) * self.scale()
