"""python -m googlenet table: Table 1 of the paper beside what is counted, and which of its figures do not add up."""

from __future__ import annotations

import argparse
import json
import textwrap
from dataclasses import dataclass
from typing import Any

from googlenet.inception import Inception
from googlenet.model import GoogLeNet
from googlenet.table import INCEPTION, TABLE_1, InceptionRow, TableRow
from googlenet.tables.layers import CONVENTION, Call, inside, multiply_adds, own_params, walk, weights

WIDTH = 80
UNITS = {"K": 1024, "M": 10**6}  # of the paper's figures: its K is 1024 wherever they fit at all
CHANNELS = ("#1x1", "#3x3r", "#3x3", "#5x5r", "#5x5", "pool")


@dataclass(frozen=True)
class CountedRow:
    """A line of Table 1, and what the network has there.

    depth: layers with weights one behind the other. params: weights and biases.
    """

    row: TableRow
    depth: int
    weights: int
    params: int
    multiply_adds: int

    @property
    def channels(self) -> InceptionRow | None:
        """Those of an Inception block; None for any other line."""
        return INCEPTION.get(self.row.name.removeprefix("inception"))


def counted() -> list[CountedRow]:
    """Every line of Table 1, counted in the paper's network at 224x224, without the heads."""
    calls = walk(GoogLeNet(aux_heads=False), (3, 224, 224))
    return [_count(row, [call for call in calls if inside(call, row.name)]) for row in TABLE_1]


def _count(row: TableRow, calls: list[Call]) -> CountedRow:
    """calls: those inside the row's module, its own the last."""
    layers = [call for call in calls if weights(call.module)]
    depth = len(layers)
    if isinstance(calls[-1].module, Inception):
        branches = [call.name.split(".")[1] for call in layers]
        depth = max(map(branches.count, branches))
    return CountedRow(
        row,
        depth,
        sum(weights(call.module) for call in calls),
        sum(own_params(call.module) for call in calls),
        sum(map(multiply_adds, calls)),
    )


def as_printed(rows: list[CountedRow]) -> list[CountedRow]:
    """The lines that have figures in the paper, with our conv2, its "#3x3 reduce", added to conv3."""
    reduction = next(row for row in rows if row.row.name == "conv2")
    found = []
    for row in rows:
        if row.row.name == "conv3":
            sums = (getattr(row, name) + getattr(reduction, name) for name in ("weights", "params", "multiply_adds"))
            row = CountedRow(row.row._replace(name="conv2 + conv3"), row.depth + reduction.depth, *sums)
        if row.row.params_paper:
            found.append(row)
    return found


def number(figure: str) -> float:
    """A figure of the paper: 112K is 114,688, 34M is 34,000,000."""
    return float(figure[:-1]) * UNITS[figure[-1]]


def fits(figure: str, exact: int) -> bool:
    """Whether a figure of the paper is what is counted, to one in its last digit."""
    digits = len(figure[:-1].partition(".")[2])
    return abs(number(figure) - exact) <= UNITS[figure[-1]] / 10**digits


# ---- the text -----------------------------------------------------------------------------------------------------


def shape_lines(rows: list[CountedRow]) -> list[str]:
    """The left half of Table 1: patch, output, depth, and the channels of the branches."""
    cells = [("layer", "patch", "output (HxWxC)", "depth", *CHANNELS)]
    for row in rows:
        output = "x".join(map(str, row.row.output))
        widths = map(str, row.channels[1:]) if row.channels else [""] * len(CHANNELS)
        cells.append((row.row.name, row.row.patch_stride, output, str(row.depth or ""), *widths))
    lines = []
    for name, patch, output, depth, *widths in cells:
        lines.append(f"{name:<12} {patch:<6} {output:<14}  {depth:>5}" + "".join(f"{width:>6}" for width in widths))
    return [lines[0], "-" * len(lines[0]), *(line.rstrip() for line in lines[1:])]


def figure_lines(rows: list[CountedRow]) -> list[str]:
    """The right half: params and ops, the paper's and counted, and by how much the paper is off where it does."""
    cells = [("layer", "paper", "weights/1024", "off", "with biases", "paper", "counted", "off")]
    for row in as_printed(rows):
        params, ops = row.row.params_paper, row.row.ops_paper
        cells.append((
            row.row.name,
            params, f"{row.weights / 1024:,.1f}K", off(params, row.weights), f"{row.params:,}",
            ops, f"{row.multiply_adds:,}", off(ops, row.multiply_adds),
        ))  # fmt: skip
    widths = (6, 13, 7, 13, 7, 13, 7)
    lines = [f"{'':<13}{' params':->39} {' ops':->26}"]
    for name, *figures in cells:
        lines.append(f"{name:<13}" + "".join(f"{figure:>{n}}" for figure, n in zip(figures, widths, strict=True)))
    return [*lines[:2], "-" * len(lines[1]), *(line.rstrip() for line in lines[2:])]


def off(figure: str, exact: int) -> str:
    """By how much the paper's figure is more (+) or less (-) than what is counted; nothing where it fits."""
    return "" if fits(figure, exact) else f"{number(figure) / exact - 1:+.1%}"


def sums(rows: list[CountedRow]) -> list[str]:
    """What the columns add up to, counted and in the paper."""
    params, operations = sum(row.params for row in rows), sum(row.multiply_adds for row in rows)
    classifier, printed = rows[-1].multiply_adds, [row.row for row in as_printed(rows)]
    paper_params = sum(number(row.params_paper) for row in printed)
    paper_ops = sum(number(row.ops_paper) for row in printed)
    return [
        f"Counted, without the heads: {params:,} parameters (weights and biases), and for one image of 224x224 "
        f"{operations - classifier:,} multiply-adds in the convolutions, {classifier:,} in the classifier. "
        f"{CONVENTION}",
        f"The paper's columns, added up: {paper_params:,.0f} parameters and {paper_ops:,.0f} multiply-adds, the "
        "1.5 billion of its introduction.",
    ]


def explained(rows: list[CountedRow]) -> list[str]:
    """Which of the paper's figures add up, which do not, and how: as far as the figures themselves tell."""
    printed = {row.row.name.removeprefix("inception"): row for row in as_printed(rows)}
    params = {name: fits(row.row.params_paper, row.weights) for name, row in printed.items()}
    ops = {name: fits(row.row.ops_paper, row.multiply_adds) for name, row in printed.items()}
    pixels = {name: row.row.output[0] * row.row.output[1] for name, row in printed.items()}
    first, stem, block = printed["conv1"], printed["conv2 + conv3"], printed["5a"]
    separable = 7 * 7 * 3 * 8 + 24 * 64
    return [
        f"K is 1024, and biases are not counted: {stem.row.params_paper} is {stem.weights:,} = "
        f"{stem.weights // 1024} * 1024. So both figures are right, to one in the last digit, of "
        f"{', '.join(name for name in printed if params[name] and ops[name])}.",
        f"conv1: 64 kernels of 7x7 on 3 channels have {first.weights:,} weights, not {first.row.params_paper}. But 8 "
        "kernels of 7x7 on each channel by itself, and a 1x1 convolution of these 24 to 64, would have "
        f"7*7*3*8 + 24*64 = {separable:,}, and at {pixels['conv1']:,} pixels {separable * pixels['conv1'] / 1e6:.1f}M "
        "multiply-adds: both of the paper's figures (with a K of 1000). Google's Inception v2 begins with just that "
        "(TensorFlow's slim, inception_v2.py). The paper does not say so; its Table 1, Caffe and torchvision have the "
        "plain convolution.",
        f"{', '.join(name for name in printed if ops[name] and not params[name])}: ops are right, weights times "
        "pixels. Params are not; they would fit blocks of other widths, which the paper does not give.",
        f"5a: neither is right, but they fit each other: {block.row.params_paper} * {pixels['5a']} pixels = "
        f"{number(block.row.params_paper) * pixels['5a'] / 1e6:.1f}M. They would fit a larger block than the one "
        "whose widths are printed.",
    ]


# ---- the command --------------------------------------------------------------------------------------------------


def add_command(commands: argparse._SubParsersAction) -> None:
    """The command `table`, with its options."""
    c = commands.add_parser(
        "table",
        help="Table 1 of the paper, its figures beside the counted ones",
        description="Table 1 of the paper: sizes and channels, and its params and ops beside what "
        "is counted in the network; which of them do not add up, and how.",
        epilog="examples:\n  python -m googlenet table\n  python -m googlenet table --json",
    )
    c.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Count, and print."""
    rows = counted()
    if args.json:
        print(json.dumps([as_record(row) for row in rows]))
        return
    print("\n".join([*shape_lines(rows), "", *figure_lines(rows), ""]))
    for text in sums(rows):
        print(textwrap.fill(text, WIDTH, break_on_hyphens=False))
    print("\nWhat adds up in the paper, and what does not:")
    for text in explained(rows):
        print(textwrap.fill(text, WIDTH, initial_indent="- ", subsequent_indent="  ", break_on_hyphens=False))


def as_record(row: CountedRow) -> dict[str, Any]:
    """For JSON: the line of the paper, and what is counted there."""
    return {
        **row.row._asdict(),
        "params": row.params,
        "weights": row.weights,
        "multiply_adds": row.multiply_adds,
        "depth": row.depth,
        "channels": row.channels._asdict() if row.channels else None,
    }
