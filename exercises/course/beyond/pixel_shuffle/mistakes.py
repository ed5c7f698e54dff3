"""Typical wrong answers to pixel_shuffle."""

import numpy as np

from exercises.course.beyond.pixel_shuffle.solution import PixelShuffle
from exercises.stages import Mistakes

mistake = Mistakes()


def shuffled(x, r, split, order):
    """x (N, C r r, H, W): its channels split as `split` says, all axes put in `order`, by their letters."""
    n, c, h, w = x.shape
    sizes = {"n": n, "c": c // r**2, "a": r, "b": r, "i": h, "j": w}
    letters = f"n{split}ij"
    x = x.reshape([sizes[letter] for letter in letters])
    x = x.transpose([letters.index(letter) for letter in order])
    return x.reshape(n, c // r**2, h * r, w * r)


@mistake("You only reshaped; that keeps the numbers in their order, but they have to change places: transpose.")
class ReshapedOnly(PixelShuffle):
    def forward(self, x):
        r, (n, c, h, w) = self.factor, x.shape
        return x.reshape(n, c // r**2, h * r, w * r)


@mistake("You exchanged a and b: of the channels a r + b, a says the row and b the column.")
class RowsAndColumns(PixelShuffle):
    def forward(self, x):
        return shuffled(x, self.factor, "cba", "nciajb")


@mistake("You put the blocks side by side, a before i: pixel (i, j) becomes a patch of r x r pixels, row r i + a.")
class BlocksSideBySide(PixelShuffle):
    def forward(self, x):
        return shuffled(x, self.factor, "cab", "ncaibj")


@mistake("You took c as the fastest of the channels; channels c r r + a r + b belong to channel c of y.")
class ChannelsLast(PixelShuffle):
    def forward(self, x):
        return shuffled(x, self.factor, "abc", "nciajb")


@mistake("You exchanged rows and columns of the image.")
class Transposed(PixelShuffle):
    def forward(self, x):
        r, (n, c, h, w) = self.factor, x.shape
        return shuffled(x, r, "cab", "ncjbia").reshape(n, c // r**2, h * r, w * r)


@mistake("You repeated pixels; nothing is repeated here, the new pixels come from the channels.")
class Repeated(PixelShuffle):
    def forward(self, x):
        r = self.factor
        return x[:, :: r**2].repeat(r, axis=2).repeat(r, axis=3)


@mistake("You divided the channels by r; each pixel becomes r * r, so C r r channels become C.")
class DividedByR(PixelShuffle):
    def forward(self, x):
        r, (n, c, h, w) = self.factor, x.shape
        return x.reshape(n, c // r, h * r, w)


@mistake("In backward you only reshaped; the numbers have to go back to the places that they came from.")
class BackwardReshaped(PixelShuffle):
    def backward(self, grad_y):
        r, (n, c, rh, rw) = self.factor, grad_y.shape
        return grad_y.reshape(n, c * r**2, rh // r, rw // r)


@mistake("In backward you shuffled once more in forward's direction; it has to be undone.")
class ForwardAgain(PixelShuffle):
    def backward(self, grad_y):
        r, (n, c, rh, rw) = self.factor, grad_y.shape
        grad = grad_y.reshape(n, c, r, r, rh // r, rw // r)
        return grad.transpose(0, 1, 4, 2, 5, 3).reshape(n, c * r**2, rh // r, rw // r)


@mistake("In backward you exchanged a and b; the channel is a r + b.")
class BackwardRowsAndColumns(PixelShuffle):
    def backward(self, grad_y):
        r, (n, c, rh, rw) = self.factor, grad_y.shape
        grad = grad_y.reshape(n, c, rh // r, r, rw // r, r)
        return grad.transpose(0, 1, 5, 3, 2, 4).reshape(n, c * r**2, rh // r, rw // r)


@mistake("In backward you left a pixel's patch where it lies: row r i + a is i, then a: reshape to (.., H, r, W, r).")
class BackwardBlocks(PixelShuffle):
    def backward(self, grad_y):
        r, (n, c, rh, rw) = self.factor, grad_y.shape
        grad = grad_y.reshape(n, c, r, rh // r, r, rw // r)
        return grad.transpose(0, 1, 2, 4, 3, 5).reshape(n, c * r**2, rh // r, rw // r)


@mistake("You shared the gradient among a patch; each number has gone to one place, and gets its own gradient back.")
class Shared(PixelShuffle):
    def backward(self, grad_y):
        return super().backward(grad_y) / self.factor**2


@mistake("You added up each patch's gradients; each number has gone to one place, and gets its own back.")
class Summed(PixelShuffle):
    def backward(self, grad_y):
        r, (n, c, rh, rw) = self.factor, grad_y.shape
        total = grad_y.reshape(n, c, rh // r, r, rw // r, r).sum(axis=(3, 5))
        return np.repeat(total, r**2, axis=1)


@mistake("You returned ones; each number gets the gradient of the place that it went to.")
class Ones(PixelShuffle):
    def backward(self, grad_y):
        return super().backward(np.ones_like(grad_y))
