"""focal_loss: python -m exercises show focal_loss"""

from minicnn.function import Function


class FocalLoss(Function):
    """The mean over the batch of -(1 - p)^gamma log p, with p what softmax gives the right class: one number.

    logits (N, K), targets (N,): the right class of each row; gamma: a number, at least 0.
    """

    def __init__(self, targets, gamma):
        self.targets, self.gamma = targets, gamma

    def forward(self, logits):
        raise NotImplementedError("return the loss, one number as an array of shape (); keep what backward needs")

    def backward(self, grad_y):
        """grad_y: one number, the gradient of the loss."""
        raise NotImplementedError("return grad_logits (N, K)")
