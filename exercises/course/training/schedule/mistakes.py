"""Typical wrong answers to schedule."""

import math

from exercises.stages import Mistakes

mistake = Mistakes()


class Parts:
    """The solution once more, in parts that a mistake can change one of."""

    def __call__(self, t, steps, base_lr, warmup):
        if self.is_over(t, steps):
            return 0.0
        if self.climbs(t, warmup):
            return base_lr * self.climb(t, warmup)
        return base_lr * self.wave(self.way(t, steps, warmup))

    def is_over(self, t, steps):
        return t >= steps

    def climbs(self, t, warmup):
        return t < warmup

    def climb(self, t, warmup):
        return (t + 1) / (warmup + 1)

    def way(self, t, steps, warmup):
        return (t - warmup) / (steps - warmup)

    def wave(self, way):
        return (1 + math.cos(math.pi * way)) / 2


def wrong(sentence):
    """For classes: the mistake is an instance, which is called as the function is."""

    def collect(kind):
        mistake(sentence)(kind())
        return kind

    return collect


@wrong("You start the climb at 0; then the first step does nothing. Step t has t + 1 of warmup + 1 parts.")
class FromZero(Parts):
    def climb(self, t, warmup):
        return t / warmup


@wrong("You divide t by warmup + 1; step 0 does nothing then. Step t has t + 1 parts.")
class OneLess(Parts):
    def climb(self, t, warmup):
        return t / (warmup + 1)


@wrong("You divide t + 1 by warmup; then two steps have base_lr. There are warmup + 1 parts.")
class WarmupParts(Parts):
    def climb(self, t, warmup):
        return (t + 1) / warmup


@wrong("You left base_lr out of the climb; it goes up to base_lr, and not to 1.")
class ClimbToOne(Parts):
    def __call__(self, t, steps, base_lr, warmup):
        return super().__call__(t, steps, 1.0 if t < warmup else base_lr, warmup)


@wrong("You left base_lr out; the rate is base_lr times a number from 0 to 1.")
class WithoutBase(Parts):
    def __call__(self, t, steps, base_lr, warmup):
        return super().__call__(t, steps, 1.0, warmup)


@wrong("You start the cosine at t = 0; then at t = warmup it is below base_lr already. It begins behind the warm-up.")
class FromTheBeginning(Parts):
    def way(self, t, steps, warmup):
        return t / steps


@wrong("You divide by all steps; the way down has steps - warmup of them, or it does not come to 0.")
class ByAllSteps(Parts):
    def way(self, t, steps, warmup):
        return (t - warmup) / steps


@wrong("You did not take the warm-up off t; at t = warmup the way down begins: t - warmup.")
class NotTakenOff(Parts):
    def way(self, t, steps, warmup):
        return t / max(1, steps - warmup)


@wrong("You let the cosine end one step earlier; it is 0 at t = steps: divide by steps - warmup.")
class OneStepEarlier(Parts):
    def way(self, t, steps, warmup):
        return (t - warmup) / max(1, steps - warmup - 1)


@wrong("You put t + 1 into the cosine; at t = warmup it stands at its top.")
class OneStepOn(Parts):
    def way(self, t, steps, warmup):
        return (t - warmup + 1) / (steps - warmup)


@wrong("You took a whole wave, 2 pi; it goes down and up again. Half a wave is pi.")
class WholeWave(Parts):
    def wave(self, way):
        return (1 + math.cos(2 * math.pi * way)) / 2


@wrong("You took a quarter of a wave, cos from 0 to pi/2; here it is (1 + cos(pi way)) / 2.")
class QuarterWave(Parts):
    def wave(self, way):
        return math.cos(math.pi / 2 * way)


@wrong("You left out the 1 +; a cosine alone goes down to -1, and a negative rate goes uphill.")
class WithoutOne(Parts):
    def wave(self, way):
        return math.cos(math.pi * way)


@wrong("You left out the half; 1 + cos goes from 2 to 0.")
class WithoutHalf(Parts):
    def wave(self, way):
        return 1 + math.cos(math.pi * way)


@wrong("You took 1 - cos; that goes up from 0 to 1. Down is 1 + cos.")
class Upwards(Parts):
    def wave(self, way):
        return (1 - math.cos(math.pi * way)) / 2


@wrong("You gave cos degrees; it takes radians, and half a wave is pi.")
class Degrees(Parts):
    def wave(self, way):
        return (1 + math.cos(180 * way)) / 2


@wrong("You went down in a straight line; half a cosine wave is (1 + cos(pi way)) / 2.")
class Line(Parts):
    def wave(self, way):
        return 1 - way


@wrong("You let the wave go on after its end; it would climb again, as a cosine does. From t = steps on it is 0.")
class GoesOn(Parts):
    def is_over(self, t, steps):
        return False

    def way(self, t, steps, warmup):
        return (t - warmup) / max(1, steps - warmup)


@wrong("You return base_lr after the end; there the rate stays 0.")
class BaseAfterTheEnd(Parts):
    def __call__(self, t, steps, base_lr, warmup):
        return base_lr if t >= steps else super().__call__(t, steps, base_lr, warmup)


@wrong("You stay at the last step's rate after the end; there the rate is 0.")
class StaysAtTheLast(Parts):
    def __call__(self, t, steps, base_lr, warmup):
        return super().__call__(min(t, steps - 1), steps, base_lr, warmup)


@wrong("You divide by 0 where all steps are warm-up; see whether the training is over before you compute the way.")
class DividesByZero(Parts):
    def __call__(self, t, steps, base_lr, warmup):
        way = self.way(t, steps, warmup)
        return super().__call__(t, steps, base_lr, warmup) if way is not None else 0.0


@wrong("You climb after the end of a training that is shorter than its warm-up; from t = steps on the rate is 0.")
class ClimbsOn(Parts):
    def __call__(self, t, steps, base_lr, warmup):
        return base_lr * self.climb(t, warmup) if t < warmup else super().__call__(t, steps, base_lr, warmup)


@wrong("You divide whole numbers with //; the way is a fraction.")
class WholeNumbers(Parts):
    def way(self, t, steps, warmup):
        return (t - warmup) // (steps - warmup)


@wrong("You left the warm-up out; the first steps climb to base_lr.")
class WithoutWarmup(Parts):
    def __call__(self, t, steps, base_lr, warmup):
        return super().__call__(t, steps, base_lr, 0)
