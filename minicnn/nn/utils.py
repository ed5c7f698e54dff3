"""What is done to the gradients of all parameters together."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from minicnn import arguments, backend
from minicnn.backend import Array
from minicnn.tensor import Tensor


def clip_grad_norm_(parameters: Tensor | Iterable[Tensor], max_norm: float, norm_type: float = 2.0) -> Tensor:
    """Shorten the gradient, that of all parameters as one long vector, to max_norm where it is longer.

        norm = (sum over all parameters of |grad|^p)^(1/p)                   p: norm_type
        grad = grad min(1, max_norm / (norm + 1e-6))                         in place; its direction stays

    Returns the norm before, a scalar Tensor on the gradients' device: nothing is read, so that nobody waits for a GPU.
    Parameters without a gradient do not count. norm_type is above 0, or infinite (the largest magnitude); max_norm is
    at least 0, and infinite where only the norm is wanted. Raises ValueError otherwise.
    Source: Pascanu et al., "On the difficulty of training recurrent neural networks", 2013, section 3.2, as in PyTorch.
    """
    if max_norm != math.inf:
        max_norm = arguments.number("clip_grad_norm_", "max_norm", max_norm)
    if norm_type != math.inf and arguments.number("clip_grad_norm_", "norm_type", norm_type) == 0:
        raise ValueError("clip_grad_norm_: norm_type is 0, expected a number above 0")
    listed = [parameters] if isinstance(parameters, Tensor) else list(parameters)
    gradients = [p.grad for p in listed if p.grad is not None]
    if not gradients:
        return Tensor(0.0)
    xp = backend.module_of(*gradients)
    with backend.on_device_of(gradients[0]):
        norm = _norm(xp, xp.stack([_norm(xp, gradient, norm_type) for gradient in gradients]), norm_type)
        scale = xp.minimum(max_norm / (norm + 1e-6), 1)
        for gradient in gradients:
            gradient *= scale
    return Tensor(norm)


def _norm(xp: Any, x: Array, p: float) -> Array:
    """The p-norm of all elements, a number still on their device."""
    if p == math.inf:
        return abs(x).max()
    return xp.sqrt((x * x).sum()) if p == 2 else (abs(x) ** p).sum() ** (1 / p)
