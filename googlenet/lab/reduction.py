"""The Inception block with reductions against the naive one: time, memory, multiply-adds, accuracy."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from googlenet.inception import Inception, NaiveInception
from googlenet.lab.harness import IMAGE_SIZE, Data, Experiment, Lab, Table, network, train
from googlenet.lab.plots import COLORS, dots
from googlenet.lab.words import column, compared, plus_minus, sentence, times
from googlenet.model import inception_block
from googlenet.presets import presets
from googlenet.table import INCEPTION
from googlenet.tables.layers import multiply_adds, walk
from minicnn import nn
from minicnn.tensor import Tensor

KINDS = {"naive": replace(presets["plain"], reductions=False), "reduced": presets["plain"]}
BLOCKS = {"3a": 28, "4a": 14, "5a": 7}  # pixels along a side at 224x224
BATCH, ROUNDS = 4, 5
FIGURES = ("multiply_adds", "weights", "cpu", "memory")
HEADS = ("multiply-adds", "weights", "CPU time", "memory")


def measure(lab: Lab) -> Data:
    """{"blocks": {block: {kind: FIGURES}}, "network": {kind: the first two}, "runs": {kind: one run for each seed}}.

    cpu: of forward and backward, seconds of CPU time in the fastest of several rounds; memory: bytes at their peak.
    """
    blocks: Data = {}
    for name, size in BLOCKS.items():
        channels = INCEPTION[name].in_channels
        blocks[name] = {
            kind: figures(inception_block(name, channels, preset), (channels, size, size), 1 if lab.quick else ROUNDS)
            for kind, preset in KINDS.items()
        }
    found = {kind: size_of(network(0, preset), (1, IMAGE_SIZE, IMAGE_SIZE)) for kind, preset in KINDS.items()}
    runs: Data = {kind: [] for kind in KINDS}
    for seed, kind in lab.with_seeds(list(KINDS)):
        runs[kind].append(train(lab, network(seed, KINDS[kind]), seed, epochs=2))
    return {"blocks": blocks, "network": found, "runs": runs}


def size_of(module: nn.Module, image: tuple[int, ...]) -> Data:
    """The multiply-adds of one image, and how many weights and biases there are."""
    calls = walk(module, image)
    weights = sum(parameter.data.size for parameter in module.parameters())
    return {"multiply_adds": sum(map(multiply_adds, calls)), "weights": weights}


def figures(block: Inception | NaiveInception, image: tuple[int, ...], rounds: int) -> Data:
    """All four of one block, (C, H, W) its input."""
    rng = np.random.default_rng(0)
    x = Tensor(rng.standard_normal((BATCH, *image), dtype=np.float32), requires_grad=True)

    def step() -> None:
        block.zero_grad()
        x.grad = None
        block(x).sum().backward()

    step()
    seconds = []
    for _ in range(rounds):
        start = time.process_time()
        step()
        seconds.append(time.process_time() - start)
    return size_of(block, image) | {"cpu": min(seconds), "memory": peak(step)}


def peak(call: Callable[[], object]) -> int:
    """The bytes that a call has at most beside what was there, as Python's tracemalloc counts them; NumPy tells it."""
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def ratios(data: Data) -> dict[str, list[float | None]]:
    """naive / reduced, of each block and of the whole network; there is no figure for the memory of that."""
    found: dict[str, list[float | None]] = {
        f"block {name} at {size}x{size}": [data["blocks"][name]["naive"][f] / data["blocks"][name]["reduced"][f]
                                          for f in FIGURES]
        for name, size in BLOCKS.items()
    }  # fmt: skip
    naive, reduced = data["network"]["naive"], data["network"]["reduced"]
    seconds = [sum(column(data["runs"][kind], "cpu")) for kind in ("naive", "reduced")]
    found["network, training"] = [*(naive[f] / reduced[f] for f in FIGURES[:2]), seconds[0] / seconds[1], None]
    return found


def table(data: Data) -> Table:
    rows = [
        [name, *("" if ratio is None else f"{ratio:.1f}" for ratio in found)] for name, found in ratios(data).items()
    ]
    accuracies = [f"{kind} {plus_minus(column(runs, 'accuracy'))}" for kind, runs in data["runs"].items()]
    return Table(["naive / reduced", *HEADS], [*rows, ["test %", *accuracies, "", ""]])


def sentences(data: Data) -> tuple[str, str]:
    found = ratios(data)
    name = next(iter(found))
    operations, _, cpu, memory = (ratio for ratio in found[name] if ratio is not None)
    _, weights, training, _ = found["network, training"]
    assert weights is not None and training is not None
    accuracy = compared(
        "the test accuracy of the naive network", column(data["runs"]["naive"], "accuracy"),
        "that of the reduced one", column(data["runs"]["reduced"], "accuracy"),
    )  # fmt: skip
    return (
        f"The naive {name} does {operations:.1f} times the multiply-adds of the reduced one, in {times(cpu)} its CPU "
        f"time and with {times(memory)} its memory.",
        sentence(
            f"in the whole network, where each naive block also passes on all channels of the one before, that adds up "
            f"to {times(weights)} the weights and {times(training)} the CPU time of training; {accuracy}"
        ),
    )


def draw(data: Data, figure: Any) -> None:
    accuracy, axes = figure.subplots(1, 2, width_ratios=[1, 2.5])
    dots(accuracy, {kind: column(runs, "accuracy") for kind, runs in data["runs"].items()})
    accuracy.set(title="Accuracy")
    found = ratios(data)
    for place, (name, of_figures) in enumerate(found.items()):
        there = [(i, ratio) for i, ratio in enumerate(of_figures) if ratio is not None]
        places = [i + 0.2 * (place - 1.5) for i, _ in there]
        bars = axes.bar(places, [ratio for _, ratio in there], 0.19, label=name, color=COLORS[place])
        axes.bar_label(bars, fmt="%.1f", fontsize=8)
    axes.axhline(1, color="gray", linestyle=":")
    axes.set_xticks(range(len(HEADS)), HEADS)
    axes.set(title="What the naive block costs", ylabel="naive / reduced")
    axes.margins(y=0.15)  # room for the legend
    axes.legend(loc="upper center", ncols=len(found))


EXPERIMENT = Experiment(
    "reduction",
    "What do the 1x1 reductions of the Inception block save, and what do they cost?",
    f"Blocks without reductions (Figure 2a of the paper) or with (2b). One block by itself, on what it gets at "
    f"224x224, {BATCH} images, forward and backward; and preset plain, 32x32, 40 steps of 50 of 1,000 digits.",
    measure, table, sentences, draw, (12, 4.2),
)  # fmt: skip
