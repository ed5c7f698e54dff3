"""--lr find: the loss over a sweep of learning rates, and the rate that follows from it."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

import minicnn as mc
from googlenet.model import GoogLeNet, loss
from googlenet.report.figure import new_figure, png
from googlenet.training.optimization import make_optimizer, take_step
from googlenet.training.options import Options
from googlenet.training.warm_start import keep_frozen_in_evaluation
from minicnn import backend, rng
from minicnn.checkpoint import write_atomically
from minicnn.data import DataLoader

STEPS = 100
LOWEST, HIGHEST = 1e-6, 10.0  # of the rates: from what changes nothing to what no network bears
BLOWN_UP = 3.0  # times the lowest loss so far: from there on it only gets worse
WINDOW = 7  # steps that the smoothed loss is the mean of, an odd number
SHARE = 1 / 3  # of the rate at the lowest loss is proposed


@dataclass(frozen=True)
class Sweep:
    """The rate of each step and its loss, in the order of the steps."""

    rates: list[float]
    losses: list[float]

    @property
    def smoothed(self) -> np.ndarray:
        """The mean of each loss and of those around it: as many before as behind, so that nothing is shifted."""
        n = len(self.losses)
        reach = [min(WINDOW // 2, i, n - 1 - i) for i in range(n)]
        return np.array([np.mean(self.losses[i - r : i + r + 1]) for i, r in enumerate(reach)])

    @property
    def lowest(self) -> int:
        """The number of the step where the smoothed loss is lowest."""
        return int(self.smoothed.argmin())

    @property
    def proposed(self) -> float:
        """A third of the rate where the smoothed loss is lowest, in two digits.

        There the steps begin to be too long. In a run they must not be, for thousands of them and not for one. What
        trains well on the digits is 0.4 of it with Adam, 0.6 with SGD; a tenth, as is often taken, is careful there.
        """
        return float(f"{SHARE * self.rates[self.lowest]:.2g}")

    def __str__(self) -> str:
        i = self.lowest
        return (
            f"{len(self.rates)} steps, from rate {self.rates[0]:.2g} to {self.rates[-1]:.2g}: the loss is lowest, "
            f"{self.smoothed[i]:.2f},\nat {self.rates[i]:.2g}. Proposed: a third of that, {self.proposed:g}"
        )


def sweep(model: GoogLeNet, loader: DataLoader, options: Options) -> Sweep:
    """Train for some steps, each with a larger rate than the one before, until the loss blows up or they are done.

    Afterwards the network and the random state are as before. The steps are those that a run with these options takes,
    with clipping, smoothed labels and accumulated batches. Raises ValueError where the first loss is no number.
    Source: Smith, "Cyclical Learning Rates for Training Neural Networks", 2017, section 3.3; exponential as in fastai.
    """
    before, state = {name: tensor.data.copy() for name, tensor in model.state_dict().items()}, rng.get_state()
    optimizer = make_optimizer(replace(options, lr=1.0), model)
    factors = [group["lr"] for group in optimizer.param_groups]  # 2 for biases, with --bias-rules
    batches = itertools.chain.from_iterable(loader.batches(epoch) for epoch in itertools.count())
    stream = backend.uploaded(batches, options.device)
    found = Sweep([], [])
    model.train()
    if options.freeze:
        keep_frozen_in_evaluation(model, options.freeze)
    try:
        for rate in np.geomspace(LOWEST, HIGHEST, STEPS).tolist():
            for group, factor in zip(optimizer.param_groups, factors, strict=True):
                group["lr"] = factor * rate
            batch = list(itertools.islice(stream, options.accumulate))
            images, value = sum(len(x) for x, _ in batch), 0.0
            for x, targets in batch:
                whole = loss(model(mc.Tensor(x)), targets, label_smoothing=options.label_smoothing).total
                part = whole * (len(x) / images)
                part.backward()
                value += float(part)
            if not math.isfinite(value):
                break
            found.rates.append(rate)
            found.losses.append(value)
            if value > BLOWN_UP * min(found.losses):
                break
            take_step(optimizer, model, options.clip_norm)
    finally:
        model.zero_grad()
        model.load_state_dict(before)
        rng.set_state(state)
    if not found.losses:
        raise ValueError(f"--lr find: the loss of the new network is {value}: no rate can be proposed")
    return found


def draw_sweep(path: Path, found: Sweep) -> None:
    """lr.png: the loss over the rate, and what is proposed."""
    figure = new_figure(7, 4.2)
    axes = figure.subplots()
    axes.plot(found.rates, found.losses, color="lightgray", label="of each step")
    axes.plot(found.rates, found.smoothed, label=f"mean of {WINDOW} steps")
    lowest = found.rates[found.lowest]
    axes.axvline(lowest, color="gray", linestyle=":", label=f"lowest at {lowest:.2g}")
    axes.axvline(found.proposed, color="tab:green", linestyle="--", label=f"proposed: a third, {found.proposed:g}")
    axes.set(title="Learning rates, one step each", xlabel="learning rate", ylabel="training loss", xscale="log")
    calm = found.smoothed[: found.lowest + 1].max()  # what blows up must not press all else flat
    axes.set_ylim(0.9 * found.smoothed.min(), 1.3 * calm)
    axes.grid(alpha=0.3)
    axes.legend()
    write_atomically(path, [png(figure)])
