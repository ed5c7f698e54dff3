"""For tests of the explorer: a network of a few channels, with the names of the large one, that has run."""

import functools

import numpy as np

import minicnn as mc
import minicnn.functional as F
from googlenet.explorer.run import run_network
from googlenet.inception import BasicConv2d, Inception
from googlenet.model import GoogLeNetOutput, SummedOutput
from googlenet.presets import presets
from minicnn import nn

CLASSES = ("roses", "daisy", "tulips")


class Small(nn.Module):
    """x (N, channels, 8, 8) -> logits of three classes; heads as the preset says."""

    def __init__(self, preset="paper", heads=True, channels=3):
        self.preset = presets[preset]
        self.conv1 = BasicConv2d(channels, 6, 3, stride=2, padding=1, batch_norm=self.preset.batch_norm)
        self.inception3a = Inception(6, 2, 3, 4, 2, 3, 2, batch_norm=self.preset.batch_norm)
        self.aux1 = nn.Linear(11, len(CLASSES)) if heads else None
        self.aux2 = nn.Linear(11, len(CLASSES)) if heads else None
        self.inception5b = Inception(11, 3, 3, 4, 2, 3, 2)
        self.fc = nn.Linear(12, len(CLASSES))

    def forward(self, x, heads=None):
        x = self.inception3a(self.conv1(x))
        means = F.flatten(F.adaptive_avg_pool2d(x, 1))
        aux = [head(means) if heads and head else None for head in (self.aux1, self.aux2)]
        logits = self.fc(F.flatten(F.adaptive_avg_pool2d(self.inception5b(x), 1)))
        return (SummedOutput if self.preset.sum_logits else GoogLeNetOutput)(logits, *aux) if heads else logits


@functools.cache
def made(preset="paper", heads=True, channels=3, label=None):
    """A network and its run, once each: not to be changed."""
    mc.manual_seed(3)
    model = Small(preset, heads, channels)
    x = np.random.default_rng(0).standard_normal((1, channels, 8, 8)).astype(np.float32)
    return model, run_network(model, x, label)
