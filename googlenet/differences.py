"""What the presets do differently, side by side, and why: each difference with its source."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import asdict, fields
from typing import Any

from googlenet.presets import Preset

WIDTH = 80

REASONS = {
    "local_response_norm": "After pool1 and after the 3x3 convolution of the stem: the paper's Figure 3, and Caffe. "
    'The others leave it out; with batch norm it "is not necessary" (Ioffe, Szegedy, arXiv 1502.03167).',
    "batch_norm": "After every convolution, with eps 1e-3, and no bias there: torchvision. It came a year after "
    "GoogLeNet.",
    "pool4": "Table 1, Caffe: 3x3/2. torchvision: 2x2/2. catsdogs: its printed table goes from 5x5 to 3x3, which is "
    "2x2/2; 3x3/2 would give 2x2.",
    "dropout": "Table 1, Caffe: 40 %. torchvision: 20 %. catsdogs: its table prints no share, so it has the paper's.",
    "aux_dropout": "Section 5 of the paper, Caffe, torchvision: 70 %. mnist: its code has 50 %.",
    "reductions": "Figure 2b has 1x1 convolutions in front of the 3x3 and 5x5 ones; Figure 2a, the naive block, has "
    "none, and passes on its whole input, pooled: 5b gets 4,048 channels in place of 832. That costs 97,526,008 "
    "parameters in place of 6,998,552 (1000 classes, without heads), and at 224x224 12.6 G multiply-adds in place of "
    "1.6 G.",
    "kernel_5x5": "torchvision has 3x3 where the paper has 5x5: a known mistake, with which its weights are trained "
    "(github.com/pytorch/vision/issues/906).",
    "pool_relu": "mnist: its code has one. It changes no number, as nothing that comes in is negative.",
    "ceil_mode": "Table 1's sizes (112, 56, 28, 14, 7) need windows that hang over the edge; Caffe and torchvision "
    "have them. mnist: its code has PyTorch's default, 112, 55, 27, 13, 6.",
    "pool4_times": "mnist: its code applies the pool twice, 13 to 6 to 2.",
    "aux_pool": "Section 5 of the paper, Caffe: 5x5/3, from 14x14 to 4x4. torchvision: adapts to 4x4, with other "
    "windows at 14x14 too. catsdogs: from 5x5 to 4x4, where adapting is the same as 2x2/1.",
    "aux_size": "mnist: 5x5/3 leaves 3x3 of its 13x13, so fc1 has 128 * 9 = 1152 inputs. With images of another size "
    "the pool adapts to 3x3, so that the weights fit.",
    "aux_first_dropout": "mnist: its code has a second dropout in the heads, before fc1.",
    "sum_logits": "Section 5 of the paper: three losses, added up. mnist: its code adds up the logits in training, "
    "main + 0.3 aux1 + 0.3 aux2, and has one loss.",
    "transform_input": "torchvision: its weights expect [-1, 1], and images come normalized with ImageNet's mean and "
    "std. (Images of one channel stay as they are.)",
    "initial_weights": "he: variance 2 / fan-in (He et al., arXiv 1502.01852). caffe: its filler xavier, uniform with "
    "variance 1 / fan-in. What torchvision (normal, std 0.01) and the tutorials (PyTorch's own) start from is in no "
    "preset: from PyTorch's own nothing is learned without batch norm.",
    "initial_bias": "Caffe: 0.2, and 0 in the classifiers.",
    "bias_lr": "Caffe: biases learn at twice the rate (lr_mult). That is the optimizer's work: train.py --bias-rules.",
    "bias_decay": "Caffe: no weight decay on biases (decay_mult). Likewise.",
    "num_classes": "What it was made for; any other number will do.",
    "in_channels": "What it was made for; any other number will do.",
    "image_size": "What it was made for (catsdogs: 81 or 82). Any other from 32 on will do; for mnist from 125 on, as "
    "its pools lose the edges.",
}
SOURCES = {
    "paper": "Szegedy et al., Going Deeper with Convolutions, arXiv 1409.4842",
    "Caffe": "github.com/BVLC/caffe, models/bvlc_googlenet/train_val.prototxt",
    "torchvision": "torchvision 0.28, models/googlenet.py",
    "mnist": "a tutorial with PyTorch code that trains on digits resized to 224x224",
    "catsdogs": "a tutorial that prints the 210 layers of its PyTorch network",
    "plain": "no publication: torchvision's graph with 5x5 kernels and no batch norm",
    "batchnorm": "no publication: torchvision's graph with 5x5 kernels",
    "naive": "no publication: the paper's network of the blocks in its Figure 2a",
}


def differing(presets: Sequence[Preset]) -> list[str]:
    """The fields, but the name, in which the presets are not all alike."""
    names = [field.name for field in fields(Preset) if field.name != "name"]
    return [name for name in names if len({getattr(preset, name) for preset in presets}) > 1]


def as_record(presets: Sequence[Preset]) -> dict[str, Any]:
    """For JSON: every preset whole, and the differences with their reasons."""
    differences = [
        {"field": name, "values": {p.name: getattr(p, name) for p in presets}, "reason": REASONS[name]}
        for name in differing(presets)
    ]
    everything = {preset.name: asdict(preset) for preset in presets}
    return {"presets": everything, "differences": differences, "sources": SOURCES}


def side_by_side(presets: Sequence[Preset]) -> str:
    """A table with a column for each preset, a dot where it does as the first; reasons and sources below."""
    rows = [["", *(preset.name for preset in presets)]]
    for name in differing(presets):
        first, *others = (getattr(preset, name) for preset in presets)
        rows.append([name, written(first), *("." if value == first else written(value) for value in others)])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [" ".join(f"{cell:{width}}" for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    lines = [lines[0], "-" * max(map(len, lines)), *lines[1:], f"(.: as {presets[0].name})"]
    texts = {name: REASONS[name] for name in differing(presets)}
    for title, notes in (("why", texts), ("from where", SOURCES)):
        lines += ["", f"{title}:"]
        for name, text in notes.items():
            lines += textwrap.wrap(f"{name}: {text}", WIDTH, initial_indent="  ", subsequent_indent="    ")
    return "\n".join(lines)


def written(value: Any) -> str:
    """A value as a reader of papers writes it: yes, no, 3x3/2, 0.4."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        kernel, stride = value
        return f"{kernel}x{kernel}/{stride}"
    return f"{value:g}" if isinstance(value, float) else str(value)
