"""What the experiments share: their form, a short training that a seed decides, a look at gradients."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import numpy as np
from threadpoolctl import threadpool_limits

import minicnn as mc
from googlenet.data import DigitsDataset
from googlenet.evaluation import evaluate
from googlenet.model import GoogLeNet, loss
from googlenet.presets import Preset
from googlenet.training.probe import AUX_WEIGHT, blocks_of, compare, gradients_of_parts, hooks
from minicnn import optim, rng
from minicnn.data import DataLoader
from minicnn.nn.undisturbed import undisturbed
from minicnn.optim.lr_scheduler import CosineAnnealingLR

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Case = TypeVar("Case")
Data = dict[str, Any]  # what an experiment has measured, as JSON has it; the rest follows from it
CLASSES = 10
IMAGE_SIZE = 32  # pixels along a side, as little as the network takes
BATCH_SIZE, LEARNING_RATE = 50, 5e-4  # the rate is train.py's
LOOKED_AT = 50  # digits that gradients and signals are measured with


class Table(NamedTuple):
    """A heading over each column, and the rows; the first column is text, the others are numbers."""

    heads: list[str]
    rows: list[list[str]]


@dataclass(frozen=True)
class Experiment:
    """A question, and how it is answered. What `measure` returns, and nothing else, decides what the others make of it.

    varied: what is changed, and what is not. sentences: two, which say what the numbers say.
    """

    name: str
    question: str
    varied: str
    measure: Callable[[Lab], Data]
    table: Callable[[Data], Table]
    sentences: Callable[[Data], tuple[str, str]]
    draw: Callable[[Data, Figure], None]
    size: tuple[float, float] = (10, 4.2)  # of the picture, in inches (100 pixels each)


@dataclass(frozen=True)
class Lab:
    """How an experiment is done: with so many seeds and threads. name: what stands at the bar.

    quick: a tiny version of everything, whose numbers mean nothing, to try whether it runs.
    """

    seeds: int = 3
    threads: int = 2
    quick: bool = False
    name: str = "lab"

    def each(self, cases: Sequence[Case]) -> Iterator[Case]:
        """One case after the other, with a bar on standard error and the time left where that is a terminal."""
        from tqdm import tqdm

        yield from tqdm(cases, desc=self.name, unit=" runs", leave=False, dynamic_ncols=True, disable=None)

    def with_seeds(self, variants: Sequence[Case]) -> Iterator[tuple[int, Case]]:
        """Every variant with every seed; the variants take turns, so that what disturbs the machine meets all."""
        return self.each([(seed, variant) for seed in range(self.seeds) for variant in variants])


@contextmanager
def left_as_found(threads: int) -> Iterator[None]:
    """Inside, everything works on so many threads; random state and threads are afterwards as they were."""
    state, before = rng.get_state(), mc.get_num_threads()
    mc.set_num_threads(threads)
    try:
        with threadpool_limits(threads):
            yield
    finally:
        mc.set_num_threads(before)
        rng.set_state(state)


# ---- networks ------------------------------------------------------------------------------------------------------


def network(
    seed: int, preset: Preset, heads: bool = True, initialize: Callable[[GoogLeNet], None] = lambda model: None
) -> GoogLeNet:
    """A new network for digits. Without heads all other initial weights are the same as with them.

    initialize: gives it other initial weights than the preset's.
    """
    mc.manual_seed(seed)
    model = GoogLeNet(CLASSES, preset, in_channels=1)
    initialize(model)
    if not heads:
        model.aux1 = model.aux2 = None
    return model


def train(
    lab: Lab,
    model: GoogLeNet,
    seed: int,
    *,
    images: int = 1000,
    epochs: int = 5,
    size: int = IMAGE_SIZE,
    lr: float = LEARNING_RATE,
    aux_weight: float = AUX_WEIGHT,
) -> Data:
    """Train on the first digits of the training set with Adam, its rate falling to 0 as a cosine; test on 1,000 others.

    Returns {"losses": the mean main loss of every epoch, "accuracy": on the test digits, "train_accuracy": on those
    trained on, without dropout, "cpu": seconds of CPU time of the training steps}. Where the loss is no number any
    more, training ends, and losses[-1] is None.
    """
    images, epochs, batch, tested = (16, 1, 8, 16) if lab.quick else (images, epochs, BATCH_SIZE, 0)
    loader = DataLoader(DigitsDataset(True, size, limit=images), batch, shuffle=True, seed=seed)
    optimizer = optim.Adam(model.parameters(), lr)
    schedule = CosineAnnealingLR(optimizer, T_max=epochs * len(loader))
    losses: list[float | None] = []
    model.train()
    start = time.process_time()
    for _ in range(epochs):
        of_steps = []
        for x, targets in loader:
            parts = loss(model(mc.Tensor(x)), targets, aux_weight)
            of_steps.append(float(parts.main))
            if not math.isfinite(of_steps[-1]):
                break
            optimizer.zero_grad()
            parts.total.backward()
            optimizer.step()
            schedule.step()
        losses.append(rounded(float(np.mean(of_steps))))
        if losses[-1] is None:
            break
    cpu = time.process_time() - start
    found = [
        evaluate(model, DataLoader(DigitsDataset(train, size, limit=limit), 250)).top1
        for train, limit in ((False, tested), (True, images))
    ]
    return {"losses": losses, "accuracy": found[0], "train_accuracy": found[1], "cpu": rounded(cpu)}


def look(model: GoogLeNet, size: int = IMAGE_SIZE, aux_weight: float = AUX_WEIGHT) -> dict[str, Data]:
    """One forward and backward on a few training digits; the network is as before.

    Returns, for each block from conv1 to fc, {"gradient": the norm of the loss's gradient with respect to the block's
    weights, "main": that of the main loss alone, "heads": the share of the heads (see `compare`), "signal": the
    standard deviation of the block's output from image to image, root mean square over its numbers}.
    """
    names: dict[mc.Tensor, str] = {parameter: name for name, parameter in model.named_parameters()}
    digits = DigitsDataset(True, size, limit=LOOKED_AT)
    x, targets = next(iter(DataLoader(digits, LOOKED_AT)))
    signals: dict[str, float] = {}

    def record(name: str) -> Callable[[Any, tuple, Any], None]:
        def hook(module: Any, inputs: tuple, output: Any) -> None:
            signals[name] = float(np.sqrt(output.data.astype(np.float64).var(axis=0).mean()))

        return hook

    blocks = blocks_of(model)
    with undisturbed(model), hooks([(n, m) for n, m in model.named_children() if n in blocks], record):
        model.train()
        parts = loss(model(mc.Tensor(x)), targets, aux_weight)
        gradients = [
            {names[leaf]: gradient for leaf, gradient in of_leaves.items() if leaf in names}
            for of_leaves in gradients_of_parts(parts, aux_weight)
        ]
    found = {block: compare(gradients, inside) for block, inside in blocks.items()}
    return {
        block.removeprefix("inception"): {
            "gradient": rounded(numbers["norm"]),
            "main": rounded(numbers["norm_main"]),
            "heads": rounded(numbers.get("aux1", 0.0) + numbers.get("aux2", 0.0)),
            "signal": rounded(signals[block]),
        }
        for block, numbers in found.items()
    }


def rounded(value: float) -> float | None:
    """To six digits, which is more than means anything; None for what is no number, as in JSON."""
    return float(f"{value:.6g}") if math.isfinite(value) else None
