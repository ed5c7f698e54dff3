"""Typical wrong answers to split."""

import numpy as np

from exercises.course.pooling.split.solution import Part
from exercises.stages import Mistakes

mistake = Mistakes()


@mistake("You returned the gradient of the part alone; grad_x has the shape of x, with zeros where nothing was taken.")
class PartAlone(Part):
    def backward(self, grad_y):
        return grad_y


@mistake("You put the gradient at the beginning; it belongs where the part was taken from, at start.")
class AtTheBeginning(Part):
    def backward(self, grad_y):
        grad_x = np.zeros(self.shape, grad_y.dtype)
        grad_x[:, : self.stop - self.start] = grad_y
        return grad_x


@mistake("You put the gradient at the end; it belongs where the part was taken from, at start.")
class AtTheEnd(Part):
    def backward(self, grad_y):
        grad_x = np.zeros(self.shape, grad_y.dtype)
        grad_x[:, self.shape[1] - (self.stop - self.start) :] = grad_y
        return grad_x


@mistake("You filled the rest with ones; what has not gone into y does not act on the loss: its gradient is 0.")
class OnesElsewhere(Part):
    def backward(self, grad_y):
        grad_x = np.ones(self.shape, grad_y.dtype)
        grad_x[:, self.start : self.stop] = grad_y
        return grad_x


@mistake("You filled the rest with x itself; what has not gone into y does not act on the loss: its gradient is 0.")
class XElsewhere(Part):
    def forward(self, x):
        self.x = x
        return super().forward(x)

    def backward(self, grad_y):
        grad_x = self.x.copy()
        grad_x[:, self.start : self.stop] = grad_y
        return grad_x


@mistake("You forgot grad_y; the part's gradient is grad_y, not 1.")
class WithoutGradY(Part):
    def backward(self, grad_y):
        return super().backward(np.ones_like(grad_y))


@mistake("You spread the gradient over all channels; those outside of the part did not act on y, and get 0.")
class SpreadOut(Part):
    def backward(self, grad_y):
        total = grad_y.sum(axis=1, keepdims=True)
        return np.broadcast_to(total / self.shape[1], self.shape).copy()


@mistake("You took the channel stop as well; it is one behind the last, as in slices.")
class StopIncluded(Part):
    def forward(self, x):
        self.shape = x.shape
        return x[:, self.start : self.stop + 1]


@mistake("You took images in place of channels: the channels are axis 1, x[:, start:stop].")
class Images(Part):
    def forward(self, x):
        self.shape = x.shape
        return x[self.start : self.stop]


@mistake("You took the last axes in place of the channels: the channels are axis 1, x[:, start:stop].")
class Columns(Part):
    def forward(self, x):
        self.shape = x.shape
        return x[..., self.start : self.stop]


@mistake("You took what lies outside of the part: it is x[:, start:stop].")
class Outside(Part):
    def forward(self, x):
        self.shape = x.shape
        return np.concatenate([x[:, : self.start], x[:, self.stop :]], axis=1)


@mistake("You took stop for a count; the part ends at channel stop, not stop channels behind start.")
class StopAsCount(Part):
    def forward(self, x):
        self.shape = x.shape
        return x[:, self.start : self.start + self.stop]
