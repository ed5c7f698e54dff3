"""Typical wrong repairs of wrong_seam."""

import numpy as np

from exercises.course.pooling.wrong_seam.solution import Concat as Right
from exercises.stages import Mistakes

mistake = Mistakes()


class Concat(Right):
    """The solution once more: each branch's gradient from its seam on."""

    def backward(self, grad_y):
        pairs = zip(self.seams(), self.channels, strict=True)
        return tuple(np.take(grad_y, range(a, a + size), axis=1, mode="clip") for a, size in pairs)

    def seams(self):
        return [sum(self.channels[:i]) for i in range(len(self.channels))]


@mistake("This gives what the file gave before. Write down the seams of 2, 4, 1, 1 channels, forward and backward.")
class AsItWas(Right):
    def backward(self, grad_y):
        return tuple(grad_y[:, i * size : i * size + size] for i, size in enumerate(self.channels))


@mistake("You move on by the first branch's channels each time; each seam is the sum of all channels before it.")
class StepsOfTheFirst(Concat):
    def seams(self):
        return [i * self.channels[0] for i in range(len(self.channels))]


@mistake("You move on before you cut, so that each branch gets the part of the next one; cut first, then move on.")
class MovesOnFirst(Concat):
    def seams(self):
        return list(np.cumsum(self.channels))


@mistake("You start at 0 for every branch; each seam is the sum of the channels before it.")
class FromTheBeginning(Concat):
    def seams(self):
        return [0 for _ in self.channels]


@mistake("You take the channels of the branch before alone; the seam is the sum of all before it.")
class OfTheOneBefore(Concat):
    def seams(self):
        return [0, *self.channels[:-1]]


@mistake("You count the seams from the end; forward put the branches in from the beginning.")
class FromTheEnd(Concat):
    def seams(self):
        return [sum(self.channels[i + 1 :]) for i in range(len(self.channels))]


@mistake("You cut into equal parts; each branch gets back as many channels as it had.")
class EqualParts(Right):
    def backward(self, grad_y):
        return tuple(np.array_split(grad_y, len(self.channels), axis=1))


@mistake("You move the seams by one; they lie where forward put the branches.")
class OffByOne(Concat):
    def seams(self):
        return [seam + 1 for seam in super().seams()]


@mistake("You changed forward to fit the wrong backward; the branches lie one behind the other: forward was right.")
class ForwardChanged(Right):
    def forward(self, *branches):
        y = super().forward(*branches)
        y[...] = 0
        for i, x in enumerate(branches):
            room = y[:, i * x.shape[1] : (i + 1) * x.shape[1]]
            room[...] = x[:, : room.shape[1]]
        return y
