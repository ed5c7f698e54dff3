"""The Inception block: several kernel sizes side by side, so that the next layer sees several scales at once."""

from __future__ import annotations

import minicnn.functional as F
from minicnn import nn
from minicnn.tensor import Tensor


class BasicConv2d(nn.Module):
    """Convolution, then ReLU; with `batch_norm` between them, which brings its own bias.

    x (N, in_channels, H, W) -> (N, out_channels, OH, OW).
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        stride: int = 1,
        padding: int = 0,
        batch_norm: bool = False,
    ) -> None:
        alone = not batch_norm
        self.conv = nn.Conv2d(in_channels, out_channels, kernel_size, stride, padding, bias=alone, relu=alone)
        self.bn = nn.BatchNorm2d(out_channels, eps=1e-3) if batch_norm else None

    def forward(self, x: Tensor) -> Tensor:
        if self.bn is None:
            return self.conv(x)  # with its ReLU
        return F.relu(self.bn(self.conv(x)), inplace=True)  # safe: batch norm does not keep its output


class Inception(nn.Module):
    """The block with dimension reductions, Figure 2b of the paper.

        x --+-- 1x1 -------------------+
            +-- 1x1 reduce -- 3x3 -----+-- concatenated channels
            +-- 1x1 reduce -- 5x5 -----+
            +-- max pool 3x3 -- 1x1 ---+

    x (N, in_channels, H, W) -> (N, ch1x1 + ch3x3 + ch5x5 + pool_proj, H, W).

    A 1x1 convolution in front of an expensive one mixes the channels into fewer first. 64 kernels of 5x5 on 512
    channels are 819,200 weights; through 24 kernels of 1x1 they are 12,288 + 38,400 = 50,688.

    Variants: 3x3 kernels in place of the 5x5 (`kernel_5x5`; torchvision), a ReLU after the pool (`pool_relu`).
    """

    def __init__(
        self,
        in_channels: int,
        ch1x1: int,
        ch3x3red: int,
        ch3x3: int,
        ch5x5red: int,
        ch5x5: int,
        pool_proj: int,
        batch_norm: bool = False,
        *,
        kernel_5x5: int = 5,
        pool_relu: bool = False,
    ) -> None:
        self.out_channels = ch1x1 + ch3x3 + ch5x5 + pool_proj
        self.branch1 = BasicConv2d(in_channels, ch1x1, 1, batch_norm=batch_norm)
        self.branch2 = nn.Sequential(
            BasicConv2d(in_channels, ch3x3red, 1, batch_norm=batch_norm),
            BasicConv2d(ch3x3red, ch3x3, 3, padding=1, batch_norm=batch_norm),
        )
        self.branch3 = nn.Sequential(
            BasicConv2d(in_channels, ch5x5red, 1, batch_norm=batch_norm),
            BasicConv2d(ch5x5red, ch5x5, kernel_5x5, padding=kernel_5x5 // 2, batch_norm=batch_norm),
        )
        self.branch4 = nn.Sequential(
            branch_pool(pool_relu),
            BasicConv2d(in_channels, pool_proj, 1, batch_norm=batch_norm),
        )

    def forward(self, x: Tensor) -> Tensor:
        return F.concat([self.branch1(x), self.branch2(x), self.branch3(x), self.branch4(x)], axis=1)


class NaiveInception(nn.Module):
    """The block without reductions, Figure 2a: 1x1, 3x3, 5x5 and the pooled input itself, concatenated.

    x (N, in_channels, H, W) -> (N, ch1x1 + ch3x3 + ch5x5 + in_channels, H, W). Every block has more channels than the
    one before, and its 3x3 and 5x5 kernels see all of them: that is what the reductions are for.
    """

    def __init__(
        self,
        in_channels: int,
        ch1x1: int,
        ch3x3: int,
        ch5x5: int,
        batch_norm: bool = False,
        *,
        kernel_5x5: int = 5,
        pool_relu: bool = False,
    ) -> None:
        self.out_channels = ch1x1 + ch3x3 + ch5x5 + in_channels
        self.branch1 = BasicConv2d(in_channels, ch1x1, 1, batch_norm=batch_norm)
        self.branch2 = BasicConv2d(in_channels, ch3x3, 3, padding=1, batch_norm=batch_norm)
        self.branch3 = BasicConv2d(in_channels, ch5x5, kernel_5x5, padding=kernel_5x5 // 2, batch_norm=batch_norm)
        self.branch4 = branch_pool(pool_relu)

    def forward(self, x: Tensor) -> Tensor:
        return F.concat([self.branch1(x), self.branch2(x), self.branch3(x), self.branch4(x)], axis=1)


def branch_pool(relu: bool) -> nn.Module:
    """The max pool of the last branch. With a ReLU after it, it is still one module, so that no name changes."""
    pool = nn.MaxPool2d(3, stride=1, padding=1)
    return nn.Sequential(pool, nn.ReLU()) if relu else pool
