"""The auxiliary head: a small classifier in the middle of the network, for training only."""

from __future__ import annotations

import minicnn.functional as F
from googlenet.inception import BasicConv2d
from minicnn import nn
from minicnn.tensor import Tensor


class AuxiliaryHead(nn.Module):
    """Average pool, 1x1 convolution to 128, two linear layers: logits from the features of an inner block.

    Its loss sends a gradient into the lower half of the network that has not come through the upper half.
    x (N, in_channels, H, W) -> (N, num_classes).

    At 14x14 the paper pools 5x5/3, to 4x4. For sizes at which that does not give 4x4 the pool adapts, so that the head
    has the same weights for every input. Source: section 5 of the paper.

    Variants: `pool` "adaptive" adapts at 14x14 too (torchvision); `size` is what there is in place of 4, and
    `first_dropout` stands before the first linear layer (preset `mnist`).
    """

    def __init__(
        self,
        in_channels: int,
        num_classes: int,
        dropout: float = 0.7,
        batch_norm: bool = False,
        *,
        pool: str = "5x5/3",
        size: int = 4,
        first_dropout: float = 0.0,
    ) -> None:
        self.pool, self.size = pool, size
        self.conv = BasicConv2d(in_channels, 128, 1, batch_norm=batch_norm)
        self.first_dropout = nn.Dropout(first_dropout) if first_dropout else None
        self.fc1 = nn.Linear(128 * size * size, 1024)
        self.dropout = nn.Dropout(dropout)
        self.fc2 = nn.Linear(1024, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        fits = self.pool == "5x5/3" and all((side - 5) // 3 + 1 == self.size for side in x.shape[2:])
        x = F.avg_pool2d(x, 5, stride=3) if fits else F.adaptive_avg_pool2d(x, self.size)
        x = F.flatten(self.conv(x))
        x = self.first_dropout(x) if self.first_dropout else x
        x = F.relu(self.fc1(x), inplace=True)
        return self.fc2(self.dropout(x))
