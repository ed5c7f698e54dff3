"""Networks for the tests of the explorer, that run in no time, and what a page has of their numbers."""

from __future__ import annotations

import functools
import json
from typing import Any

import numpy as np
import pytest

import minicnn as mc
import minicnn.functional as F
from googlenet import GoogLeNet, Inception, presets
from googlenet.explorer.exact import exact_numbers
from googlenet.explorer.run import Run, run_network
from googlenet.model import GoogLeNetOutput, SummedOutput, between_minus_1_and_1
from googlenet.presets import Preset
from googlenet.table import INCEPTION
from minicnn import nn


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
    """Every operation that the presets have, in a few layers of a few channels."""

    def __init__(self, preset: str = "paper", heads: bool = True) -> None:
        self.preset = presets[preset]
        self.conv1 = nn.Conv2d(3, 7, 5, stride=2, padding=2, relu=True)
        self.norm1 = nn.LocalResponseNorm(5, alpha=0.5)
        self.pool = nn.MaxPool2d(3, stride=2, ceil_mode=True)
        self.block = Inception(7, 2, 3, 4, 2, 3, 2, batch_norm=True)
        self.aux_conv = nn.Conv2d(11, 3, 1, relu=True) if heads else None
        self.aux_fc1, self.aux_fc2 = nn.Linear(12, 5), nn.Linear(5, 4)
        self.last = Inception(11, 3, 4, 4, 2, 3, 2)
        self.fc = nn.Linear(12, 4)

    def forward(self, x, heads):
        x = self.block(self.pool(self.norm1(self.conv1(between_minus_1_and_1(x)))))
        aux1 = self.head(F.avg_pool2d(x, 2, stride=2)) if self.aux_conv else None
        aux2 = self.head(F.adaptive_avg_pool2d(x, 2)) if self.aux_conv else None
        logits = self.fc(F.flatten(F.adaptive_avg_pool2d(self.last(x), 1)))
        return (SummedOutput if self.preset.sum_logits else GoogLeNetOutput)(logits, aux1, aux2)

    def head(self, x):
        return self.aux_fc2(F.relu(self.aux_fc1(F.flatten(self.aux_conv(x)))))


@functools.cache
def small_run(preset: str = "paper", heads: bool = True) -> Run:
    """Of a picture that has ties for the max pool in it, 15x16, label 2 of 4."""
    mc.manual_seed(3)
    model: Any = Small(preset, heads)
    for bn in (m for m in model.modules() if isinstance(m, nn.BatchNorm2d)):
        for values in (bn.running_mean, bn.running_var, bn.weight, bn.bias):
            values.data[...] = np.random.default_rng(len(values.data)).uniform(0.5, 1.5, values.data.shape)
    x = np.random.default_rng(0).standard_normal((1, 3, 15, 16)).astype(np.float32)
    x[0, :, 4:10, 5:11] = 1.5
    return run_network(model, x, 2)


def sums_data(run: Run, chosen: set[int] | None = None, channels: int = 4, full: bool = False) -> tuple[dict, str]:
    """Of a page's data what its sums need, and its numbers; chosen: all places where it is None."""
    everything = {place.number for place in run.places}
    found, numbers = exact_numbers(run, everything if chosen is None else chosen, channels, full)
    places = []
    for place in run.places:
        node = place.node
        described = {
            "number": place.number, "operation": node.operation, "inputs": node.inputs, "shape": place.y.shape,
            "kernel": node.kernel, "stride": node.stride, "padding": node.padding, "options": dict(node.options or {}),
        }  # fmt: skip
        places.append(described | {"open": [], "exact": {}} | found.get(place.number, {}))
    adds_up = not run.sum_of_logits or len(run.logits) == 1
    weights = {n: 1 if n == "main" else 0.3 for n in run.logits} if adds_up else None
    data = {"places": places, "arrays": numbers.index, "weights": weights}
    return json.loads(json.dumps(data)), numbers.text()
