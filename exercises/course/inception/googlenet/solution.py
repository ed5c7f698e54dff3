"""A solution of googlenet."""

import minicnn.functional as F
from googlenet import AuxiliaryHead, GoogLeNetOutput, Inception
from googlenet.inception import BasicConv2d
from minicnn import nn

TABLE = {
    #      1x1 3x3r  3x3 5x5r  5x5 pool proj
    "3a": (64, 96, 128, 16, 32, 32),
    "3b": (128, 128, 192, 32, 96, 64),
    "4a": (192, 96, 208, 16, 48, 64),
    "4b": (160, 112, 224, 24, 64, 64),
    "4c": (128, 128, 256, 24, 64, 64),
    "4d": (112, 144, 288, 32, 64, 64),
    "4e": (256, 160, 320, 32, 128, 128),
    "5a": (256, 160, 320, 32, 128, 128),
    "5b": (384, 192, 384, 48, 128, 128),
}


class GoogLeNet(nn.Module):
    def __init__(self, num_classes=1000, in_channels=3, batch_norm=False, pool4=3):
        self.conv1 = BasicConv2d(in_channels, 64, 7, stride=2, padding=3, batch_norm=batch_norm)
        self.conv2 = BasicConv2d(64, 64, 1, batch_norm=batch_norm)
        self.conv3 = BasicConv2d(64, 192, 3, padding=1, batch_norm=batch_norm)
        channels = 192
        for name, (ch1x1, ch3x3red, ch3x3, ch5x5red, ch5x5, pool_proj) in TABLE.items():
            block = Inception(channels, ch1x1, ch3x3red, ch3x3, ch5x5red, ch5x5, pool_proj, batch_norm=batch_norm)
            setattr(self, f"inception{name}", block)
            channels = ch1x1 + ch3x3 + ch5x5 + pool_proj
        self.aux1 = AuxiliaryHead(512, num_classes, batch_norm=batch_norm)  # on 4a
        self.aux2 = AuxiliaryHead(528, num_classes, batch_norm=batch_norm)  # on 4d
        self.fc = nn.Linear(channels, num_classes)
        self.norm = nn.Sequential() if batch_norm else nn.LocalResponseNorm(5, alpha=1e-4, beta=0.75, k=1.0)
        self.pool = nn.MaxPool2d(3, stride=2, ceil_mode=True)
        self.pool4 = nn.MaxPool2d(pool4, stride=2, ceil_mode=True)
        self.dropout = nn.Dropout(0.4)

    def forward(self, x):
        x = self.norm(self.pool(self.conv1(x)))
        x = self.pool(self.norm(self.conv3(self.conv2(x))))
        x = self.pool(self.inception3b(self.inception3a(x)))
        x = self.inception4a(x)
        aux1 = self.aux1(x) if self.training else None
        x = self.inception4d(self.inception4c(self.inception4b(x)))
        aux2 = self.aux2(x) if self.training else None
        x = self.pool4(self.inception4e(x))
        x = self.inception5b(self.inception5a(x))
        logits = self.fc(self.dropout(F.flatten(F.adaptive_avg_pool2d(x, 1))))
        return GoogLeNetOutput(logits, aux1, aux2) if self.training else logits
