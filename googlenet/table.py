"""Table 1 of the paper as data, and the presets: the few choices in which published GoogLeNets differ.

Source: Szegedy et al., "Going Deeper with Convolutions", arXiv 1409.4842.
"""

from __future__ import annotations

from typing import NamedTuple


class InceptionRow(NamedTuple):
    """The channels of one Inception block, in the order and under the names of Table 1 (red: the 1x1 reduction)."""

    in_channels: int
    ch1x1: int
    ch3x3red: int
    ch3x3: int
    ch5x5red: int
    ch5x5: int
    pool_proj: int

    @property
    def out_channels(self) -> int:
        return self.ch1x1 + self.ch3x3 + self.ch5x5 + self.pool_proj


INCEPTION = {
    #                       in  1x1 3x3r  3x3 5x5r  5x5 pool proj
    "3a": InceptionRow(192,  64,  96, 128, 16,  32,  32),
    "3b": InceptionRow(256, 128, 128, 192, 32,  96,  64),
    "4a": InceptionRow(480, 192,  96, 208, 16,  48,  64),
    "4b": InceptionRow(512, 160, 112, 224, 24,  64,  64),
    "4c": InceptionRow(512, 128, 128, 256, 24,  64,  64),
    "4d": InceptionRow(512, 112, 144, 288, 32,  64,  64),
    "4e": InceptionRow(528, 256, 160, 320, 32, 128, 128),
    "5a": InceptionRow(832, 256, 160, 320, 32, 128, 128),
    "5b": InceptionRow(832, 384, 192, 384, 48, 128, 128),
}  # fmt: skip


class TableRow(NamedTuple):
    """One line of Table 1: where it is in our network, its output (H, W, C) at 224x224, and what the paper counts.

    The paper's params and ops are rounded and do not all add up: K is 1024 in some rows, a 7x7 convolution of 3 to 64
    channels has 9,472 parameters, not 2.7K, and 4a to 5a differ by up to 9 %. So they stand here as printed. `params`
    is counted: weights and biases.
    """

    name: str
    patch_stride: str
    output: tuple[int, int, int]
    params_paper: str
    ops_paper: str
    params: int


TABLE_1 = [
    TableRow("conv1",       "7x7/2", (112, 112, 64),  "2.7K",  "34M",  9_472),
    TableRow("maxpool1",    "3x3/2", (56, 56, 64),    "",      "",     0),
    TableRow("conv2",       "1x1/1", (56, 56, 64),    "",      "",     4_160),  # "#3x3 reduce" of the next line
    TableRow("conv3",       "3x3/1", (56, 56, 192),   "112K",  "360M", 110_784),
    TableRow("maxpool2",    "3x3/2", (28, 28, 192),   "",      "",     0),
    TableRow("inception3a", "",      (28, 28, 256),   "159K",  "128M", 163_696),
    TableRow("inception3b", "",      (28, 28, 480),   "380K",  "304M", 388_736),
    TableRow("maxpool3",    "3x3/2", (14, 14, 480),   "",      "",     0),
    TableRow("inception4a", "",      (14, 14, 512),   "364K",  "73M",  376_176),
    TableRow("inception4b", "",      (14, 14, 512),   "437K",  "88M",  449_160),
    TableRow("inception4c", "",      (14, 14, 512),   "463K",  "100M", 510_104),
    TableRow("inception4d", "",      (14, 14, 528),   "580K",  "119M", 605_376),
    TableRow("inception4e", "",      (14, 14, 832),   "840K",  "170M", 868_352),
    TableRow("maxpool4",    "3x3/2", (7, 7, 832),     "",      "",     0),
    TableRow("inception5a", "",      (7, 7, 832),     "1072K", "54M",  1_043_456),
    TableRow("inception5b", "",      (7, 7, 1024),    "1388K", "71M",  1_444_080),
    TableRow("avgpool",     "7x7/1", (1, 1, 1024),    "",      "",     0),
    TableRow("fc",          "",      (1, 1, 1000),    "1000K", "1M",   1_025_000),
]  # fmt: skip
