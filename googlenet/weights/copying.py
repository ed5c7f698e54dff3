"""Only what fits: convolutions are copied where their shapes agree, the rest of the network stays new.

That is what people do by hand who want a warm start from torchvision's weights in the paper's network: its 5x5 kernels
stay new, because torchvision's are 3x3, and batch norm is dropped, so that what the kernels give is no longer scaled as
it was. `conversion.py` loses neither; `import --mode copy` is there to compare.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from googlenet.model import GoogLeNet


class Copied(NamedTuple):
    """What became of one layer of the network."""

    name: str  # inception3a.branch3.1.conv
    taken: bool  # its weights, at least
    why: str  # what was taken, or why nothing was
    numbers: int  # how many numbers were taken


def copy_into(model: GoogLeNet, state: Mapping[str, np.ndarray]) -> list[Copied]:
    """Copy weights, and biases where there are any, of the convolutions whose shapes agree; a report layer by layer."""
    own = model.state_dict()
    report = []
    for layer in [name.removesuffix(".weight") for name in own if name.endswith(".weight")]:
        arrays = {
            name: state[name]
            for name in (f"{layer}.weight", f"{layer}.bias")
            if name in own and name in state and state[name].shape == own[name].shape
        }
        taken = layer.endswith(".conv") and f"{layer}.weight" in arrays
        if taken:
            model.load_state_dict(arrays, strict=False)
            why = "weights and biases" if len(arrays) == 2 else "weights"
            if f"{layer}.bias" in own and len(arrays) == 1:
                why += "; the file has no biases"
        else:
            why = why_not(layer, own[f"{layer}.weight"].shape, state)
        report.append(Copied(layer, taken, why, sum(array.size for array in arrays.values()) if taken else 0))
    return report


def why_not(layer: str, shape: tuple[int, ...], state: Mapping[str, np.ndarray]) -> str:
    """Why a layer stays new."""
    if layer.endswith(".bn"):
        return "batch norm: not copied"
    if not layer.endswith(".conv"):
        return "no convolution"
    if f"{layer}.weight" not in state:
        return "the file has no such layer"
    return f"{by(shape)} here, {by(state[f'{layer}.weight'].shape)} in the file"


def by(shape: tuple[int, ...]) -> str:
    """A shape as it is written in lines: 64x3x7x7."""
    return "x".join(map(str, shape))


def left_over(model: GoogLeNet, state: Mapping[str, np.ndarray]) -> list[str]:
    """The layers of the file that the network does not have at all: batch norms, mostly."""
    own = model.state_dict()
    return [name.removesuffix(".weight") for name in state if name.endswith(".weight") and name not in own]
