"""A solution of naive_block."""

import minicnn.functional as F
from minicnn import nn


class NaiveInception(nn.Module):
    def __init__(self, in_channels, ch1x1, ch3x3, ch5x5):
        self.conv1x1 = nn.Conv2d(in_channels, ch1x1, 1)
        self.conv3x3 = nn.Conv2d(in_channels, ch3x3, 3, padding=1)
        self.conv5x5 = nn.Conv2d(in_channels, ch5x5, 5, padding=2)
        self.pool = nn.MaxPool2d(3, stride=1, padding=1)

    def forward(self, x):
        one, three, five = F.relu(self.conv1x1(x)), F.relu(self.conv3x3(x)), F.relu(self.conv5x5(x))
        return F.concat([one, three, five, self.pool(x)], axis=1)
