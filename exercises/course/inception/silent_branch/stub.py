"""silent_branch: python -m exercises show silent_branch

There is one mistake in this file. Find it, and mend it.
"""

import minicnn as mc
import minicnn.functional as F
from minicnn import nn


class Inception(nn.Module):
    """The block with dimension reductions (Figure 2b): x (N, in_channels, H, W) -> (N, all outputs, H, W)."""

    def __init__(self, in_channels, ch1x1, ch3x3red, ch3x3, ch5x5red, ch5x5, pool_proj):
        self.one = nn.Conv2d(in_channels, ch1x1, 1)
        self.reduce3 = nn.Conv2d(in_channels, ch3x3red, 1)
        self.three = nn.Conv2d(ch3x3red, ch3x3, 3, padding=1)
        self.reduce5 = nn.Conv2d(in_channels, ch5x5red, 1)
        self.five = nn.Conv2d(ch5x5red, ch5x5, 5, padding=2)
        self.projection = nn.Conv2d(in_channels, pool_proj, 1)

    def forward(self, x):
        branches = [
            F.relu(self.one(x)),
            F.relu(self.three(F.relu(self.reduce3(x)))),
            F.relu(self.five(F.relu(self.reduce5(x)))),
            F.relu(self.projection(self.pooled(x))),
        ]
        return F.concat(branches, axis=1)

    def pooled(self, x):
        """The largest of 3x3 pixels around each. A pool has no parameters."""
        with mc.no_grad():
            return F.max_pool2d(x, 3, stride=1, padding=1)
