"""Typical wrong answers to cross_entropy."""

import numpy as np

from exercises.course.dense.cross_entropy.solution import CrossEntropy as Right
from exercises.stages import Mistakes

mistake = Mistakes()


class CrossEntropy(Right):
    """The solution once more, with names for its parts."""

    def forward(self, logits):
        self.logits = logits
        return super().forward(logits)

    @property
    def p(self):
        return np.exp(self.log_p)

    @property
    def q(self):
        """1 at the targets, 0 elsewhere."""
        return np.eye(self.log_p.shape[1])[self.targets]

    def of_targets(self, values):
        return values[np.arange(len(values)), self.targets]


@mistake("You did not divide the gradient by N; the loss is a mean over the batch.")
class NotDivided(CrossEntropy):
    def backward(self, grad_y):
        return (self.p - self.q) * grad_y


@mistake("You divided the gradient by the number of classes; the mean is over the batch.")
class DividedByClasses(CrossEntropy):
    def backward(self, grad_y):
        return (self.p - self.q) * grad_y / self.p.shape[1]


@mistake("You divided the gradient by the size of the logits; the mean is over the N rows alone.")
class DividedBySize(CrossEntropy):
    def backward(self, grad_y):
        return (self.p - self.q) * grad_y / self.p.size


@mistake("You turned the sign of the gradient around: it is softmax minus 1 at the target.")
class Sign(CrossEntropy):
    def backward(self, grad_y):
        return (self.q - self.p) * grad_y / len(self.p)


@mistake("You forgot grad_y; the loss may be multiplied by something, as the heads' losses are by 0.3.")
class WithoutGradY(CrossEntropy):
    def backward(self, grad_y):
        return (self.p - self.q) / len(self.p)


@mistake("You returned softmax without subtracting 1 at the target.")
class WithoutMinusOne(CrossEntropy):
    def backward(self, grad_y):
        return self.p * grad_y / len(self.p)


@mistake("You changed the gradient at the targets alone; the other classes' logits act on the loss through the sum.")
class TargetsAlone(CrossEntropy):
    def backward(self, grad_y):
        return (self.p - self.q) * self.q * grad_y / len(self.p)


@mistake("You took -1/p at the target: that is the log's part alone. It has to go back through softmax as well.")
class LogAlone(CrossEntropy):
    def backward(self, grad_y):
        return -self.q / self.p * grad_y / len(self.p)


@mistake("You subtracted the target from the logits; it is softmax of the logits minus 1 at the target.")
class LogitsInsteadOfSoftmax(CrossEntropy):
    def backward(self, grad_y):
        return (self.logits - self.q) * grad_y / len(self.p)


@mistake("You subtracted the class's number; it is 1 that is subtracted, at the place of the target.")
class MinusTheNumber(CrossEntropy):
    def backward(self, grad_y):
        return (self.p - self.targets[:, None]) * grad_y / len(self.p)


@mistake("You subtracted 1 in all targets' columns for every row; each row has its own: grad[np.arange(N), targets].")
class AllColumns(CrossEntropy):
    def backward(self, grad_y):
        grad = self.p
        grad[:, self.targets] -= 1
        return grad * grad_y / len(grad)


@mistake("You summed over the batch; the loss is the mean.")
class Sum(CrossEntropy):
    def forward(self, logits):
        return super().forward(logits) * len(logits)


@mistake("You divided by the number of classes; the mean is over the batch.")
class MeanOverClasses(CrossEntropy):
    def forward(self, logits):
        return super().forward(logits) * len(logits) / logits.shape[1]


@mistake("You took the mean over all N * K numbers; only one of each row is not 0: divide by N.")
class MeanOverAll(CrossEntropy):
    def forward(self, logits):
        return super().forward(logits) / logits.shape[1]


@mistake("You forgot the minus; the log of a probability is negative, the loss is not.")
class WithoutMinus(CrossEntropy):
    def forward(self, logits):
        return -super().forward(logits)


@mistake("You returned one loss for each row; it is their mean, one number.")
class OneForEachRow(CrossEntropy):
    def forward(self, logits):
        super().forward(logits)
        return -self.of_targets(self.log_p)


@mistake("You took the probability without its logarithm; the loss is -log p.")
class WithoutLog(CrossEntropy):
    def forward(self, logits):
        super().forward(logits)
        return -self.of_targets(self.p).mean()


@mistake("You took the log of the mean probability; it is the mean of the logs.")
class LogOfMean(CrossEntropy):
    def forward(self, logits):
        super().forward(logits)
        return -np.log(self.of_targets(self.p).mean())


@mistake("You took the logits of the right classes alone; log softmax subtracts log(sum of e^logits) as well.")
class LogitsAlone(CrossEntropy):
    def forward(self, logits):
        super().forward(logits)
        return -self.of_targets(logits).mean()


@mistake("You took the logarithm to base 2; the natural one is meant.")
class Base2(CrossEntropy):
    def forward(self, logits):
        return super().forward(logits) / np.log(2)


@mistake("You took e^logits as they are; e^710 is infinite. Subtract the row's largest logit first.")
class Overflows(CrossEntropy):
    def forward(self, logits):
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            self.log_p = np.log(np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True))
        return -self.of_targets(self.log_p).mean()


@mistake("You took log(sum of e^logits) as it is; e^710 is infinite. Subtract the row's largest logit first.")
class LogSumOverflows(CrossEntropy):
    def forward(self, logits):
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            self.log_p = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
        return -self.of_targets(self.log_p).mean()


@mistake("You took the log of a softmax that has rounded to 0: infinite. log_p = shifted - log(sum of e^shifted).")
class LogOfSoftmax(CrossEntropy):
    def forward(self, logits):
        e = np.exp(logits - logits.max(axis=1, keepdims=True))
        with np.errstate(divide="ignore"):
            self.log_p = np.log(e / e.sum(axis=1, keepdims=True))
        return -self.of_targets(self.log_p).mean()


@mistake("You added a small number before the log; then the loss ends at about 27. shifted - log(sum) is exact.")
class SmallNumber(CrossEntropy):
    def forward(self, logits):
        super().forward(logits)
        return -np.log(self.of_targets(self.p) + 1e-12).mean()
