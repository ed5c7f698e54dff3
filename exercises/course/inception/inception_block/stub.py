"""inception_block: python -m exercises show inception_block"""

from minicnn import nn


class Inception(nn.Module):
    """The block with dimension reductions (Figure 2b).

    x (N, in_channels, H, W) -> (N, ch1x1 + ch3x3 + ch5x5 + pool_proj, H, W).
    The layers are BasicConv2d(in_channels, out_channels, kernel_size, padding=0, batch_norm=False), from
    googlenet.inception: a convolution with its ReLU. Their names, which make those of the weights:
    branch1: a BasicConv2d; branch2, branch3: nn.Sequential of two of them; branch4: nn.Sequential of pool and one.
    """

    def __init__(self, in_channels, ch1x1, ch3x3red, ch3x3, ch5x5red, ch5x5, pool_proj, batch_norm=False):
        raise NotImplementedError("make branch1 to branch4; hand batch_norm on to every BasicConv2d")

    def forward(self, x):
        raise NotImplementedError("return the four branches' outputs, concatenated along the channels")
