"""Typical wrong answers to gradient_checker."""

import numpy as np

from exercises.stages import Mistakes

mistake = Mistakes()


class Checker:
    """The solution once more, in steps that a mistake can change one of."""

    eps = 1e-5
    tolerance = 1e-6

    def __call__(self, make, inputs, rng):
        self.make, self.inputs, self.rng = make, self.prepared(inputs), rng
        operation = make()
        y = operation.forward(*self.inputs)
        self.cotangent = self.drawn(np.shape(y))
        gradients = operation.backward(self.cotangent)
        differences = [self.differences(number) for number in range(len(self.inputs))]
        return self.judged(gradients, differences)

    def prepared(self, inputs):
        return [np.array(x, np.float64) for x in inputs]

    def drawn(self, shape):
        return self.rng.standard_normal(shape)

    def differences(self, number):
        x = self.inputs[number]
        found = np.empty(x.shape)
        for place in np.ndindex(x.shape):
            found[place] = self.difference(number, place)
        return found

    def difference(self, number, place):
        return (self.f(number, place, self.eps) - self.f(number, place, -self.eps)) / (2 * self.eps)

    def f(self, number, place, step):
        moved = [x.copy() for x in self.inputs]
        moved[number][place] += step
        return self.value(self.make().forward(*moved))

    def value(self, y):
        return (self.cotangent * y).sum()

    def judged(self, gradients, differences):
        return all(self.agree(g, d) for g, d in zip(gradients, differences, strict=True))

    def agree(self, gradient, difference):
        return np.shape(gradient) == difference.shape and self.near(gradient, difference)

    def near(self, gradient, difference):
        return bool(abs(gradient - difference).max() <= self.tolerance * abs(difference).max())


def wrong(sentence):
    """For classes: the mistake is an instance, which is called as the function is."""

    def collect(kind):
        mistake(sentence)(kind())
        return kind

    return collect


@wrong("You accept everything; compare each number, and return False where one is off.")
class AcceptsAll(Checker):
    def judged(self, gradients, differences):
        return True


@wrong("You refuse everything; return True at the end, where nothing was off.")
class RefusesAll(Checker):
    def judged(self, gradients, differences):
        return False


# ---- the difference ------------------------------------------------------------------------------------------------


@wrong("You took a one-sided difference; its error is too large by far. Take (f(x + eps) - f(x - eps)) / (2 eps).")
class OneSided(Checker):
    def difference(self, number, place):
        return (self.f(number, place, self.eps) - self.f(number, place, 0.0)) / self.eps


@wrong("You divided by eps; from x - eps to x + eps it is 2 eps.")
class NotHalved(Checker):
    def difference(self, number, place):
        return 2 * super().difference(number, place)


@wrong("You multiplied by 2 eps, or swapped the sides: (f(x + eps) - f(x - eps)) / (2 eps).")
class SidesSwapped(Checker):
    def difference(self, number, place):
        return -super().difference(number, place)


@wrong("You moved by too much; where the function bends strongly the difference is off. About 1e-5 is best.")
class LargeStep(Checker):
    eps = 1e-3


@wrong("You moved by too little, or asked for equality; a difference is never exact: move by 1e-5, allow 1e-6.")
class SmallStep(Checker):
    eps = 1e-12


@wrong("You computed in the inputs' own dtype; float32 has too few digits for differences: make it float64.")
class OwnDtype(Checker):
    def prepared(self, inputs):
        return [np.array(x) for x in inputs]


@wrong("You moved all numbers of an input at once; that checks their sum alone. Move each by itself.")
class AllAtOnce(Checker):
    def near(self, gradient, difference):
        return super().near(np.sum(gradient, keepdims=True), np.sum(difference, keepdims=True))


@wrong("You moved the numbers in the arrays you were given, and x + eps - 2 eps + eps is not x any more: use copies.")
class InPlace(Checker):
    def prepared(self, inputs):
        return inputs

    def differences(self, number):
        x, found = self.inputs[number], np.empty(self.inputs[number].shape)
        for place in np.ndindex(x.shape):
            x[place] += self.eps
            above = self.value(self.make().forward(*self.inputs))
            x[place] -= 2 * self.eps
            found[place] = (above - self.value(self.make().forward(*self.inputs))) / (2 * self.eps)
            x[place] += self.eps
        return found


@wrong("You ran backward on an operation whose last forward was at a moved place; make() a new one for differences.")
class UsedElsewhere(Checker):
    def __call__(self, make, inputs, rng):
        self.make, self.inputs, self.rng = make, self.prepared(inputs), rng
        operation = make()
        self.cotangent = self.drawn(np.shape(operation.forward(*self.inputs)))
        self.make = lambda: operation
        differences = [self.differences(number) for number in range(len(self.inputs))]
        return self.judged(operation.backward(self.cotangent), differences)


# ---- the cotangent -------------------------------------------------------------------------------------------------


@wrong("You took ones for the cotangent; then f is a plain sum, in which mistakes cancel. Draw it at random.")
class Ones(Checker):
    def drawn(self, shape):
        return np.ones(shape)


@wrong("You summed y without the cotangent; backward got it, so f has to have it too: (cotangent * y).sum().")
class PlainSum(Checker):
    def value(self, y):
        return np.sum(y)


@wrong("You drew another cotangent for the differences; it has to be the one that backward got.")
class DrawnAgain(Checker):
    def differences(self, number):
        self.cotangent = self.drawn(np.shape(self.cotangent))
        return super().differences(number)


# ---- what agrees ---------------------------------------------------------------------------------------------------


@wrong("You looked at the first input alone, or returned in the first turn of the loop; each has its gradient.")
class FirstInput(Checker):
    def judged(self, gradients, differences):
        return self.agree(gradients[0], differences[0])


@wrong("You looked at the last input alone; a later one that is right must not cover up an earlier one.")
class LastInput(Checker):
    def judged(self, gradients, differences):
        return self.agree(gradients[-1], differences[-1])


@wrong("You accept where one input's gradient is right; all have to be.")
class AnyInput(Checker):
    def judged(self, gradients, differences):
        return any(self.agree(g, d) for g, d in zip(gradients, differences, strict=True))


@wrong("You looked at the first number alone; each number of a gradient may be wrong.")
class FirstNumber(Checker):
    def near(self, gradient, difference):
        return bool(abs(gradient - difference).ravel()[0] <= self.tolerance * abs(difference).max())


@wrong("You accept where any number agrees; all have to.")
class AnyNumber(Checker):
    def near(self, gradient, difference):
        return bool((abs(gradient - difference) <= self.tolerance * abs(difference).max()).any())


@wrong("You compared sizes without signs; a gradient of the wrong sign goes uphill.")
class Unsigned(Checker):
    def near(self, gradient, difference):
        return super().near(abs(gradient), abs(difference))


@wrong("You compared the norms; very different gradients have the same. Compare number by number.")
class Norms(Checker):
    def near(self, gradient, difference):
        return super().near(np.array([np.linalg.norm(gradient)]), np.array([np.linalg.norm(difference)]))


@wrong("You left the absolute value out; what is too small by far passes then: abs(gradient - difference).")
class WithoutAbs(Checker):
    def near(self, gradient, difference):
        return bool((gradient - difference).max() <= self.tolerance * abs(difference).max())


@wrong("You left the absolute value out; what is too large by far passes then: abs(difference - gradient).")
class WithoutAbsTheOtherWay(Checker):
    def near(self, gradient, difference):
        return bool((difference - gradient).max() <= self.tolerance * abs(difference).max())


@wrong("You took an absolute bound; it accepts what is small and wrong. Take 1e-6 of the largest difference.")
class Absolute(Checker):
    def near(self, gradient, difference):
        return bool(abs(gradient - difference).max() <= self.tolerance)


@wrong("You took allclose as it comes, with its own bounds for each number; here it is 1e-6 of the largest.")
class AllClose(Checker):
    def near(self, gradient, difference):
        return bool(np.allclose(gradient, difference))


@wrong("You measured each number by itself; beside large ones the small have few digits. Measure by the largest.")
class EachByItself(Checker):
    def near(self, gradient, difference):
        return bool((abs(gradient - difference) <= self.tolerance * abs(difference)).all())


@wrong("You measured by the largest of all inputs; a small gradient beside a large one may then be anything.")
class OneScale(Checker):
    def judged(self, gradients, differences):
        self.scale = max(abs(d).max() for d in differences)
        return super().judged(gradients, differences)

    def near(self, gradient, difference):
        return bool(abs(gradient - difference).max() <= self.tolerance * self.scale)


@wrong("You accept too much: 1e-2 or the like. A backward that is a little wrong is wrong: 1e-6 of the largest.")
class Loose(Checker):
    tolerance = 1e-2


@wrong("You asked for less than, or divided by the largest; a true gradient of 0 is refused then. 0 <= 0 is fine.")
class Strict(Checker):
    def near(self, gradient, difference):
        return bool(abs(gradient - difference).max() < self.tolerance * abs(difference).max())


@wrong("You refuse where the error is larger, and NaN is not larger than anything: accept where it is <=.")
class AcceptsNan(Checker):
    def near(self, gradient, difference):
        return not abs(gradient - difference).max() > self.tolerance * abs(difference).max()


@wrong("You did not look at the shape; NumPy broadcasts, and so another shape passes.")
class AnyShape(Checker):
    def agree(self, gradient, difference):
        try:
            return self.near(gradient, difference)
        except ValueError:
            return False
