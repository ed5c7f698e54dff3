"""googlenet: python -m exercises show googlenet"""

from minicnn import nn

TABLE = {
    #     1x1 3x3r  3x3 5x5r 5x5 pool proj
    "3a": (64, 96, 128, 16, 32, 32),
}  # the other eight rows are yours


class GoogLeNet(nn.Module):
    """The network of Table 1, with both auxiliary heads.

    x (N, in_channels, H, W), H and W at least 32. In training it returns GoogLeNetOutput(logits, aux1, aux2), Tensors
    (N, num_classes); in evaluation the logits alone. The layers that have weights are called conv1, conv2, conv3,
    inception3a ... inception5b, aux1, aux2, fc. From googlenet: Inception(in_channels, *six numbers, batch_norm=False),
    AuxiliaryHead(in_channels, num_classes, batch_norm=False), GoogLeNetOutput; from googlenet.inception:
    BasicConv2d(in_channels, out_channels, kernel_size, stride=1, padding=0, batch_norm=False).

    batch_norm: for all of these; then there is no local response norm. pool4: kernel of the last max pool, stride 2.
    """

    def __init__(self, num_classes=1000, in_channels=3, batch_norm=False, pool4=3):
        raise NotImplementedError("make the stem, the nine blocks of TABLE, both heads, and fc")

    def forward(self, x):
        raise NotImplementedError("return GoogLeNetOutput(logits, aux1, aux2) in training, else the logits")
