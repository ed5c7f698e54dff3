"""Initial weights. Each function fills a tensor in place, from the generator that `manual_seed` sets, and returns it.

Fan-in is the number of inputs that one output adds up (C * KH * KW for a convolution), fan-out the number of outputs
that one input acts on.
"""

from __future__ import annotations

import math

import numpy as np

from minicnn import backend, rng
from minicnn.functional import checks
from minicnn.tensor import Tensor


def fans(tensor: Tensor) -> tuple[int, int]:
    """(fan-in, fan-out) of a weight (out, in) or (out, in, KH, KW). Raises ValueError for fewer than two axes."""
    if checks.tensor("init", "tensor", tensor).ndim < 2:
        raise ValueError(
            f"init: a weight of shape {tensor.shape} has no fan-in, expected (out, in) or (out, in, KH, KW)"
        )
    out, inputs, *kernel = tensor.shape
    return inputs * math.prod(kernel), out * math.prod(kernel)


def constant_(tensor: Tensor, val: float) -> Tensor:
    """Every element `val`."""
    checks.tensor("init", "tensor", tensor).data[...] = val
    return tensor


def zeros_(tensor: Tensor) -> Tensor:
    """Every element 0."""
    return constant_(tensor, 0)


def ones_(tensor: Tensor) -> Tensor:
    """Every element 1."""
    return constant_(tensor, 1)


def normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0) -> Tensor:
    """Normal distribution."""
    checks.tensor("init", "tensor", tensor)
    return _fill(tensor, mean + std * rng.next_generator().standard_normal(tensor.shape))


def uniform_(tensor: Tensor, a: float = 0.0, b: float = 1.0) -> Tensor:
    """Uniform distribution from a to b."""
    checks.tensor("init", "tensor", tensor)
    return _fill(tensor, rng.next_generator().uniform(a, b, tensor.shape))


def kaiming_normal_(tensor: Tensor) -> Tensor:
    """Normal with variance 2 / fan-in.

    An output is a sum of fan-in products, so this gives it twice the mean square of the inputs, and the ReLU that
    follows, which is 0 half of the time, halves that again: the signal keeps its size through any number of layers.
    Source: He et al., "Delving Deep into Rectifiers", arXiv 1502.01852, equation 10.
    """
    return normal_(tensor, std=math.sqrt(2 / fans(tensor)[0]))


def kaiming_uniform_(tensor: Tensor, a: float = 0.0) -> Tensor:
    """Uniform with variance 2 / ((1 + a^2) fan-in), for a leaky ReLU of slope `a` (He et al., equation 15)."""
    bound = math.sqrt(3) * math.sqrt(2 / ((1 + a * a) * fans(tensor)[0]))
    return uniform_(tensor, -bound, bound)


def xavier_normal_(tensor: Tensor) -> Tensor:
    """Normal with variance 2 / (fan-in + fan-out) (Glorot, Bengio, 2010, equation 12)."""
    return normal_(tensor, std=math.sqrt(2 / sum(fans(tensor))))


def xavier_uniform_(tensor: Tensor) -> Tensor:
    """Uniform with variance 2 / (fan-in + fan-out) (Glorot, Bengio, 2010, equation 16)."""
    bound = math.sqrt(6 / sum(fans(tensor)))
    return uniform_(tensor, -bound, bound)


def _fill(tensor: Tensor, values: np.ndarray) -> Tensor:
    tensor.data[...] = backend.to_device(values.astype(tensor.dtype), tensor.device)
    return tensor
