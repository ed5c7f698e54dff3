"""A solution of focal_loss."""

import numpy as np

from minicnn.function import Function


class FocalLoss(Function):
    def __init__(self, targets, gamma):
        self.targets, self.gamma = targets, gamma

    def forward(self, logits):
        shifted = logits - logits.max(axis=1, keepdims=True)
        self.log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))  # (N, K)
        self.log_pt = self.log_p[np.arange(len(logits)), self.targets]  # (N,)
        self.pt = np.exp(self.log_pt)
        return -((1 - self.pt) ** self.gamma * self.log_pt).mean()

    def backward(self, grad_y):
        pt, log_pt, gamma, n = self.pt, self.log_pt, self.gamma, len(self.pt)
        by_log_pt = -((1 - pt) ** gamma)  # d loss / d log pt: log pt itself ...
        if gamma:
            by_log_pt = by_log_pt + gamma * (1 - pt) ** (gamma - 1) * pt * log_pt  # ... and through pt = e^(log pt)
        grad = -np.exp(self.log_p)  # d log pt / d logits: 1 at the target, minus softmax
        grad[np.arange(n), self.targets] += 1
        return grad * by_log_pt[:, np.newaxis] * (grad_y / n)
