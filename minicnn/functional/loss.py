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

    The targets may be the q themselves, (N, K): the probability of each class, as mixup makes them.

    With label smoothing s, (1 - s) q + s/K stands in the place of q: 1 - s + s/K at the target, s/K elsewhere (Szegedy
    et al., arXiv 1512.00567, section 7). As q adds up to 1, the gradient is what softmax gets wrong:

        grad_logits = (softmax(logits) - q) grad_loss                  divided by N where the loss is the mean

    With a weight for each class every term has that of its class: weight[k] q[n, k] stands in the place of q[n, k].
    These add up to some q_n, and the mean divides by the sum of the targets' weights, as PyTorch's does:

        grad_logits = (softmax(logits) q_n - weight q) grad_loss       divided by sum over n of weight[target_n]

    Where the targets are probabilities, the mean divides by N whatever the weights, and a row need not add up to 1.
    """

    name = "cross_entropy"

    def __init__(self, targets: Array, reduction: str, label_smoothing: float, weight: Array | None = None):
        self.targets, self.weight = targets, weight
        self.reduction, self.label_smoothing = reduction, label_smoothing
        self.probabilities = targets.ndim == 2

    def forward(self, logits):
        xp = backend.module_of(logits)
        classes = logits.shape[1]
        shifted = logits - logits.max(axis=1, keepdims=True)
        log_p = shifted - xp.log(xp.exp(shifted).sum(axis=1, keepdims=True))
        if self.probabilities:
            is_target = self.targets  # the probability that it is
        else:
            is_target = self.targets[:, None] == xp.arange(classes)
            # Labels on a GPU were not read beforehand: one that is no class makes its loss, and its gradient, NaN.
            is_target = xp.where(is_target.any(axis=1, keepdims=True), is_target, xp.nan).astype(logits.dtype)
        q = is_target * (1 - self.label_smoothing) + self.label_smoothing / classes
        self.count = len(q)  # what the mean divides by
        if self.weight is not None:
            q = self.weight * q
            if not self.probabilities:
                self.count = (self.weight * is_target).sum()
        losses = -(q * xp.where(q != 0, log_p, 0)).sum(axis=1)  # 0 where q is 0, also for log_p = -inf
        self.log_p, self.q = log_p, q
        if self.reduction == "none":
            return losses
        return xp.asarray(losses.sum() / self.count if self.reduction == "mean" else losses.sum())

    def backward(self, grad_loss):
        xp = backend.module_of(grad_loss)
        softmax = xp.exp(self.log_p)
        if self.weight is not None or self.probabilities:
            softmax = softmax * self.q.sum(axis=1, keepdims=True)  # else that is 1
        grad_logits = softmax - self.q
        if self.reduction == "mean":
            grad_loss = grad_loss / self.count
        return grad_logits * grad_loss.reshape(-1, 1)


def cross_entropy(
    logits: Tensor, targets: Any, weight: Any = None, *, reduction: str = "mean", label_smoothing: float = 0.0
) -> Tensor:
    """Softmax cross-entropy of logits (N, K) and targets (N,), integers from 0 to K-1 in an array, a list or a Tensor.

    Or targets (N, K) in a floating dtype: the probability of each class, constants, taken in the logits' dtype.
    `weight`, (K,) in an array, a list or a Tensor, says how much each class counts; it is taken in the logits' dtype.
    reduction "mean" or "sum" gives one number, "none" one for each row. Raises ValueError for a target out of range
    (names it), a probability below 0, wrong shapes, or an unknown reduction; TypeError for targets (N,) that are not
    integers. Targets that are on a GPU already are not read back, as that would wait for it: there the loss is NaN
    where one is out of range.
    """
    label_smoothing = check_options("cross_entropy", reduction, label_smoothing)
    checks.ndim("cross_entropy", "logits", checks.tensor("cross_entropy", "logits", logits).data, 2, "(N, classes)")
    if 0 in logits.shape:
        raise ValueError(f"cross_entropy: logits has shape {logits.shape}, expected at least one row and one class")
    labels = check_targets(targets, *logits.shape)
    if backend.module_of(labels) is not np and backend.device_of(labels) != logits.device:
        raise TypeError(f"cross_entropy: targets is on {backend.device_of(labels)}, logits on {logits.device}")
    labels = backend.to_device(labels, logits.device)
    if labels.ndim == 2:
        labels = labels.astype(logits.dtype, copy=False)
    weights = None if weight is None else check_weight(weight, logits)
    return CrossEntropy(labels, reduction, label_smoothing, weights)(logits)


def check_options(owner: str, reduction: str, label_smoothing: float) -> float:
    """The label smoothing as a Python float, once the reduction is known, too."""
    if reduction not in ("mean", "sum", "none"):
        raise ValueError(f'{owner}: reduction is {reduction!r}, expected "mean", "sum" or "none"')
    return checks.probability(owner, "label_smoothing", label_smoothing)


def check_targets(targets: Any, n: int, classes: int) -> Array:
    """The targets as an array of integers (N,) or of probabilities (N, K); on the CPU, all are known to be right."""
    labels = targets.data if isinstance(targets, Tensor) else targets
    labels = labels if backend.is_array(labels) else np.asarray(labels)
    if labels.ndim == 2 and labels.dtype.kind == "f":
        return check_probabilities(targets, labels, n, classes)
    if labels.shape == (n, classes) != (n, 1) and labels.dtype.kind in "iub":
        raise ValueError(
            f"cross_entropy: targets has shape {labels.shape}, like one-hot rows, expected the classes ({n},): "
            "write targets.argmax(axis=1), or targets.astype(np.float32) for probabilities"
        )
    if labels.dtype.kind not in "iu":
        hint = ": write targets.astype(np.int64)" if labels.dtype.kind == "f" else ""
        raise TypeError(f"cross_entropy: targets is {labels.dtype}, expected integers{hint}")
    if labels.shape == (n, 1):
        raise ValueError(f"cross_entropy: targets has shape ({n}, 1), expected ({n},): write targets[:, 0]")
    checks.shape("cross_entropy", "targets", labels, (n,))
    if backend.module_of(labels) is np:
        wrong = np.flatnonzero((labels < 0) | (labels >= classes))
        if len(wrong):
            raise ValueError(
                f"cross_entropy: targets[{wrong[0]}] is {labels[wrong[0]]}, expected a class from 0 to {classes - 1}"
            )
    return labels


def check_probabilities(targets: Any, rows: Array, n: int, classes: int) -> Array:
    """`rows`, the array of the targets, where it may be the probabilities of all classes."""
    if isinstance(targets, Tensor) and targets.requires_grad:
        raise ValueError("cross_entropy: targets requires a gradient, but is a constant here: write targets.detach()")
    if rows.shape != (n, classes):
        raise ValueError(
            f"cross_entropy: targets has shape {rows.shape}, expected the probabilities of all classes "
            f"({n}, {classes}), or the classes ({n},) as integers"
        )
    if backend.module_of(rows) is np and not (rows >= 0).all():
        row, column = np.argwhere(~(rows >= 0))[0]
        raise ValueError(
            f"cross_entropy: targets[{row}, {column}] is {rows[row, column]}, expected a probability, not below 0"
        )
    return rows


def weight_array(owner: str, weight: Any) -> Array:
    """The weights as an array of numbers."""
    if isinstance(weight, Tensor) and weight.requires_grad:
        raise ValueError(f"{owner}: weight requires a gradient, but is a constant here: write weight.detach()")
    array = weight.data if isinstance(weight, Tensor) else weight
    array = array if backend.is_array(array) else np.asarray(array)
    if array.dtype.kind not in "fiu":
        raise TypeError(f"{owner}: weight is {weight!r:.80}, expected a number for each class")
    return array


def check_weight(weight: Any, logits: Tensor) -> Array:
    """The weights as an array (K,) of the logits' dtype, on their device."""
    array = weight_array("cross_entropy", weight)
    checks.shape("cross_entropy", "weight", array, (logits.shape[1],))
    return backend.to_device(array, logits.device).astype(logits.dtype, copy=False)
