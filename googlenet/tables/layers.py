"""A walk through the live network: which module was called with what, and what it cost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from minicnn import nn
from minicnn.tensor import Tensor, no_grad

CONVENTION = (
    "One multiply-add is one product and its addition (a MAC; two FLOP). Convolutions and linear layers are counted, "
    "with the zeros of the padding; biases, pools and normalizations are not."
)


@dataclass(frozen=True)
class Call:
    """A module as it was called: its path in the network, and the shapes of one image before and behind it."""

    name: str
    module: Any  # an nn.Module
    input_shape: tuple[int, ...]
    output_shape: tuple[int, ...]


def walk(network: nn.Module, image: tuple[int, ...]) -> list[Call]:
    """Send zeros of shape `image`, (C, H, W), through the network; every call in it, in the order of their ends.

    So what is inside a module stands before it. In the mode that the network is in: only in training has it heads.
    Running statistics and random state move as in any forward: for a network that was made for this walk.
    """
    calls: list[Call] = []

    def hook(name: str) -> Callable[[nn.Module, tuple, Any], None]:
        def record(module: nn.Module, inputs: tuple, output: Any) -> None:
            calls.append(Call(name, module, inputs[0].shape[1:], output.shape[1:]))

        return record

    remove = [module.register_forward_hook(hook(name)) for name, module in network.named_modules() if name]
    try:
        with no_grad():
            network(Tensor(np.zeros((2, *image), np.float32)))  # two images: batch norm has no spread in one
    finally:
        for take_away in remove:
            take_away()
    return calls


def own_params(module: nn.Module) -> int:
    """Weights and biases that are the module's own, not those of modules inside it."""
    return sum(value.data.size for value in vars(module).values() if isinstance(value, nn.Parameter))


def weights(module: nn.Module) -> int:
    """The weights of a convolution or linear layer, without its biases; 0 for any other module."""
    return module.weight.data.size if isinstance(module, nn.Conv2d | nn.Linear) else 0


def multiply_adds(call: Call) -> int:
    """For one image: each weight of a convolution is used once at every output pixel, one of a linear layer once."""
    pixels = call.output_shape[1:] if isinstance(call.module, nn.Conv2d) else ()
    return weights(call.module) * int(np.prod(pixels, dtype=int))


def inside(call: Call, name: str) -> bool:
    """Whether this is a call of the module of that name, or of one in it."""
    return f"{call.name}.".startswith(f"{name}.")
