"""Averaged weights beside those that are trained: --average."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import minicnn as mc
from googlenet.training.options import Options
from minicnn import nn, rng
from minicnn.backend import Array
from minicnn.optim import WeightAverage

EMA_DECAY = 0.999  # in a long run: the last 1,000 steps count, more or less
STATISTICS_IMAGES = 1024  # training images from which batch norm's statistics are estimated


def make_average(options: Options, model: nn.Module) -> WeightAverage | None:
    """What --average asks for, still of no weights; None where it asks for none."""
    return None if options.average == "none" else WeightAverage(model.parameters())


def take_in(average: WeightAverage, kind: str, step: int, steps: int) -> None:
    """Take in the weights after step number `step`, from 1, of the `steps` of the whole run.

    polyak: the plain mean, over the second half of the run: the way from the first weights to good ones is no part of
    it. ema: the decay climbs to its 0.999 as more steps are behind it, (1 + n) / (10 + n) after n, so that the average
    of a short run does not consist of the first weights either (the rule of TensorFlow's ExponentialMovingAverage).
    """
    if kind == "ema":
        average.decay = min(EMA_DECAY, (1 + average.n_averaged) / (10 + average.n_averaged))
        average.update()
    elif average.n_averaged or step > steps // 2:  # where a run is made longer, it goes on
        average.update()


@contextmanager
def averaged(model: nn.Module, average: WeightAverage, batches: Iterable[tuple[Array, Array]]) -> Iterator[None]:
    """Inside, the network has the averaged weights; afterwards it is as before, bit for bit.

    Batch norm's running statistics are those of other weights, whose activations the averaged ones do not have, and a
    mean of such statistics is no better. So they are estimated anew, as the mean over `batches`, (x, labels) of the
    training; without batch norm none is looked at. Random numbers that are drawn for this are drawn again later.
    """
    norms = [module for module in model.modules() if isinstance(module, nn.BatchNorm2d)]
    buffers = [buffer for norm in norms for _, buffer in norm.named_buffers()]
    own, momenta = [buffer.data for buffer in buffers], [norm.momentum for norm in norms]
    was_training, state = model.training, rng.get_state()
    with average.applied():
        try:
            for buffer in buffers:
                buffer.data = buffer.data.copy()
            model.train()
            for norm in norms:
                norm.train(norm.weight.requires_grad)  # a frozen one keeps its statistics
            with mc.no_grad():
                for number, (x, _) in enumerate(batches if norms else (), 1):
                    for norm in norms:
                        norm.momentum = 1 / number  # the plain mean over the batches, in place of an exponential one
                    model(mc.Tensor(x))
            model.train(was_training)
            yield
        finally:
            model.train(was_training)
            rng.set_state(state)
            for buffer, data in zip(buffers, own, strict=True):
                buffer.data = data
            for norm, momentum in zip(norms, momenta, strict=True):
                norm.momentum = momentum
