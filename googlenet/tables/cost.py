"""python -m googlenet cost: what the network costs and sees, branch by branch and layer by layer."""

from __future__ import annotations

import argparse
import json
import textwrap
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, TypeVar

from googlenet.commandline import at_least
from googlenet.model import GoogLeNet
from googlenet.presets import presets
from googlenet.table import INCEPTION
from googlenet.tables.branches import Block, Branch, blocks, branch
from googlenet.tables.layers import CONVENTION, walk
from googlenet.tables.windows import Columns, Window, columns, windows
from minicnn import nn

WIDTH = 80
Named = TypeVar("Named", Block, Window, Columns)


def example() -> Branch:
    """The one that is told everywhere: 64 kernels of 5x5 on 512 channels of 14x14, as in blocks 4b and 4c."""
    layers = nn.Sequential(nn.Conv2d(512, 24, 1), nn.Conv2d(24, 64, 5, padding=2))
    return branch(walk(layers, (512, 14, 14)))


def example_lines() -> list[str]:
    """That example, computed."""
    found = example()
    reduction, kernels = found.weights
    return [
        f"64 kernels of 5x5 on 512 channels: 64 * 5*5*512 = {found.weights_without:,} weights.",
        f"Through 24 kernels of 1x1: 24 * 512 + 64 * 5*5*24 = {reduction:,} + {kernels:,} = {reduction + kernels:,}.",
        f"At 14x14: {found.multiply_adds:,} multiply-adds in place of {found.multiply_adds_without:,}, "
        f"{found.multiply_adds_without / found.multiply_adds:.1f} times less.",
    ]


def block_lines(found: Sequence[Block]) -> list[str]:
    """A table for each block: its branches with their reductions, and without."""
    lines = []
    for block in found:
        lines += [
            "",
            f"{block.name}, {block.size}x{block.size}: {block.in_channels} -> {block.out_channels} channels "
            f"({block.out_channels_without} without reductions)",
            f"{'':<7}{' this network':->36}  {' without reductions':->27}{'times':>8}",
            f"{'branch':<7}{'weights':>20}{'multiply-adds':>16}{'weights':>13}{'multiply-adds':>16}",
        ]
        for b in [*block.branches, block.total]:
            total = sum(b.weights)
            own = " + ".join(f"{w:,}" for w in b.weights) or "0"
            times = f"{b.weights_without / total:.1f}" if total and b.weights_without else ""
            lines.append(
                f"{b.name:<7}{own:>20}{b.multiply_adds:>16,}{b.weights_without:>13,}{b.multiply_adds_without:>16,}"
                f"{times:>8}".rstrip()
            )
    return lines


def window_lines(found: Sequence[Window]) -> list[str]:
    """Size and receptive field behind every layer."""
    lines = [f"{'layer':<10}{'(W - F + 2P)/S + 1':>46}{'field':>6}{'jump':>5}{'pad':>5}{'center':>8}"]
    lines.append("-" * len(lines[0]))
    for w in found:
        name, field = shorter(w.name), w.field
        lines.append(
            f"{name}{w.formula:>{56 - len(name)}}{field.size:>6}{field.jump:>5}{field.padding:>5}{field.center:>8g}"
        )
    return lines


def column_lines(found: Sequence[Columns]) -> list[str]:
    """The bytes of im2col for every convolution."""
    lines = [f"{'convolution':<22}{'rows x columns':>16}{'bytes':>13}{'times x':>9}{'images':>8}{'at once':>12}"]
    lines.append("-" * len(lines[0]))
    for c in found:
        shape = f"{c.rows:,} x {c.columns:,}"
        lines.append(
            f"{shorter(c.name):<22}{shape:>16}{c.bytes:>13,}{c.bytes / c.image_bytes:>9.1f}"
            f"{c.images:>8}{c.bytes_at_once:>12,}"
        )
    return lines


def shorter(name: str) -> str:
    """The name of a layer without the .conv of its BasicConv2d."""
    return name.removesuffix(".conv")


REDUCTIONS = (
    "Each branch as it is (weights of the 1x1 reduction + those of the kernels behind it), and without reductions: the "
    "same kernels on all channels of the block's input, and the pooled input passed on as it is, as in the paper's "
    "Figure 2a. The next block would then get more channels, too; preset naive is the network in which that happens."
)
SIZES = (
    "Size: (W - F + 2P)/S + 1 for W pixels, kernel F, stride S, padding P; rounded down by convolutions, and by max "
    "pools down or, in ceil mode, up. Receptive field (Araujo et al., distill.pub/2019/computing-receptive-fields), "
    "from field 1, jump 1, pad 0 in the image:"
)
RECURRENCES = (
    "  field = field + (F - 1) * jump      pixels of the image that one pixel sees",
    "  pad   = pad + P * jump              how far the first field begins before them",
    "  jump  = jump * S                    (after both) from one field to the next",
    "  center = (field - 1)/2 - pad        the first field's middle; 0 is pixel 0",
)
FIELDS_OF_BLOCKS = "The branches of a block begin at its input; the next layer sees what the widest has seen."
IM2COL = (
    "im2col writes the patch under the kernel at each place as a column: KH*KW*C rows, OH*OW columns, in the textbook "
    "for the whole image; bytes of float32 for one image, and how many times the image x. minicnn makes them for as "
    "many images at once as are given here, on each thread, and frees them; for 1x1 there is nothing to make."
)


def add_command(commands: argparse._SubParsersAction) -> None:
    """The command `cost`, with its options."""
    c = commands.add_parser(
        "cost",
        help="what reductions save; sizes, receptive fields, im2col",
        description="What every branch costs with its reduction and without; the size formula "
        "and the receptive field of every layer; the memory of im2col. Without the heads, as in inference.",
        epilog="examples:\n"
        "  python -m googlenet cost --block 4b\n"
        "  python -m googlenet cost --preset torchvision --image-size 64\n"
        "  python -m googlenet cost --json",
    )
    which = f"which GoogLeNet: {', '.join(presets)} (paper)"
    c.add_argument("--preset", choices=tuple(presets), default="paper", metavar="NAME", help=which)
    c.add_argument("--image-size", type=at_least(32), metavar="N", help="(what the preset was made for; paper: 224)")
    c.add_argument("--block", choices=tuple(INCEPTION), metavar="NAME", help=f"one alone: {', '.join(INCEPTION)}")
    c.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Walk through the network, count, print."""
    preset = presets[args.preset]
    size = args.image_size or preset.image_size
    calls = walk(GoogLeNet(preset.num_classes, preset, preset.in_channels, False), (preset.in_channels, size, size))
    parts = part(blocks(calls), args.block), part(windows(calls), args.block), part(columns(calls), args.block)
    print(json.dumps(as_record(preset.name, size, *parts)) if args.json else text(preset.name, size, *parts))


def part(found: list[Named], block: str | None) -> list[Named]:
    """What belongs to one block, or all where none is named."""
    return [one for one in found if block is None or f"{one.name}.".startswith(f"inception{block}.")]


def as_record(preset: str, size: int, found: list[Block], seen: list[Window], made: list[Columns]) -> dict[str, Any]:
    """All of it, for JSON."""
    return {
        "preset": preset,
        "image_size": size,
        "convention": CONVENTION,
        "example": asdict(example()),
        "blocks": [asdict(block) for block in found],
        "windows": [{**asdict(window), "formula": window.formula, "center": window.field.center} for window in seen],
        "im2col": [asdict(matrix) for matrix in made],
    }


def text(preset: str, size: int, found: list[Block], seen: list[Window], made: list[Columns]) -> str:
    """All of it, in sections of 80 columns."""
    lines = [*example_lines(), "", *filled(CONVENTION), ""]
    lines += [f"REDUCTIONS, preset {preset}, {size}x{size}", *filled(REDUCTIONS), *block_lines(found)]
    if len(found) > 1:
        own, without = sum(b.total.weights[0] for b in found), sum(b.total.weights_without for b in found)
        lines += ["", f"All {len(found)} blocks: {own:,} weights; without reductions {without:,}."]
    lines += ["", "SIZES AND RECEPTIVE FIELDS", *filled(SIZES), *RECURRENCES, *filled(FIELDS_OF_BLOCKS), ""]
    lines += [*window_lines(seen), "", "COLUMNS OF IM2COL", *filled(IM2COL), "", *column_lines(made)]
    return "\n".join(lines)


def filled(paragraph: str) -> list[str]:
    return textwrap.wrap(paragraph, WIDTH, break_on_hyphens=False)
