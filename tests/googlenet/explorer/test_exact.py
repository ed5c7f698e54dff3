import functools
import itertools
import json

import numpy as np
import pytest
from sums import Sums

import minicnn as mc
import minicnn.functional as F
from googlenet import GoogLeNet, Inception, presets
from googlenet.explorer.exact import exact_numbers
from googlenet.explorer.opening import as_map
from googlenet.explorer.run import Run, run_network
from googlenet.model import GoogLeNetOutput, between_minus_1_and_1
from minicnn import nn

WEIGHTS = {"main": 1, "aux1": 0.3, "aux2": 0.3}


class Small(nn.Module):
    """Every operation of the presets, in a network of a few channels."""

    def __init__(self, preset="paper", heads=True):
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
        aux1 = aux2 = None
        if self.aux_conv:
            aux1 = self.head(F.avg_pool2d(x, 2, stride=2))
            aux2 = self.head(F.adaptive_avg_pool2d(x, 2))
        logits = self.fc(F.flatten(F.adaptive_avg_pool2d(self.last(x), 1)))
        return GoogLeNetOutput(logits, aux1, aux2) if not self.preset.sum_logits else mnist_output(logits, aux1, aux2)

    def head(self, x):
        return self.aux_fc2(F.relu(self.aux_fc1(F.flatten(self.aux_conv(x)))))


def mnist_output(*logits):
    from googlenet.model import SummedOutput

    return SummedOutput(*logits)


@functools.cache
def small_run(preset: str = "paper", heads: bool = True) -> Run:
    mc.manual_seed(3)
    model = Small(preset, heads)
    for bn in (m for m in model.modules() if isinstance(m, nn.BatchNorm2d)):
        for values in (bn.running_mean, bn.running_var, bn.weight, bn.bias):
            values.data[...] = np.random.default_rng(len(values.data)).uniform(0.5, 1.5, values.data.shape)
    x = np.random.default_rng(0).standard_normal((1, 3, 15, 16)).astype(np.float32)
    x[0, :, 4:8, 5:9] = 1.5  # the pool has ties in it
    return run_network(model, x, 2)


def page_of(run: Run, chosen=None, channels=4, full=False) -> Sums:
    """The data that a page has of these places, as it comes out of JSON."""
    everything = {place.number for place in run.places}
    found, numbers = exact_numbers(run, everything if chosen is None else chosen, channels, full)
    places = []
    for place in run.places:
        node = place.node
        places.append({"number": place.number, "operation": node.operation, "inputs": node.inputs,
                       "shape": place.y.shape, "kernel": node.kernel, "stride": node.stride, "padding": node.padding,
                       "options": node.options, "open": [], "exact": {}, **found.get(place.number, {})})  # fmt: skip
    weights = None if run.sum_of_logits and len(run.logits) > 1 else {n: WEIGHTS[n] for n in run.losses if n != "total"}
    data = {"places": places, "arrays": numbers.index, "weights": weights}
    return Sums(json.loads(json.dumps(data)), numbers.text())


def compare(run: Run, page: Sums, pixels: int) -> list[str]:
    """What does not add up, at so many pixels of every open channel, the corners and the starred ones among them.

    Rounding errors are measured by the terms, and by the largest number of the place: the rest is a long sum itself.
    """
    rng, wrong = np.random.default_rng(1), []
    for place in run.places:
        data, y = page.places[place.number], as_map(place.y)
        for c in data["open"]:
            everywhere = list(np.ndindex(*y.shape[1:]))
            star = [(i, j) for d, i, j in (data["exact"]["star"], data["exact"]["gradient_star"]) if d == c]
            drawn = (everywhere[k] for k in rng.integers(len(everywhere), size=pixels))
            for i, j in sorted({everywhere[0], everywhere[-1], *star, *drawn}):
                sums = {"y": page.forward(place.number, c, i, j)} if has_sum(page, place) else {}
                sums |= {loss: page.backward(place.number, loss, c, i, j) for loss in page.losses(place.number)}
                for what, (value, terms) in sums.items():
                    library = y if what == "y" else as_map(place.gradients[what])
                    size = max(abs(library[data["open"]]).max(), sum(map(abs, terms)))
                    where = f"{what} of {place.node.operation} {place.number} at {c, i, j}"
                    if not abs(value - library[c, i, j]) <= 1e-5 * size:
                        wrong.append(f"{where} is {library[c, i, j]}, the sum {value}")
                    kept = page.map(place.number, c, what)[i, j]
                    if not abs(kept - library[c, i, j]) <= (1e-5 * size if what == "total" else 0):
                        wrong.append(f"{where} is {library[c, i, j]}, in the page {kept}")
    return wrong


def has_sum(page, place):
    """Whether the page has what the place's result is made of."""
    here = all(page.places[n]["open"] for n in place.node.inputs)
    return place.function is not None and (here or place.node.operation in ("Conv2d", "Linear"))


@pytest.mark.parametrize(("preset", "heads", "full"), [("paper", True, False), ("mnist", True, False), ("mnist", False, False), ("paper", False, True)])
def test_all_sums_of_a_small_network(preset, heads, full):
    run = small_run(preset, heads)
    assert compare(run, page_of(run, full=full), 4) == []


@pytest.mark.everything("presets")
@pytest.mark.parametrize(("preset", "heads"), [*((name, True) for name in presets), ("paper", False)])
def test_all_sums_of_every_preset(preset, heads):
    choice = presets[preset]
    mc.manual_seed(1)
    model = GoogLeNet(3, choice, choice.in_channels, aux_heads=heads)
    rng = np.random.default_rng(2)
    size = max(40, choice.smallest_image)
    run = run_network(model, rng.standard_normal((1, choice.in_channels, size, size)).astype(np.float32), 1)
    assert compare(run, page_of(run, channels=3), 1) == []
