"""A solution of batch_norm."""

import numpy as np

from minicnn.function import Function

AXES = (0, 2, 3)  # all but the channels


def per_channel(values):
    """(C,) -> (1, C, 1, 1), so that it broadcasts."""
    return values[None, :, None, None]


class BatchNorm(Function):
    def __init__(self, running_mean, running_var, training, momentum, eps):
        self.running_mean, self.running_var = running_mean, running_var
        self.training, self.momentum, self.eps = training, momentum, eps

    def forward(self, x, weight, bias):
        mean, var = self.running_mean, self.running_var
        if self.training:
            mean, var = x.mean(axis=AXES), x.var(axis=AXES)
            count = x.size // x.shape[1]
            self.running_mean[...] = (1 - self.momentum) * self.running_mean + self.momentum * mean
            unbiased = var * (count / (count - 1))
            self.running_var[...] = (1 - self.momentum) * self.running_var + self.momentum * unbiased
        inverse_std = 1 / np.sqrt(var + self.eps)
        self.x_hat = (x - per_channel(mean)) * per_channel(inverse_std)
        self.slope = per_channel(weight * inverse_std)
        return per_channel(weight) * self.x_hat + per_channel(bias)

    def backward(self, grad_y):
        grad_weight = (grad_y * self.x_hat).sum(axis=AXES)
        grad_bias = grad_y.sum(axis=AXES)
        if not self.training:
            return self.slope * grad_y, grad_weight, grad_bias
        count = grad_y.size // grad_y.shape[1]
        through_mean, through_var = per_channel(grad_bias) / count, self.x_hat * per_channel(grad_weight) / count
        return self.slope * (grad_y - through_mean - through_var), grad_weight, grad_bias
