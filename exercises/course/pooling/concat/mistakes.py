"""Typical wrong answers to concat."""

import numpy as np

from exercises.course.pooling.concat.solution import Concat
from exercises.stages import Mistakes

mistake = Mistakes()


class Parts(Concat):
    """The solution's backward once more: a part for each input, from its start on."""

    def backward(self, grad_y):
        starts = self.starts()
        pairs = zip(starts, self.sizes, strict=True)
        return tuple(np.take(grad_y, range(a, a + size), axis=self.axis, mode="clip") for a, size in pairs)

    def starts(self):
        return [sum(self.sizes[:i]) for i in range(len(self.sizes))]


@mistake("You gave every input the gradient from the beginning on; each one's part starts where the one before ends.")
class FromTheBeginning(Parts):
    def starts(self):
        return [0 for _ in self.sizes]


@mistake("You let every part start at its number times its size; that holds for equal sizes alone: add them up.")
class EqualSizes(Parts):
    def starts(self):
        return [i * size for i, size in enumerate(self.sizes)]


@mistake("You let the parts start in steps of the first one's size; add up the sizes of those before.")
class StepsOfTheFirst(Parts):
    def starts(self):
        return [i * self.sizes[0] for i in range(len(self.sizes))]


@mistake("You moved each part by one; it starts at the sum of the sizes before it.")
class OffByOne(Parts):
    def starts(self):
        return [start + 1 for start in super().starts()]


@mistake("You cut grad_y into equal parts; each input gets back as many channels as it had.")
class EqualParts(Concat):
    def backward(self, grad_y):
        return tuple(np.array_split(grad_y, len(self.sizes), axis=self.axis))


@mistake(
    "You gave np.split a number; that makes equal parts. Give it the places to cut at: np.cumsum of the sizes, [:-1]."
)
class SplitInto(Concat):
    def backward(self, grad_y):
        return tuple(np.split(grad_y, len(self.sizes), axis=self.axis))


@mistake("You cut grad_y along axis 1 always; it is the axis that was asked for, in backward as in forward.")
class BackwardAlongAxisOne(Concat):
    def backward(self, grad_y):
        return tuple(np.split(grad_y, np.cumsum(self.sizes)[:-1], axis=1))


@mistake("You gave the parts out in reverse order; they lie in the order of the inputs.")
class Reversed(Parts):
    def starts(self):
        return [sum(self.sizes[i + 1 :]) for i in range(len(self.sizes))]


@mistake("You gave each input the whole of grad_y; it gets its own part.")
class Everything(Concat):
    def backward(self, grad_y):
        return tuple(grad_y for _ in self.sizes)


@mistake(
    "You divided the gradient among the inputs; nothing is shared here: each part of y comes from one input alone."
)
class Divided(Concat):
    def backward(self, grad_y):
        return tuple(part / len(self.sizes) for part in super().backward(grad_y))


@mistake("You added the parts up; each input gets its own.")
class AddedUp(Concat):
    def backward(self, grad_y):
        parts = super().backward(grad_y)
        total = sum(part.sum(axis=self.axis, keepdims=True) for part in parts)
        return tuple(np.broadcast_to(total, part.shape).copy() for part in parts)


@mistake("You forgot grad_y and returned ones; each input gets its part of grad_y.")
class Ones(Concat):
    def backward(self, grad_y):
        return tuple(np.ones_like(part) for part in super().backward(grad_y))


@mistake("You returned a gradient for the first input alone; every input gets one.")
class FirstAlone(Concat):
    def backward(self, grad_y):
        return super().backward(grad_y)[0]


@mistake("You put the inputs side by side along the first axis; it is the axis that was asked for.")
class AxisZero(Concat):
    def __init__(self, axis):
        super().__init__(0)


@mistake("You put the inputs along axis 1 always; it is the axis that was asked for.")
class AxisOne(Concat):
    def __init__(self, axis):
        super().__init__(1)


@mistake("You stacked the inputs along a new axis; they lie side by side along one that is there: np.concatenate.")
class Stacked(Concat):
    def forward(self, *tensors):
        self.sizes = [1 for _ in tensors]
        return np.stack(tensors, axis=self.axis)


@mistake("You added the inputs; they lie side by side: np.concatenate.")
class Added(Concat):
    def forward(self, *tensors):
        self.sizes = [x.shape[self.axis] for x in tensors]
        return sum(tensors)
