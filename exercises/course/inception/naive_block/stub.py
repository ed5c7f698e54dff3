"""naive_block: python -m exercises show naive_block"""

from minicnn import nn


class NaiveInception(nn.Module):
    """1x1, 3x3 and 5x5 convolutions and a 3x3 max pool of the same input, side by side (Figure 2a).

    x (N, in_channels, H, W) -> (N, ch1x1 + ch3x3 + ch5x5 + in_channels, H, W), in this order.
    A ReLU follows every convolution. What you call your layers is up to you.
    """

    def __init__(self, in_channels, ch1x1, ch3x3, ch5x5):
        raise NotImplementedError("make the layers of the four branches; all of them keep the height and width of x")

    def forward(self, x):
        raise NotImplementedError("return the four branches' outputs, concatenated along the channels")
