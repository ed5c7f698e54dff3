"""Typical wrong answers to batch_norm."""

import numpy as np

from exercises.course.training.batch_norm.solution import BatchNorm, per_channel
from exercises.stages import Mistakes

mistake = Mistakes()


class Steps(BatchNorm):
    """The solution once more, in steps that a mistake can change one of. Statistics are arrays that broadcast."""

    axes = (0, 2, 3)

    def forward(self, x, weight, bias):
        self.x = x
        self.mean, self.var = self.statistics(x)
        if self.updates():
            self.update(x)
        self.inverse_std = 1 / self.std()
        self.x_hat = (x - self.mean) * self.inverse_std
        self.weight = per_channel(weight)
        return self.scaled(self.weight, per_channel(bias))

    def statistics(self, x):
        if self.training:
            return x.mean(axis=self.axes, keepdims=True), x.var(axis=self.axes, keepdims=True)
        return per_channel(self.running_mean.copy()), per_channel(self.running_var.copy())

    def updates(self):
        return self.training

    def update(self, x):
        mean, var = x.mean(axis=(0, 2, 3)), x.var(axis=(0, 2, 3))
        self.update_mean(mean)
        self.update_var(var, x.size // x.shape[1])

    def update_mean(self, mean):
        self.running_mean[...] = (1 - self.momentum) * self.running_mean + self.momentum * mean

    def update_var(self, var, count):
        self.running_var[...] = (1 - self.momentum) * self.running_var + self.momentum * var * count / (count - 1)

    def std(self):
        return np.sqrt(self.var + self.eps)

    def scaled(self, weight, bias):
        return weight * self.x_hat + bias

    def backward(self, grad_y):
        return self.grad_x(grad_y), self.grad_weight(grad_y), self.grad_bias(grad_y)

    def grad_x(self, grad_y):
        direct = self.weight * self.inverse_std
        if not self.training:
            return direct * grad_y
        return direct * (grad_y - self.through_mean(grad_y) - self.through_var(grad_y))

    def through_mean(self, grad_y):
        return grad_y.mean(axis=(0, 2, 3), keepdims=True)

    def through_var(self, grad_y):
        return self.x_hat * (grad_y * self.x_hat).mean(axis=(0, 2, 3), keepdims=True)

    def grad_weight(self, grad_y):
        return (grad_y * self.x_hat).sum(axis=(0, 2, 3))

    def grad_bias(self, grad_y):
        return grad_y.sum(axis=(0, 2, 3))


# ---- forward -------------------------------------------------------------------------------------------------------


@mistake("You took mean and variance over the images alone, one for each pixel; a channel has one: axes 0, 2 and 3.")
class OverImages(Steps):
    axes = 0


@mistake("You took each image by itself; that is instance norm. Batch norm takes all images together: axes 0, 2 and 3.")
class InstanceNorm(Steps):
    axes = (2, 3)


@mistake("You took each image with all its channels; that is layer norm. Here every channel has its own: axes 0, 2, 3.")
class LayerNorm(Steps):
    axes = (1, 2, 3)


@mistake("You took one mean and one variance for everything; every channel has its own: axes 0, 2 and 3.")
class OneForAll(Steps):
    axes = None

    def statistics(self, x):
        if self.training:
            return np.full((1, 1, 1, 1), x.mean()), np.full((1, 1, 1, 1), x.var())
        return super().statistics(x)


@mistake("You left eps out; a channel in which all numbers are equal is then divided by 0.")
class WithoutEps(Steps):
    def std(self):
        return np.sqrt(self.var)


@mistake("You added eps to the root; here it stands in it: sqrt(var + eps).")
class EpsOutside(Steps):
    def std(self):
        return np.sqrt(self.var) + self.eps


@mistake("You divided by the variance; to get variance 1 it takes the root.")
class WithoutRoot(Steps):
    def std(self):
        return self.var + self.eps


@mistake("You normalized by the variance over m - 1; that is for the running one. The batch is divided by its own m.")
class Unbiased(Steps):
    def statistics(self, x):
        if self.training:
            return x.mean(axis=self.axes, keepdims=True), x.var(axis=self.axes, keepdims=True, ddof=1)
        return super().statistics(x)


@mistake("You did not subtract the mean; it is to be 0 afterwards.")
class NotCentered(Steps):
    def forward(self, x, weight, bias):
        super().forward(x, weight, bias)
        self.x_hat = x * self.inverse_std
        return self.scaled(per_channel(weight), per_channel(bias))


@mistake("You forgot weight and bias in forward: y = weight x_hat + bias.")
class NotScaled(Steps):
    def scaled(self, weight, bias):
        return self.x_hat


@mistake("You forgot the bias: y = weight x_hat + bias.")
class WithoutBias(Steps):
    def scaled(self, weight, bias):
        return weight * self.x_hat


@mistake("You added the bias before you multiplied; the bias is not scaled: y = weight x_hat + bias.")
class BiasFirst(Steps):
    def scaled(self, weight, bias):
        return weight * (self.x_hat + bias)


@mistake("You swapped weight and bias: y = weight x_hat + bias.")
class Swapped(Steps):
    def scaled(self, weight, bias):
        return bias * self.x_hat + weight


@mistake("You normalized by the batch in evaluation too; there the running statistics are used.")
class BatchInEvaluation(Steps):
    def statistics(self, x):
        return x.mean(axis=self.axes, keepdims=True), x.var(axis=self.axes, keepdims=True)


@mistake("You normalized by the running statistics in training too; there the batch's own are used.")
class RunningInTraining(Steps):
    def statistics(self, x):
        return per_channel(self.running_mean.copy()), per_channel(self.running_var.copy())


@mistake("You took running_var for a standard deviation; it is a variance: sqrt(running_var + eps).")
class RunningStd(Steps):
    def std(self):
        return super().std() if self.training else self.var + self.eps


# ---- the running statistics ----------------------------------------------------------------------------------------


@mistake("You kept the variance over m; the running one is divided by m - 1: times m / (m - 1).")
class BiasedRunning(Steps):
    def update_var(self, var, count):
        self.running_var[...] = (1 - self.momentum) * self.running_var + self.momentum * var


@mistake("You multiplied by (m - 1) / m; from m to m - 1 below the line it is m / (m - 1).")
class WrongWay(Steps):
    def update_var(self, var, count):
        super().update_var(var * ((count - 1) / count) ** 2, count)


@mistake("You counted the images; a channel has m = N H W numbers.")
class CountsImages(Steps):
    def update_var(self, var, count):
        images = len(self.x)
        with np.errstate(all="ignore"):
            self.running_var[...] = (1 - self.momentum) * self.running_var + self.momentum * (
                var * np.float64(images) / (images - 1)
            )


@mistake("You swapped the shares; momentum is that of the new: (1 - momentum) running + momentum new.")
class MomentumSwapped(Steps):
    def update(self, x):
        self.momentum = 1 - self.momentum
        super().update(x)


@mistake("You added the new ones without taking anything off; the old ones keep 1 - momentum.")
class OnlyAdded(Steps):
    def update_mean(self, mean):
        self.running_mean += self.momentum * mean

    def update_var(self, var, count):
        self.running_var += self.momentum * var * count / (count - 1)


@mistake("You replaced the running statistics by the batch's; they are to change slowly, by the share momentum.")
class Replaced(Steps):
    def update_mean(self, mean):
        self.running_mean[...] = mean

    def update_var(self, var, count):
        self.running_var[...] = var * count / (count - 1)


@mistake("You did not change the arrays you were given; update them in place: self.running_mean[...] = ...")
class NewArrays(Steps):
    def update(self, x):
        self.running_mean, self.running_var = self.running_mean.copy(), self.running_var.copy()
        super().update(x)


@mistake("You kept the mean and not the variance; evaluation needs both.")
class OnlyTheMean(Steps):
    def update_var(self, var, count):
        pass


@mistake("You kept the variance and not the mean; evaluation needs both.")
class OnlyTheVariance(Steps):
    def update_mean(self, mean):
        pass


@mistake("You kept the standard deviation; running_var is a variance.")
class KeepsStd(Steps):
    def update_var(self, var, count):
        std = np.sqrt(var * count / (count - 1))
        self.running_var[...] = (1 - self.momentum) * self.running_var + self.momentum * std


@mistake("You updated the running statistics in evaluation as well; only training does.")
class UpdatesInEvaluation(Steps):
    def updates(self):
        return True


@mistake("You updated the running statistics in evaluation, before they normalize; only training changes them.")
class UpdatesThenUses(Steps):
    def statistics(self, x):
        if not self.training:
            self.update(x)
        return super().statistics(x)


# ---- backward ------------------------------------------------------------------------------------------------------


@mistake("You took mean and variance for constants; in training x acts on y through both of them as well.")
class Constants(Steps):
    def grad_x(self, grad_y):
        return self.weight * self.inverse_std * grad_y


@mistake("You forgot what goes through the mean: - mean(grad_y).")
class WithoutMean(Steps):
    def through_mean(self, grad_y):
        return 0.0


@mistake("You forgot what goes through the variance: - x_hat mean(grad_y x_hat).")
class WithoutVariance(Steps):
    def through_var(self, grad_y):
        return 0.0


@mistake("You forgot the x_hat before the last mean: - x_hat mean(grad_y x_hat).")
class WithoutXHat(Steps):
    def through_var(self, grad_y):
        return (grad_y * self.x_hat).mean(axis=(0, 2, 3), keepdims=True)


@mistake("You took x - mean in place of x_hat in the last term; it is divided by the standard deviation, both times.")
class NotNormalized(Steps):
    def through_var(self, grad_y):
        centered = self.x - self.mean
        return centered * (grad_y * centered).mean(axis=(0, 2, 3), keepdims=True)


@mistake("You doubled the last term; the 2 of the square goes away with the root's 1/2.")
class Doubled(Steps):
    def through_var(self, grad_y):
        return 2 * super().through_var(grad_y)


@mistake("You took sums for the means in grad_x; divide them by m = N H W.")
class Sums(Steps):
    def through_mean(self, grad_y):
        return grad_y.sum(axis=(0, 2, 3), keepdims=True)

    def through_var(self, grad_y):
        return self.x_hat * (grad_y * self.x_hat).sum(axis=(0, 2, 3), keepdims=True)


@mistake("You took the sum of grad_y for its mean in grad_x; divide it by m = N H W.")
class SumOfGradY(Steps):
    def through_mean(self, grad_y):
        return grad_y.sum(axis=(0, 2, 3), keepdims=True)


@mistake("You took the sum of grad_y x_hat for its mean in grad_x; divide it by m = N H W.")
class SumOfProducts(Steps):
    def through_var(self, grad_y):
        return self.x_hat * (grad_y * self.x_hat).sum(axis=(0, 2, 3), keepdims=True)


@mistake("You divided by the number of images in grad_x; a channel has m = N H W numbers.")
class ByImages(Sums):
    def through_mean(self, grad_y):
        return super().through_mean(grad_y) / len(grad_y)

    def through_var(self, grad_y):
        return super().through_var(grad_y) / len(grad_y)


@mistake("You added the terms through mean and variance; both are subtracted.")
class Added(Steps):
    def through_mean(self, grad_y):
        return -super().through_mean(grad_y)

    def through_var(self, grad_y):
        return -super().through_var(grad_y)


@mistake("You forgot the weight in grad_x; y = weight x_hat + bias.")
class WithoutWeight(Steps):
    def grad_x(self, grad_y):
        self.weight = 1.0
        return super().grad_x(grad_y)


@mistake("You forgot to divide grad_x by sqrt(var + eps).")
class NotDivided(Steps):
    def grad_x(self, grad_y):
        self.inverse_std = 1.0
        return super().grad_x(grad_y)


@mistake("You subtracted the means in evaluation too; there mean and variance are constants.")
class ThreeTermsAlways(Steps):
    def grad_x(self, grad_y):
        self.training = True
        return super().grad_x(grad_y)


@mistake(
    "You went back through mean and variance in evaluation too; there both are constants: weight / std times grad_y."
)
class LongFormAlways(Steps):
    def grad_x(self, grad_y):
        axes, d, centered = (0, 2, 3), self.weight * grad_y, self.x - self.mean
        grad_var = (d * centered).sum(axis=axes, keepdims=True) * -0.5 * self.inverse_std**3
        grad_mean = -(d * self.inverse_std).sum(axis=axes, keepdims=True)
        grad_mean -= 2 * grad_var * centered.mean(axis=axes, keepdims=True)
        count = grad_y.size // grad_y.shape[1]
        return d * self.inverse_std + (grad_var * 2 * centered + grad_mean) / count


@mistake("You took x - mean for x_hat in grad_weight; x_hat is divided by the standard deviation, too.")
class TimesCentered(Steps):
    def grad_weight(self, grad_y):
        return (grad_y * (self.x - self.mean)).sum(axis=(0, 2, 3))


@mistake("You took x for x_hat in grad_weight; the weight multiplies x_hat.")
class TimesX(Steps):
    def grad_weight(self, grad_y):
        return (grad_y * self.x).sum(axis=(0, 2, 3))


@mistake("You forgot x_hat in grad_weight; the weight multiplies x_hat.")
class WeightAsBias(Steps):
    def grad_weight(self, grad_y):
        return self.grad_bias(grad_y)


@mistake("You took means for grad_weight and grad_bias; they act on all numbers of the channel, and that adds up.")
class Means(Steps):
    def grad_weight(self, grad_y):
        return (grad_y * self.x_hat).mean(axis=(0, 2, 3))

    def grad_bias(self, grad_y):
        return grad_y.mean(axis=(0, 2, 3))


@mistake("You swapped the last two; backward returns grad_x, grad_weight, grad_bias, in the order of the inputs.")
class GradientsSwapped(Steps):
    def backward(self, grad_y):
        grad_x, grad_weight, grad_bias = super().backward(grad_y)
        return grad_x, grad_bias, grad_weight


@mistake("You gave grad_weight and grad_bias axes of length 1; they have the shape (C,) of weight and bias.")
class AxesKept(Steps):
    def grad_weight(self, grad_y):
        return per_channel(super().grad_weight(grad_y))

    def grad_bias(self, grad_y):
        return per_channel(super().grad_bias(grad_y))
