"""batch_norm: python -m exercises show batch_norm"""

from minicnn.function import Function


class BatchNorm(Function):
    """Every channel with mean 0 and variance 1 over the batch, then scaled and shifted: y = weight x_hat + bias.

    x (N, C, H, W), weight and bias (C,) -> y (N, C, H, W). running_mean and running_var (C,) are arrays that forward
    changes in place in training, and takes in place of the batch's own mean and variance in evaluation.
    """

    def __init__(self, running_mean, running_var, training, momentum, eps):
        self.running_mean, self.running_var = running_mean, running_var
        self.training, self.momentum, self.eps = training, momentum, eps

    def forward(self, x, weight, bias):
        raise NotImplementedError("return y, in training with the batch's statistics; update the running ones there")

    def backward(self, grad_y):
        raise NotImplementedError("return grad_x (N, C, H, W), grad_weight (C,) and grad_bias (C,)")
