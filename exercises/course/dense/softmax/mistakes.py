"""Typical wrong answers to softmax."""

import numpy as np

from exercises.course.dense.softmax.solution import Softmax
from exercises.stages import Mistakes

mistake = Mistakes()


@mistake("You took y (1 - y) alone, the diagonal; each x acts on the other y of its row too, through the sum.")
class DiagonalAlone(Softmax):
    def backward(self, grad_y):
        return grad_y * self.y * (1 - self.y)


@mistake("You took y grad_y alone; every x also makes the sum larger, and so every y of the row smaller.")
class WithoutTheSum(Softmax):
    def backward(self, grad_y):
        return grad_y * self.y


@mistake("You passed grad_y on as it is; softmax has a derivative of its own.")
class PassedOn(Softmax):
    def backward(self, grad_y):
        return grad_y


@mistake("You returned y - grad_y; that is softmax together with cross-entropy, an exercise of its own.")
class AsCrossEntropy(Softmax):
    def backward(self, grad_y):
        return self.y - grad_y


@mistake("You forgot y in the sum; what is subtracted is the sum over j of grad_y_j y_j.")
class SumWithoutY(Softmax):
    def backward(self, grad_y):
        return self.y * (grad_y - grad_y.sum(axis=1, keepdims=True))


@mistake("You took the mean in place of the sum over the row.")
class MeanForSum(Softmax):
    def backward(self, grad_y):
        return self.y * (grad_y - (grad_y * self.y).mean(axis=1, keepdims=True))


@mistake("You summed over the batch in backward; each row is by itself: axis=1.")
class SumOverBatch(Softmax):
    def backward(self, grad_y):
        return self.y * (grad_y - (grad_y * self.y).sum(axis=0, keepdims=True))


@mistake("You summed over all rows in backward; each row is by itself: axis=1, keepdims=True.")
class SumOverAll(Softmax):
    def backward(self, grad_y):
        return self.y * (grad_y - (grad_y * self.y).sum())


@mistake("You added the sum; it is subtracted: a larger x makes the other y smaller.")
class PlusTheSum(Softmax):
    def backward(self, grad_y):
        return self.y * (grad_y + (grad_y * self.y).sum(axis=1, keepdims=True))


@mistake("You left out the y in front: grad_x = y (grad_y - the sum).")
class WithoutYInFront(Softmax):
    def backward(self, grad_y):
        return grad_y - (grad_y * self.y).sum(axis=1, keepdims=True)


@mistake("You took the exponentials as they are; e^710 is infinite. Subtract the row's largest x first.")
class Overflows(Softmax):
    def forward(self, x):
        with np.errstate(over="ignore", invalid="ignore"):
            e = np.exp(x)
            self.y = e / e.sum(axis=1, keepdims=True)
        return self.y


@mistake("You subtracted the largest of all rows; a row that is far below it becomes 0 / 0. Each row has its own.")
class OneMaximumForAll(Softmax):
    def forward(self, x):
        with np.errstate(under="ignore", invalid="ignore"):
            e = np.exp(x - x.max())
            self.y = e / e.sum(axis=1, keepdims=True)
        return self.y


@mistake("You summed over the batch; each row is a distribution by itself: axis=1.")
class OverBatch(Softmax):
    def forward(self, x):
        e = np.exp(x - x.max(axis=0, keepdims=True))
        self.y = e / e.sum(axis=0, keepdims=True)
        return self.y


@mistake("You divided by the sum over everything; each row adds up to 1 by itself: axis=1, keepdims=True.")
class OverAll(Softmax):
    def forward(self, x):
        e = np.exp(x - x.max())
        self.y = e / e.sum()
        return self.y


@mistake("You divided by the sum over the batch; each row is a distribution by itself: axis=1, in the sum too.")
class SumOverBatchInForward(Softmax):
    def forward(self, x):
        e = np.exp(x - x.max(axis=1, keepdims=True))
        self.y = e / e.sum(axis=0, keepdims=True)
        return self.y


@mistake(
    "You divided by the sum over all rows; each row adds up to 1 by itself: axis=1, keepdims=True, in the sum too."
)
class SumOverAllInForward(Softmax):
    def forward(self, x):
        e = np.exp(x - x.max(axis=1, keepdims=True))
        self.y = e / e.sum()
        return self.y


@mistake("You did not divide by the sum; each row has to add up to 1.")
class NotDivided(Softmax):
    def forward(self, x):
        self.y = np.exp(x - x.max(axis=1, keepdims=True))
        return self.y


@mistake("You divided x itself by its sum; first comes e to the power of x, which is positive.")
class WithoutExponential(Softmax):
    def forward(self, x):
        self.y = x / x.sum(axis=1, keepdims=True)
        return self.y


@mistake("You returned the logarithm; softmax are the probabilities themselves.")
class Logarithm(Softmax):
    def forward(self, x):
        return np.log(super().forward(x))


@mistake("You took a sigmoid of each x by itself; in a softmax the numbers of a row share 1 among them.")
class Sigmoid(Softmax):
    def forward(self, x):
        self.y = 1 / (1 + np.exp(-np.clip(x, -500, 500)))
        return self.y
