"""Typical wrong repairs of overflow."""

import numpy as np

from exercises.course.dense.overflow.solution import CrossEntropy as Right
from exercises.stages import Mistakes

mistake = Mistakes()


class CrossEntropy(Right):
    """The solution once more, in steps that a wrong repair can change one of."""

    def forward(self, logits):
        shifted = self.shifted(logits)
        self.log_p = shifted - np.log(self.sums(np.exp(shifted)))
        return -self.log_p[np.arange(len(logits)), self.targets].mean()

    def shifted(self, logits):
        return logits - logits.max(axis=1, keepdims=True)

    def sums(self, exponentials):
        return exponentials.sum(axis=1, keepdims=True)


@mistake("This gives what the file gave before. What is e^(2 - 802), and what is the log of that?")
class AsItWas(CrossEntropy):
    def shifted(self, logits):
        return logits - logits.max()


@mistake("You took the shift away; now e^802 overflows. It is needed, but for each row by itself.")
class WithoutShift(CrossEntropy):
    def shifted(self, logits):
        return logits


@mistake("You subtract the mean of each row; what is far above it overflows all the same. Subtract the largest.")
class Mean(CrossEntropy):
    def shifted(self, logits):
        return logits - logits.mean(axis=1, keepdims=True)


@mistake("You subtract the smallest of each row; then the largest may overflow. Subtract the largest.")
class Smallest(CrossEntropy):
    def shifted(self, logits):
        return logits - logits.min(axis=1, keepdims=True)


@mistake("You subtract the largest of each column; another shift for each class changes p. Each row: axis=1.")
class EachColumn(CrossEntropy):
    def shifted(self, logits):
        return logits - logits.max(axis=0, keepdims=True)


@mistake("You clip the logits; then what lies beyond is all alike, and the loss is wrong. Subtract each row's largest.")
class Clipped(CrossEntropy):
    def shifted(self, logits):
        clipped = np.clip(logits, -50, 50)
        return clipped - clipped.max(axis=1, keepdims=True)


@mistake("You add a small number to the sum; no infinity any more, but a wrong loss. Subtract each row's largest.")
class SmallNumber(CrossEntropy):
    def shifted(self, logits):
        return logits - logits.max()

    def sums(self, exponentials):
        return super().sums(exponentials) + 1e-12


@mistake("You divide the logits; that makes them another softmax. Subtract each row's largest.")
class Divided(CrossEntropy):
    def shifted(self, logits):
        logits = logits / max(1.0, np.abs(logits).max())
        return logits - logits.max(axis=1, keepdims=True)


@mistake("You replace what is infinite; the loss is then a made-up number. Subtract each row's largest.")
class Replaced(CrossEntropy):
    def shifted(self, logits):
        return logits - logits.max()

    def forward(self, logits):
        super().forward(logits)
        self.log_p = np.nan_to_num(self.log_p)
        return -self.log_p[np.arange(len(logits)), self.targets].mean()


@mistake("You subtract each row's largest from the exponent alone; log_p has to be made of the same shifted logits.")
class HalfShifted(CrossEntropy):
    def forward(self, logits):
        self.log_p = logits - np.log(self.sums(np.exp(self.shifted(logits))))
        return -self.log_p[np.arange(len(logits)), self.targets].mean()
