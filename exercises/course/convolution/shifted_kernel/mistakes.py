"""Typical wrong repairs of shifted_kernel."""

import numpy as np

from exercises.course.convolution.shifted_kernel.solution import Conv2d
from exercises.stages import Mistakes

mistake = Mistakes()


def turn(array):
    return array[:, :, ::-1, ::-1]


class InSteps(Conv2d):
    """The solution once more, in steps that a mistake can change one of."""

    def backward(self, grad_y):
        _, grad_weight = super().backward(grad_y)
        grad_padded = np.zeros_like(self.padded(self.x))
        for u, v in np.ndindex(self.weight.shape[2:]):
            part = np.einsum("nkij,kc->ncij", self.sent(grad_y), self.kernels()[:, :, u, v])
            self.give(grad_padded, self.seen_by(u, v), part)
        return self.cut(grad_padded), grad_weight

    def sent(self, grad_y):
        return grad_y

    def kernels(self):
        """The weight, as grad_x uses it."""
        return self.weight

    def give(self, grad_padded, seen, part):
        grad_padded[seen] += part

    def cut(self, grad_padded):
        (h, w), p = self.x.shape[2:], self.padding
        return grad_padded[:, :, p : p + h, p : p + w]


class Turned(InSteps):
    """As it was given."""

    def kernels(self):
        return turn(self.weight)


@mistake(
    "This gives what the file gave before. Where does the 1 of the clue's grad_y belong, and which weight sends it?"
)
class AsItWas(Turned):
    pass


@mistake("You left the rows of the kernel turned around; the 1 is now in the right column, but not in the right row.")
class RowsTurned(InSteps):
    def kernels(self):
        return self.weight[:, :, ::-1]


@mistake(
    "You left the columns of the kernel turned around; the 1 is now in the right row, but not in the right column."
)
class ColumnsTurned(InSteps):
    def kernels(self):
        return self.weight[:, :, :, ::-1]


@mistake("You mirrored the kernel at its diagonal; weight[u, v] belongs to row u and column v on the way back, too.")
class Mirrored(InSteps):
    def kernels(self):
        return self.weight.swapaxes(2, 3)


@mistake(
    "You mirrored the kernel at its other diagonal; weight[u, v] belongs to row u and column v on the way back, too."
)
class MirroredAndTurned(Turned):
    def kernels(self):
        return turn(self.weight).swapaxes(2, 3)


@mistake("You put a minus, and no longer turn the kernel; the latter was it, and there is no minus.")
class MinusAlone(InSteps):
    def kernels(self):
        return -self.weight


@mistake("You turned the kernel in forward as well; y was right, and is another operation now.")
class TurnedInForward(Turned):
    def forward(self, x, weight):
        y = super().forward(x, turn(weight))
        self.weight = weight
        return y


@mistake("You turned grad_weight around as well; it was right as it was.")
class WeightTurned(Turned):
    def backward(self, grad_y):
        grad_x, grad_weight = super().backward(grad_y)
        return grad_x, turn(grad_weight)


@mistake("You mended grad_x, but turned grad_weight around; that was right as it was.")
class WeightTurnedAlone(InSteps):
    def backward(self, grad_y):
        grad_x, grad_weight = super().backward(grad_y)
        return grad_x, turn(grad_weight)


@mistake("You turned grad_y around as well; its numbers then arrive at other places than they belong to.")
class GradientTurned(Turned):
    def sent(self, grad_y):
        return turn(grad_y)


@mistake("You turned grad_x around in the end; that mends the clue, where the 1 is in the middle, but nothing else.")
class ResultTurned(Turned):
    def cut(self, grad_padded):
        return turn(super().cut(grad_padded))


@mistake("You shifted grad_x back; that mends a kernel with a 1 in its corner. The others are not shifted, but turned.")
class ShiftedBack(Turned):
    def cut(self, grad_padded):
        kh, kw = self.weight.shape[2:]
        return super().cut(np.roll(grad_padded, (1 - kh, 1 - kw), axis=(2, 3)))


@mistake("You moved where the padding is cut off; it is [padding : padding + H], and that was right.")
class CutMoved(Turned):
    def cut(self, grad_padded):
        h, w = self.x.shape[2:]
        return grad_padded[:, :, :h, :w]


@mistake("You moved the cut to the other end, [2 padding : ]; it is [padding : padding + H], and that was right.")
class CutMovedDown(Turned):
    def cut(self, grad_padded):
        return grad_padded[:, :, 2 * self.padding :, 2 * self.padding :]


@mistake("You left the padding on; grad_x has the shape of x.")
class NotCut(InSteps):
    def cut(self, grad_padded):
        return grad_padded


@mistake("You put a minus; that mends Sobel, which turns into its negative, and no other kernel.")
class Minus(Turned):
    def kernels(self):
        return -turn(self.weight)


@mistake("You put = in place of +=; a pixel is seen by several pixels of the kernel, and what they send adds up.")
class Overwritten(InSteps):
    def give(self, grad_padded, seen, part):
        grad_padded[seen] = part


@mistake("You put = in place of +=, and the mistake is still there; what several send to one pixel adds up.")
class OverwrittenAndTurned(Turned):
    def give(self, grad_padded, seen, part):
        grad_padded[seen] = part


@mistake("You turned the axes of kernels and channels around, weight[::-1, ::-1]; these have nothing to do with it.")
class OtherAxes(InSteps):
    def kernels(self):
        return self.weight[::-1, ::-1]


@mistake("You turned the axes of kernels and channels, too, weight[..., ::-1] on all four; none is to be turned.")
class AllAxes(InSteps):
    def kernels(self):
        return self.weight[::-1, ::-1, ::-1, ::-1]


@mistake(
    "You made forward turn the kernel, and all of backward with it; that is right for itself, but y was not to change."
)
class AnotherOperation(InSteps):
    def forward(self, x, weight):
        return super().forward(x, turn(weight))

    def backward(self, grad_y):
        grad_x, grad_weight = super().backward(grad_y)
        return grad_x, turn(grad_weight)


@mistake("You used the mean of the kernel and the turned one; only the kernel as it is was multiplied by x.")
class Half(InSteps):
    def kernels(self):
        return (self.weight + turn(self.weight)) / 2


@mistake("You added what both send, the kernel and the turned one; only the kernel as it is was multiplied by x.")
class Both(InSteps):
    def kernels(self):
        return self.weight + turn(self.weight)


@mistake("You forgot the stride in backward; a place (i, j) has seen row i * stride + u.")
class WithoutStride(InSteps):
    def backward(self, grad_y):
        right, stride = super().backward(grad_y), self.stride
        self.stride = 1
        grad_x = super().backward(grad_y)[0]
        self.stride = stride
        return grad_x, right[1]
