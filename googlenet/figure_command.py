"""python -m googlenet figure WHICH: a figure of the paper, as SVG, drawn from the code."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from googlenet.commandline import not_empty
from googlenet.presets import presets
from googlenet.report.paper_figures import FIGURES, figure
from googlenet.report.text import printable
from minicnn.checkpoint import write_atomically


def add_command(commands: argparse._SubParsersAction) -> None:
    """The command `figure`, with its options."""
    c = commands.add_parser(
        "figure",
        help="the paper's figures 2a, 2b and 3, drawn from the code",
        description="Run the network of a preset once and draw what has run: 3 is the whole network, 2a the naive "
        "Inception block, 2b the one with dimension reductions. An SVG file, for a browser.",
        epilog="examples:\n"
        "  python -m googlenet figure 3\n"
        "  python -m googlenet figure 3 --preset torchvision -o torchvision.svg\n"
        "  python -m googlenet figure 2b --preset batchnorm\n"
        "  python -m googlenet figure 2a --json",
    )
    c.add_argument("which", choices=FIGURES, metavar="WHICH", help="2a, 2b or 3")
    c.add_argument("-o", "--output", type=not_empty, metavar="FILE", help="(figure-WHICH.svg)")
    which = f"which GoogLeNet: {', '.join(presets)} (paper)"
    c.add_argument("--preset", choices=tuple(presets), default="paper", metavar="NAME", help=which)
    c.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Write the figure, or print it as JSON; with --json a file is written where -o names one."""
    found = figure(args.which, presets[args.preset])
    if args.output or not args.json:
        path = Path(args.output or f"figure-{args.which}.svg")
        write_atomically(path, [found.svg().encode()])
    if args.json:
        print(json.dumps(found.as_record()))
    else:
        print(f"the figure is {printable(str(path))}")
