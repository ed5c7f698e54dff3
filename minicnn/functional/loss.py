"""Cross-entropy of a softmax, the loss of a classifier."""

from __future__ import annotations

from typing import Any

import numpy as np

from minicnn import backend
from minicnn.backend import Array
from minicnn.function import Function
from minicnn.functional import checks
from minicnn.tensor import Tensor


class CrossEntropy(Function):
    """The negative log of the probability that softmax gives the right class.

        log_p = logits - log(sum over classes of e^logits)             (N, K), computed without overflow
        loss_n = -sum over k of  q[n, k] log_p[n, k]                   q: 1 at the target, 0 elsewhere

    With label smoothing s, q is 1 - s + s/K at the target and s/K elsewhere (Szegedy et al., arXiv 1512.00567,
    section 7). As q adds up to 1, the gradient is what softmax gets wrong:

        grad_logits = (softmax(logits) - q) grad_loss                  divided by N where the loss is the mean
    """

    name = "cross_entropy"

    def __init__(self, targets: Array, reduction: str, label_smoothing: float):
        self.targets, self.reduction, self.label_smoothing = targets, reduction, label_smoothing

    def forward(self, logits):
        xp = backend.module_of(logits)
        classes = logits.shape[1]
        shifted = logits - logits.max(axis=1, keepdims=True)
        log_p = shifted - xp.log(xp.exp(shifted).sum(axis=1, keepdims=True))
        is_target = self.targets[:, None] == xp.arange(classes)
        # Labels on a GPU were not read beforehand: one that is no class makes its loss, and its gradient, NaN.
        is_target = xp.where(is_target.any(axis=1, keepdims=True), is_target, xp.nan)
        q = is_target.astype(logits.dtype) * (1 - self.label_smoothing) + self.label_smoothing / classes
        losses = -(q * xp.where(q > 0, log_p, 0)).sum(axis=1)  # 0 where q is 0, also for log_p = -inf
        self.log_p, self.q = log_p, q
        if self.reduction == "none":
            return losses
        return xp.asarray(losses.mean() if self.reduction == "mean" else losses.sum())

    def backward(self, grad_loss):
        xp = backend.module_of(grad_loss)
        grad_logits = xp.exp(self.log_p) - self.q
        if self.reduction == "mean":
            grad_loss = grad_loss / len(self.q)
        return grad_logits * grad_loss.reshape(-1, 1)


def cross_entropy(logits: Tensor, targets: Any, reduction: str = "mean", label_smoothing: float = 0.0) -> Tensor:
    """Softmax cross-entropy of logits (N, K) and targets (N,), integers from 0 to K-1 in an array, a list or a Tensor.

    reduction "mean" or "sum" gives one number, "none" one for each row. Raises ValueError for a target out of range
    (names it), wrong shapes, or an unknown reduction; TypeError for targets that are not integers. Targets that are on
    a GPU already are not read back, as that would wait for it: there the loss is NaN where one is out of range.
    """
    if reduction not in ("mean", "sum", "none"):
        raise ValueError(f'cross_entropy: reduction is {reduction!r}, expected "mean", "sum" or "none"')
    label_smoothing = checks.probability("cross_entropy", "label_smoothing", label_smoothing)
    checks.ndim("cross_entropy", "logits", checks.tensor("cross_entropy", "logits", logits).data, 2, "(N, classes)")
    if 0 in logits.shape:
        raise ValueError(f"cross_entropy: logits has shape {logits.shape}, expected at least one row and one class")
    labels = check_targets(targets, *logits.shape)
    if backend.module_of(labels) is not np and backend.device_of(labels) != logits.device:
        raise TypeError(f"cross_entropy: targets is on {backend.device_of(labels)}, logits on {logits.device}")
    return CrossEntropy(backend.to_device(labels, logits.device), reduction, label_smoothing)(logits)


def check_targets(targets: Any, n: int, classes: int) -> Array:
    """The targets as an array of integers, each known to be a class where they are on the CPU."""
    labels = targets.data if isinstance(targets, Tensor) else targets
    labels = labels if backend.is_array(labels) else np.asarray(labels)
    if labels.dtype.kind not in "iu":
        raise TypeError(f"cross_entropy: targets is {labels.dtype}, expected integers")
    checks.shape("cross_entropy", "targets", labels, (n,))
    if backend.module_of(labels) is np:
        wrong = np.flatnonzero((labels < 0) | (labels >= classes))
        if len(wrong):
            raise ValueError(
                f"cross_entropy: targets[{wrong[0]}] is {labels[wrong[0]]}, expected a class from 0 to {classes - 1}"
            )
    return labels
