"""Typical wrong answers to focal_loss."""

import numpy as np

from exercises.course.beyond.focal_loss.solution import FocalLoss
from exercises.stages import Mistakes

mistake = Mistakes()


class Steps(FocalLoss):
    """The solution once more: d loss / d log pt, and from there to the logits."""

    def backward(self, grad_y):
        grad = -np.exp(self.log_p)
        grad[np.arange(len(grad)), self.targets] += 1
        return grad * self.by_log_pt()[:, np.newaxis] * (grad_y / len(grad))

    def by_log_pt(self):
        return self.log_part() + self.weight_part()

    def log_part(self):
        return -((1 - self.pt) ** self.gamma)

    def weight_part(self):
        if not self.gamma:
            return 0 * self.pt
        return self.gamma * (1 - self.pt) ** (self.gamma - 1) * self.pt * self.log_pt


@mistake("You treated (1 - p)^gamma as a constant; p depends on the logits as well: there is a second term.")
class WeightIsConstant(Steps):
    def weight_part(self):
        return 0 * self.pt


@mistake("You took the plain cross-entropy's gradient; the factor (1 - p)^gamma belongs to it, and its derivative.")
class PlainCrossEntropy(Steps):
    def by_log_pt(self):
        return -np.ones_like(self.pt)


@mistake("You took the derivative of the factor alone; the first term is (1 - p)^gamma d(log p).")
class FactorAlone(Steps):
    def log_part(self):
        return 0 * self.pt


@mistake("You have a sign wrong: d(1 - p)^gamma/dp is negative, the loss has a minus: the second term gets a plus.")
class Sign(Steps):
    def weight_part(self):
        return -super().weight_part()


@mistake("You forgot the p in the second term: p = e^(log p), so dp = p d(log p).")
class WithoutP(Steps):
    def weight_part(self):
        return super().weight_part() / self.pt


@mistake("You forgot gamma in front of the second term: d(z^gamma) = gamma z^(gamma - 1) dz.")
class WithoutGamma(Steps):
    def weight_part(self):
        return super().weight_part() / (self.gamma or 1)


@mistake("You left the exponent gamma in the second term; it becomes gamma - 1.")
class ExponentStays(Steps):
    def weight_part(self):
        return super().weight_part() * (1 - self.pt)


@mistake("You did not divide the gradient by N; the loss is a mean over the batch.")
class NotDivided(Steps):
    def backward(self, grad_y):
        return super().backward(grad_y) * len(self.pt)


@mistake("You turned the sign of the gradient around.")
class Negative(Steps):
    def backward(self, grad_y):
        return -super().backward(grad_y)


@mistake("You forgot grad_y.")
class WithoutGradY(Steps):
    def backward(self, grad_y):
        return super().backward(np.array(1.0))


@mistake("You changed the target's logit alone; the others act on p through the sum in softmax.")
class TargetAlone(Steps):
    def backward(self, grad_y):
        return super().backward(grad_y) * np.eye(self.log_p.shape[1])[self.targets]


@mistake("You took p^gamma; the factor is (1 - p)^gamma: what is known well counts less.")
class PowerOfP(Steps):
    def forward(self, logits):
        super().forward(logits)
        return -(self.pt**self.gamma * self.log_pt).mean()


@mistake("You left out the factor (1 - p)^gamma; that is the plain cross-entropy.")
class WithoutFactor(Steps):
    def forward(self, logits):
        super().forward(logits)
        return -self.log_pt.mean()


@mistake("You multiplied by gamma; it is an exponent: (1 - p)^gamma.")
class TimesGamma(Steps):
    def forward(self, logits):
        super().forward(logits)
        return -(self.gamma * (1 - self.pt) * self.log_pt).mean()


@mistake("You summed over the batch; the loss is the mean.")
class Sum(Steps):
    def forward(self, logits):
        return super().forward(logits) * len(logits)


@mistake("You forgot the minus; the loss is not negative.")
class WithoutMinus(Steps):
    def forward(self, logits):
        return -super().forward(logits)


@mistake("You divided by the sum of the factors; the mean is over the batch.")
class WeightedMean(Steps):
    def forward(self, logits):
        super().forward(logits)
        factors = (1 - self.pt) ** self.gamma
        return -(factors * self.log_pt).sum() / factors.sum()


@mistake("You took the factor of the batch's mean; each example has its own p.")
class MeanP(Steps):
    def forward(self, logits):
        super().forward(logits)
        return -((1 - self.pt.mean()) ** self.gamma * self.log_pt).mean()


@mistake("You took the log of a softmax that has rounded to 0; log p = shifted - log(sum of e^shifted).")
class LogOfSoftmax(Steps):
    def forward(self, logits):
        super().forward(logits)
        return -((1 - self.pt) ** self.gamma * np.log(self.pt)).mean()


@mistake("You return one loss for each row; it is their mean, one number.")
class OneForEachRow(Steps):
    def forward(self, logits):
        super().forward(logits)
        return -((1 - self.pt) ** self.gamma * self.log_pt)
