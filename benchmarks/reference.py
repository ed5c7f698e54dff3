"""GoogLeNet in PyTorch, written from Table 1 of the paper: what minicnn is measured against, and checked against.

It shares no code with `googlenet/`, so that a mistake there is not repeated here. Modules carry torchvision's names,
so that a state dict fits both.
Source: Szegedy et al., "Going Deeper with Convolutions", 2014, arXiv 1409.4842.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class BasicConv2d(nn.Module):
    """Convolution, batch normalization where the preset has it, ReLU."""

    def __init__(self, in_channels: int, out_channels: int, kernel: int, stride: int, padding: int, batchnorm: bool):
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, kernel, stride, padding, bias=not batchnorm)
        self.bn = nn.BatchNorm2d(out_channels, eps=1e-3) if batchnorm else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.bn(self.conv(x)), inplace=True)


class Inception(nn.Module):
    """Four branches side by side, joined along the channels (Figure 2b)."""

    def __init__(self, n_in: int, n1: int, n3r: int, n3: int, n5r: int, n5: int, n_pool: int, batchnorm: bool):
        super().__init__()

        def conv(ins: int, outs: int, kernel: int) -> BasicConv2d:
            return BasicConv2d(ins, outs, kernel, 1, kernel // 2, batchnorm)

        self.branch1 = conv(n_in, n1, 1)
        self.branch2 = nn.Sequential(conv(n_in, n3r, 1), conv(n3r, n3, 3))
        self.branch3 = nn.Sequential(conv(n_in, n5r, 1), conv(n5r, n5, 5))
        self.branch4 = nn.Sequential(nn.MaxPool2d(3, 1, padding=1), conv(n_in, n_pool, 1))

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([self.branch1(x), self.branch2(x), self.branch3(x), self.branch4(x)], dim=1)


class AuxiliaryHead(nn.Module):
    """A small classifier on 4a's and 4d's outputs, used in training only."""

    def __init__(self, in_channels: int, num_classes: int, batchnorm: bool):
        super().__init__()
        self.conv = BasicConv2d(in_channels, 128, 1, 1, 0, batchnorm)
        self.fc1 = nn.Linear(128 * 4 * 4, 1024)
        self.fc2 = nn.Linear(1024, num_classes)
        self.dropout = nn.Dropout(0.7)

    def forward(self, x: Tensor) -> Tensor:
        # 5x5/3 is the paper's pool, made for 14x14; other sizes are brought to the 4x4 that fc1 needs.
        fits = all((size - 5) // 3 + 1 == 4 for size in x.shape[2:])
        x = F.avg_pool2d(x, 5, 3) if fits else F.adaptive_avg_pool2d(x, 4)
        x = F.relu(self.fc1(self.conv(x).flatten(1)), inplace=True)
        logits: Tensor = self.fc2(self.dropout(x))
        return logits


class GoogLeNet(nn.Module):
    """preset "plain": no normalization; "paper": LRN, and pool4 3x3; "batchnorm": after every convolution."""

    def __init__(self, num_classes: int = 1000, preset: str = "plain", aux_heads: bool = True, in_channels: int = 3):
        super().__init__()
        batchnorm = preset == "batchnorm"
        self.norm = nn.LocalResponseNorm(5, alpha=1e-4, beta=0.75, k=1.0) if preset == "paper" else nn.Identity()
        self.conv1 = BasicConv2d(in_channels, 64, 7, 2, 3, batchnorm)
        self.conv2 = BasicConv2d(64, 64, 1, 1, 0, batchnorm)
        self.conv3 = BasicConv2d(64, 192, 3, 1, 1, batchnorm)
        # Table 1: channels in; #1x1; #3x3 reduce, #3x3; #5x5 reduce, #5x5; pool proj.
        self.inception3a = Inception(192, 64, 96, 128, 16, 32, 32, batchnorm)
        self.inception3b = Inception(256, 128, 128, 192, 32, 96, 64, batchnorm)
        self.inception4a = Inception(480, 192, 96, 208, 16, 48, 64, batchnorm)
        self.inception4b = Inception(512, 160, 112, 224, 24, 64, 64, batchnorm)
        self.inception4c = Inception(512, 128, 128, 256, 24, 64, 64, batchnorm)
        self.inception4d = Inception(512, 112, 144, 288, 32, 64, 64, batchnorm)
        self.inception4e = Inception(528, 256, 160, 320, 32, 128, 128, batchnorm)
        self.inception5a = Inception(832, 256, 160, 320, 32, 128, 128, batchnorm)
        self.inception5b = Inception(832, 384, 192, 384, 48, 128, 128, batchnorm)
        self.pool = nn.MaxPool2d(3, 2, ceil_mode=True)
        self.pool4 = nn.MaxPool2d(3 if preset == "paper" else 2, 2, ceil_mode=True)
        self.aux1 = AuxiliaryHead(512, num_classes, batchnorm) if aux_heads else None
        self.aux2 = AuxiliaryHead(528, num_classes, batchnorm) if aux_heads else None
        self.dropout = nn.Dropout(0.4)
        self.fc = nn.Linear(1024, num_classes)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor | None, Tensor | None]:
        """Images (N, in_channels, H, W) to logits (N, num_classes): main, aux1, aux2; None for a head not in use."""
        x = self.norm(self.pool(self.conv1(x)))
        x = self.pool(self.norm(self.conv3(self.conv2(x))))
        x = self.pool(self.inception3b(self.inception3a(x)))
        x = self.inception4a(x)
        aux1 = self.aux1(x) if self.aux1 is not None and self.training else None
        x = self.inception4d(self.inception4c(self.inception4b(x)))
        aux2 = self.aux2(x) if self.aux2 is not None and self.training else None
        x = self.pool4(self.inception4e(x))
        x = self.inception5b(self.inception5a(x))
        x = F.adaptive_avg_pool2d(x, 1).flatten(1)
        return self.fc(self.dropout(x)), aux1, aux2


def loss(output: tuple[Tensor, Tensor | None, Tensor | None], targets: Tensor) -> Tensor:
    """Main + 0.3 (aux1 + aux2), each a softmax cross-entropy."""
    main, aux1, aux2 = output
    total = F.cross_entropy(main, targets)
    for logits in (aux1, aux2):
        if logits is not None:
            total = total + 0.3 * F.cross_entropy(logits, targets)
    return total
