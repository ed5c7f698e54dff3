"""Typical wrong repairs of flat_curve."""

import numpy as np

from exercises.course.training.flat_curve.solution import Trainer as Right
from exercises.stages import Mistakes

mistake = Mistakes()


class Trainer(Right):
    """The solution once more, in steps that a wrong repair can change one of."""

    def epoch(self):
        x, labels = self.shuffled()
        losses = []
        for start in range(0, self.stop(len(x)), self.batch_size):
            batch = slice(start, start + self.batch_size)
            loss, gradients = self.network.loss_and_gradients(x[batch], labels[batch])
            self.step(gradients)
            losses.append(loss)
        return float(np.mean(losses))

    def order(self):
        return self.rng.permutation(len(self.x))

    def shuffled(self):
        order = self.order()
        return self.x[order], self.labels[order]

    def stop(self, count):
        return count


@mistake("This gives what the file gave before. Which examples does the network get in the second epoch, which labels?")
class AsItWas(Trainer):
    def shuffled(self):
        order = self.order()
        self.x = self.x[order]
        return self.x, self.labels[order]


@mistake("You shuffle the labels for good and not x; the two come apart all the same. Treat both alike.")
class LabelsForGood(Trainer):
    def shuffled(self):
        order = self.order()
        self.labels = self.labels[order]
        return self.x[order], self.labels


@mistake("You draw an order for x and another one for the labels; one order holds for both.")
class TwoOrders(Trainer):
    def shuffled(self):
        return self.x[self.order()], self.labels[self.order()]


@mistake("You shuffle x and leave the labels; each example needs its own label: one order for both.")
class LabelsNotShuffled(Trainer):
    def shuffled(self):
        return self.x[self.order()], self.labels


@mistake("You do not shuffle at all any more; the pairs are right, but every epoch is to have a new order.")
class NoShuffle(Trainer):
    def shuffled(self):
        return self.x, self.labels


@mistake("You have one order for all epochs, drawn once or by a generator that starts anew; each is to have a new one.")
class ShuffledOnce(Trainer):
    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.kept = self.order()

    def shuffled(self):
        return self.x[self.kept], self.labels[self.kept]


@mistake("You shuffle the arrays you were given, in place; they are somebody's, and are to stay as they are.")
class InPlace(Trainer):
    def shuffled(self):
        order = self.order()
        self.x[...], self.labels[...] = self.x[order], self.labels[order]
        return self.x, self.labels


@mistake("You draw anew for each place or each batch; each example is to come once in an epoch: a permutation.")
class WithReplacement(Trainer):
    def order(self):
        return self.rng.integers(0, len(self.x), len(self.x))


@mistake("You leave the last, smaller batch out; every example comes once in an epoch.")
class LastLeftOut(Trainer):
    def stop(self, count):
        return count - count % self.batch_size


@mistake("You took the order's inverse for the labels; where x goes by order, labels go by order as well.")
class Inverse(Trainer):
    def shuffled(self):
        order = self.order()
        return self.x[order], self.labels[np.argsort(order)]


@mistake("You changed the learning rate; the rate is fine, what the network is told is not.")
class OtherRate(AsItWas):
    def step(self, gradients):
        self.lr, lr = self.lr / 10, self.lr
        super().step(gradients)
        self.lr = lr


@mistake("You took the momentum away; the steps are fine, what the network is told is not.")
class WithoutMomentum(AsItWas):
    def step(self, gradients):
        self.momentum = 0.0
        super().step(gradients)


@mistake("You set the velocities to 0 in each epoch; they were fine, what the network is told is not.")
class VelocitiesForgotten(AsItWas):
    def epoch(self):
        for velocity in self.velocities:
            velocity[...] = 0
        return super().epoch()


@mistake("You put the minus elsewhere; the steps went downhill before, and now they go up.")
class Uphill(AsItWas):
    def step(self, gradients):
        super().step([-gradient for gradient in gradients])
