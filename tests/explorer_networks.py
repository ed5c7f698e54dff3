"""Networks for the tests of the explorer, that run in no time."""

import functools
from dataclasses import replace

import numpy as np
import pytest

import minicnn as mc
import minicnn.functional as F
from googlenet import GoogLeNet
from googlenet.explorer.run import Run, run_network
from googlenet.inception import BasicConv2d, Inception
from googlenet.model import GoogLeNetOutput, SummedOutput, between_minus_1_and_1
from googlenet.presets import Preset, presets
from googlenet.table import INCEPTION
from minicnn import nn

CLASSES = ("roses", "daisy", "tulips")


def narrow_googlenet(num_classes: int, preset: str | Preset, in_channels: int = 3, aux_heads: bool = True) -> GoogLeNet:
    """GoogLeNet with an eighth of the channels in its blocks: the same operations in a tenth of the time."""
    rows, channels = {}, 192
    for name, row in INCEPTION.items():
        rows[name] = row._make([channels, *(n // 8 for n in row[1:])])
        channels = rows[name].out_channels
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("googlenet.model.INCEPTION", rows)
        return GoogLeNet(num_classes, preset, in_channels, aux_heads)


class Small(nn.Module):
    """Every operation that the presets have, in a few layers of a few channels with the names of the large network.

    x (N, channels, H, W), 8x8 or larger -> logits of three classes; heads as the preset says.
    """

    def __init__(self, preset: Preset = presets["paper"], heads: bool = True, channels: int = 3) -> None:
        self.preset = preset
        self.conv1 = BasicConv2d(channels, 7, 5, stride=2, padding=2, batch_norm=preset.batch_norm)
        self.norm1 = nn.LocalResponseNorm(5, alpha=0.5)
        self.maxpool1 = nn.MaxPool2d(3, stride=2, ceil_mode=True)
        self.inception3a = Inception(7, 2, 3, 4, 2, 3, 2, batch_norm=True)
        self.aux1, self.aux2 = (small_head(), small_head()) if heads else (None, None)
        self.inception5b = Inception(11, 3, 4, 4, 2, 3, 2)
        self.fc = nn.Linear(12, len(CLASSES))

    def forward(self, x, heads=None):
        x = between_minus_1_and_1(x) if self.preset.transform_input else x
        x = self.inception3a(self.maxpool1(self.norm1(self.conv1(x))))
        aux = [None, None]
        if heads and self.aux1:
            pooled = F.adaptive_avg_pool2d(F.avg_pool2d(x, 2, stride=1), 2)
            aux = [self.aux1(pooled), self.aux2(pooled)]
        logits = self.fc(F.flatten(F.adaptive_avg_pool2d(self.inception5b(x), 1)))
        return (SummedOutput if self.preset.sum_logits else GoogLeNetOutput)(logits, *aux) if heads else logits


def small_head() -> nn.Sequential:
    """(N, 11, 2, 2) -> logits of three classes."""
    return nn.Sequential(
        nn.Conv2d(11, 3, 1, relu=True), nn.Flatten(), nn.Linear(12, 5), nn.ReLU(), nn.Linear(5, len(CLASSES))
    )


@functools.cache
def made(preset: str = "paper", heads: bool = True, channels: int = 3, label: int | None = None) -> tuple[Small, Run]:
    """A network and its run, of a picture of 8x8, once each: not to be changed."""
    mc.manual_seed(3)
    model = Small(presets[preset], heads, channels)
    x = np.random.default_rng(0).standard_normal((1, channels, 8, 8)).astype(np.float32)
    return model, run_network(model, x, label)


@functools.cache
def small_run(preset: str = "paper", heads: bool = True) -> Run:
    """Of a picture of 15x16 that has ties for the max pool in it, label 2; batch norm has seen other pictures."""
    mc.manual_seed(3)
    model = Small(replace(presets[preset], transform_input=True), heads)
    for bn in (m for m in model.modules() if isinstance(m, nn.BatchNorm2d)):
        for values in (bn.running_mean, bn.running_var, bn.weight, bn.bias):
            values.data[...] = np.random.default_rng(len(values.data)).uniform(0.5, 1.5, values.data.shape)
    x = np.random.default_rng(0).standard_normal((1, 3, 15, 16)).astype(np.float32)
    x[0, :, 4:10, 5:11] = 1.5
    return run_network(model, x, 2)
