"""What each branch of each Inception block costs, and what it would cost without its 1x1 reduction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from googlenet.inception import Inception, NaiveInception
from googlenet.tables.layers import Call, inside, multiply_adds, weights
from minicnn import nn


@dataclass(frozen=True)
class Branch:
    """One path through a block: the weights of its convolutions, in order, and its multiply-adds for one image.

    `..._without`: of the branch in Figure 2a of the paper, where the same kernels see all channels of the block's
    input, and the pooled input is passed on as it is.
    """

    name: str
    weights: list[int]
    multiply_adds: int
    weights_without: int
    multiply_adds_without: int


@dataclass(frozen=True)
class Block:
    """An Inception block: its name, pixels along a side, channels before and behind it (without: Figure 2a), branches.

    `total` is the sum of the branches, in the form of a branch.
    """

    name: str
    size: int
    in_channels: int
    out_channels: int
    out_channels_without: int
    branches: list[Branch]
    total: Branch


def branch(layers: Sequence[Call]) -> Branch:
    """From the calls of its modules; each convolution belongs to the block, the first one sees all its channels."""
    convolutions = [call for call in layers if isinstance(call.module, nn.Conv2d)]
    own = [weights(call.module) for call in convolutions]
    operations = sum(map(multiply_adds, convolutions))
    if any(isinstance(call.module, nn.MaxPool2d) for call in layers):
        return Branch("pool", own, operations, 0, 0)
    last = convolutions[-1]
    outputs, _, *kernel = last.module.weight.shape
    without = outputs * layers[0].input_shape[0] * kernel[0] * kernel[1]
    pixels = last.output_shape[1] * last.output_shape[2]
    return Branch(f"{kernel[0]}x{kernel[1]}", own, operations, without, without * pixels)


def blocks(calls: Sequence[Call]) -> list[Block]:
    """Every block of the walk, with its branches."""
    found = []
    for call in calls:
        if isinstance(call.module, Inception | NaiveInception):
            own = [c for c in calls if inside(c, call.name) and c.name != call.name]
            names = [f"{call.name}.{name}" for name, _ in call.module.named_children()]
            branches = [branch([c for c in own if inside(c, name)]) for name in names]
            total = Branch(
                "in all",
                [sum(sum(b.weights) for b in branches)],
                sum(b.multiply_adds for b in branches),
                sum(b.weights_without for b in branches),
                sum(b.multiply_adds_without for b in branches),
            )
            inputs, outputs = call.input_shape[0], call.output_shape[0]
            pooled = [c for c in own if inside(c, names[-1])][-1].output_shape[0]
            without = outputs - pooled + inputs
            found.append(Block(call.name, call.output_shape[1], inputs, outputs, without, branches, total))
    return found
