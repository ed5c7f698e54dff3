"""cross_entropy: python -m exercises show cross_entropy"""

from minicnn.function import Function


class CrossEntropy(Function):
    """The mean over the batch of -log(probability that softmax gives the right class): one number.

    logits (N, K), targets (N,): the right class of each row, 0 ... K-1.
    """

    def __init__(self, targets):
        self.targets = targets

    def forward(self, logits):
        raise NotImplementedError("return the loss, one number as an array of shape (); keep what backward needs")

    def backward(self, grad_y):
        """grad_y: one number, the gradient of the loss."""
        raise NotImplementedError("return grad_logits (N, K)")
