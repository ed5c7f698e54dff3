"""Typical wrong answers to swish."""

import numpy as np

from exercises.course.beyond.swish.solution import Swish
from exercises.stages import Mistakes

mistake = Mistakes()


def wrong(sentence, grad_x=None, grad_slope=None):
    """A mistake in one of the two gradients: a function (self, grad_y, sigmoid's change)."""

    class Wrong(Swish):
        def backward(self, grad_y):
            right_x, right_slope = super().backward(grad_y)
            change = self.s * (1 - self.s)
            return (
                grad_x(self, grad_y, change) if grad_x else right_x,
                grad_slope(self, grad_y, change) if grad_slope else right_slope,
            )

    return mistake(sentence)(Wrong)


wrong("You took the sigmoid alone for dy/dx; x stands in the sigmoid too: the product rule has a second term.",
      grad_x=lambda self, g, change: g * self.s)  # fmt: skip
wrong("You took x s' alone for dy/dx; the product rule has a first term, the sigmoid itself.",
      grad_x=lambda self, g, change: g * self.x * self.slope * change)  # fmt: skip
wrong("You forgot the slope inside: the sigmoid's argument is slope * x, so its change with x is slope s (1 - s).",
      grad_x=lambda self, g, change: g * (self.s + self.x * change))  # fmt: skip
wrong("You forgot the x in the second term of dy/dx: it is x slope s (1 - s).",
      grad_x=lambda self, g, change: g * (self.s + self.slope * change))  # fmt: skip
wrong("You forgot grad_y in grad_x.",
      grad_x=lambda self, g, change: self.s + self.x * self.slope * change)  # fmt: skip
wrong("You took the mean for the slope's gradient; one number acts on every y: sum.",
      grad_slope=lambda self, g, change: (g * self.x * self.x * change).mean())  # fmt: skip
wrong("You did not sum the slope's gradient; the slope is one number for all x, so its gradient is one, too.",
      grad_slope=lambda self, g, change: g * self.x * self.x * change)  # fmt: skip
wrong("You summed the slope's gradient over one axis; it is one number for all x: sum over everything.",
      grad_slope=lambda self, g, change: (g * self.x * self.x * change).sum(axis=0))  # fmt: skip
wrong("You have x once in the slope's gradient; one x stands before the sigmoid, one comes from inside: x^2 s (1 - s).",
      grad_slope=lambda self, g, change: (g * self.x * change).sum())  # fmt: skip
wrong("You forgot grad_y in the slope's gradient.",
      grad_slope=lambda self, g, change: (self.x * self.x * change).sum())  # fmt: skip
wrong("You gave the slope no gradient; it is trained as well.",
      grad_slope=lambda self, g, change: np.zeros(()))  # fmt: skip
wrong("You multiplied the slope's gradient by the slope; d(slope x)/dslope is x.",
      grad_slope=lambda self, g, change: (g * self.x * self.x * change).sum() * self.slope)  # fmt: skip


@mistake("You left the slope out of the sigmoid: y = x sigmoid(slope x).")
class WithoutSlope(Swish):
    def forward(self, x, slope):
        super().forward(x, slope)
        return x * 0.5 * (1 + np.tanh(0.5 * x))


@mistake("You multiplied by the slope outside: y = x sigmoid(slope x); it stands inside alone.")
class SlopeOutside(Swish):
    def forward(self, x, slope):
        return super().forward(x, slope) * slope


@mistake("You returned the sigmoid without the x before it.")
class SigmoidAlone(Swish):
    def forward(self, x, slope):
        super().forward(x, slope)
        return self.s


@mistake("You took e^(slope x) with the wrong sign: sigmoid(z) = 1 / (1 + e^-z).")
class WrongSign(Swish):
    def forward(self, x, slope):
        super().forward(x, slope)
        return x * (1 - self.s)


@mistake("You let e^1000 / e^1000 happen, which is no number; (1 + tanh(z/2)) / 2 is the sigmoid without overflow.")
class Overflows(Swish):
    def forward(self, x, slope):
        self.x, self.slope = x, slope
        e = np.exp(slope * x)
        self.s = e / (1 + e)
        return x * self.s
