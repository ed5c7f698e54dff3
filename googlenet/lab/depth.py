"""How the gradient shrinks or grows on its way from the loss to the stem."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from googlenet.lab.harness import Data, Experiment, Lab, Table, look, network
from googlenet.lab.init import as_they_are, pytorch_weights
from googlenet.lab.plots import curves
from googlenet.lab.words import by_seed, geometric_mean, ratio, sentence, short, times
from googlenet.presets import presets

PLAIN = replace(presets["plain"], dropout=0.0, aux_dropout=0.0)
# The preset "caffe" has local response normalization too, and another last pool: here only the initial weights differ.
CAFFE = replace(PLAIN, initial_weights=presets["caffe"].initial_weights, initial_bias=presets["caffe"].initial_bias)
VARIANTS = {  # the network, its initial weights or PyTorch's, heads or none
    "Kaiming": (PLAIN, as_they_are, False),
    "K + heads": (PLAIN, as_they_are, True),
    "Caffe": (CAFFE, as_they_are, False),
    "PyTorch": (PLAIN, pytorch_weights, False),
    "P + heads": (PLAIN, pytorch_weights, True),
    "P + bn": (replace(PLAIN, batch_norm=True), pytorch_weights, False),
}
SIZE = 64  # pixels along a side


def measure(lab: Lab) -> Data:
    """{variant: {block: the norm for each seed}}, of networks that have not been trained."""
    found: Data = {name: {} for name in VARIANTS}
    for seed, name in lab.with_seeds(list(VARIANTS)):
        preset, initialize, heads = VARIANTS[name]
        model = network(seed, preset, heads, initialize)
        for block, numbers in look(model, SIZE).items():
            found[name].setdefault(block, []).append(numbers["gradient"])
    return found


def table(data: Data) -> Table:
    """From the loss down to the stem."""
    blocks = reversed(next(iter(data.values())))
    return Table(
        ["block", *data],
        [[block, *(short(norm(data, name, block)) for name in data)] for block in blocks],
    )


def norm(data: Data, name: str, block: str) -> float:
    """Of one variant and block, the geometric mean over the seeds."""
    return geometric_mean(data[name][block])


def sentences(data: Data) -> tuple[str, str]:
    shrinks = ", ".join(
        f"{short(ratio(norm(data, name, 'conv1'), norm(data, name, 'fc')))} with {what}"
        for name, what in [("Kaiming", "Kaiming's weights"), ("Caffe", "Caffe's"), ("PyTorch", "PyTorch's"),
                           ("P + bn", "PyTorch's and batch norm")]
    )  # fmt: skip
    helped = "; ".join(
        f"with {what} weights it is at conv1 {times(ratio(*(norm(data, name, 'conv1') for name in pair)))} what it is "
        f"without, at 5a {times(ratio(*(norm(data, name, '5a') for name in pair)))}"
        for pair, what in [(("K + heads", "Kaiming"), "Kaiming's"), (("P + heads", "PyTorch"), "PyTorch's")]
    )
    return (
        sentence(f"from fc down to conv1 the norm of the gradient is multiplied by {shrinks}"),
        sentence(f"the gradient with heads: {helped}"),
    )


def draw(data: Data, figure: Any) -> None:
    axes = figure.subplots()
    blocks = list(reversed(next(iter(data.values()))))
    of_blocks = {name: by_seed([norms[block] for block in blocks]) for name, norms in data.items()}
    curves(axes, blocks, of_blocks, log=True)
    axes.set(
        title="Gradients before training (K: Kaiming's initial weights, P: PyTorch's)",
        xlabel="block, from the loss to the stem", ylabel="norm of the gradient of its weights",
    )  # fmt: skip


EXPERIMENT = Experiment(
    "depth",
    "What is left of the gradient on its way from the loss to the stem?",
    "Initial weights and biases (K: Kaiming's, Caffe's, P: PyTorch's), heads with weight 0.3 or none, batch norm or "
    "none; the network is that of preset plain. Before training and without dropout, 50 digits of 64x64; the norm is "
    "that of the gradient of a block's weights.",
    measure, table, sentences, draw,
)  # fmt: skip
