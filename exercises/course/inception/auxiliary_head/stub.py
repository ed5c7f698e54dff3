"""auxiliary_head: python -m exercises show auxiliary_head"""

from minicnn import nn


class AuxiliaryHead(nn.Module):
    """A small classifier in the middle of the network: x (N, in_channels, H, W) -> logits (N, num_classes).

    1. average pool 5x5/3, which gives 4x4 where H and W are 14 to 16; elsewhere F.adaptive_avg_pool2d(x, 4)
    2. conv: a BasicConv2d (googlenet.inception) with a 1x1 kernel to 128 channels; it gets batch_norm=batch_norm
    3. fc1: nn.Linear to 1024, then a ReLU
    4. dropout, in training alone
    5. fc2: nn.Linear to num_classes
    """

    def __init__(self, in_channels, num_classes, dropout=0.7, batch_norm=False):
        raise NotImplementedError("make conv, fc1 and fc2 (the names make those of the weights), and the dropout")

    def forward(self, x):
        raise NotImplementedError("return the logits (N, num_classes)")
