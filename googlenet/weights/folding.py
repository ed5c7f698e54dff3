"""The same numbers with fewer layers: batch norm folded into its convolution, a 3x3 kernel as a 5x5 one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

EPS = 1e-3  # of the batch norms in torchvision's GoogLeNet, and in ours
State = dict[str, np.ndarray]  # arrays by our names


def fold_batch_norms(state: State) -> State:
    """Every batch norm becomes a part of the convolution before it, which gets a bias.

    In evaluation batch norm is y = weight (x - mean) / sqrt(var + eps) + bias, a multiple of x and a constant, channel
    by channel; so is a convolution. Computed in float64, so that nothing is lost before the one rounding at the end.
    """
    folded = {name: array for name, array in state.items() if ".bn." not in name}
    for base in [name.removesuffix("bn.weight") for name in state if name.endswith(".bn.weight")]:
        weight, bias, mean, var = (
            state[f"{base}bn.{part}"].astype(np.float64) for part in ("weight", "bias", "running_mean", "running_var")
        )
        factor = weight / np.sqrt(var + EPS)
        kernels = state[f"{base}conv.weight"] * factor[:, None, None, None]
        folded[f"{base}conv.weight"] = kernels.astype(np.float32)
        folded[f"{base}conv.bias"] = (bias - mean * factor).astype(np.float32)
    return folded


def embed_kernels(state: State, size: int = 5) -> State:
    """The kernels of the 5x5 branch, where they are smaller, in the middle of size x size ones, zeros around them.

    The padding of such a convolution grows as its kernel does, so its outputs are the same.
    """
    return {name: embedded(array, size) if is_5x5(name) else array for name, array in state.items()}


def embedded(kernels: NDArray[np.float32], size: int) -> NDArray[np.float32]:
    """(out, in, k, k) in the middle of (out, in, size, size)."""
    around = (size - kernels.shape[2]) // 2
    return np.pad(kernels, ((0, 0), (0, 0), (around, around), (around, around)))


def is_5x5(name: str) -> bool:
    """Whether an array holds the kernels that are 5x5 in the paper."""
    return name.endswith("branch3.1.conv.weight")


def with_eps(state: State, eps: float) -> State:
    """Batch norms that were trained with another eps, for ours: their weights take up the difference.

    weight / sqrt(var + eps) stays what it was.
    """
    changed = dict(state)
    for name in [name for name in state if name.endswith(".bn.weight")]:
        var = state[name.removesuffix("weight") + "running_var"].astype(np.float64)
        changed[name] = (state[name] * np.sqrt((var + EPS) / (var + eps))).astype(np.float32)
    return changed


def absorb_biases(state: State) -> State:
    """The biases of convolutions before a batch norm, which need none: it subtracts the mean of all that comes in.

    So the mean takes up the bias: x + bias - mean = x - (mean - bias).
    """
    changed = dict(state)
    for name in [name for name in state if name.endswith(".bn.running_mean")]:
        bias = changed.pop(name.removesuffix("bn.running_mean") + "conv.bias", None)
        if bias is not None:
            changed[name] = state[name] - bias
    return changed
