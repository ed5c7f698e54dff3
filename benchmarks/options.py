"""The command line of `python -m benchmarks`."""

import argparse
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn

from benchmarks import chart, machine, rows
from benchmarks.measure import Settings

GROUPS = tuple(dict.fromkeys(m.group for m in rows.suite(Settings(16, 224, threads=2))))
SMALLEST = {"size": 32}  # GoogLeNet halves its input five times

DESCRIPTION = """Measure GoogLeNet on minicnn beside PyTorch (NCHW and channels_last), in turn, and
print the table of targets. --preset, --size, --batch-size and --device measure
that configuration instead: training, inference and memory, without targets."""

EXAMPLES = """examples:
  python -m benchmarks                              the whole table (minutes)
  python -m benchmarks --only training memory       some of its rows
  python -m benchmarks --only training --rounds 9   more rounds
  python -m benchmarks --preset paper --threads 1   another configuration
  python -m benchmarks --device cuda --batch-size 128
  python -m benchmarks --layers                     every layer by itself
  python -m benchmarks --quick                      does it run?
  python -m benchmarks --json result.json --chart speed.png

exit status: 0 done, 1 a side failed, 2 wrong usage or no PyTorch, 130 Ctrl-C"""


class Parser(argparse.ArgumentParser):
    """argparse, with one line for an error."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: error: {message} (--help explains)\n")


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The command line, checked, with defaults filled in. `custom`: one configuration was asked for, not the table."""
    parser = Parser(
        prog="python -m benchmarks",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--only", nargs="+", choices=GROUPS, metavar="ROWS", help=f"some of: {', '.join(GROUPS)}")
    parser.add_argument("--rounds", type=int, metavar="N", help="turns of each side (3 or 5)")
    parser.add_argument("--repeats", type=int, metavar="N", help="steps in a turn (3; more for one image)")
    parser.add_argument("--threads", type=int, metavar="N", default=machine.cores(), help="threads a side (all cores)")
    parser.add_argument("--quick", action="store_true", help="tiny images, one step: a trial, not a measurement")
    parser.add_argument("--layers", action="store_true", help="measure the layers one by one instead")
    parser.add_argument("--json", metavar="FILE", help="write the figures here too; -: to stdout, instead of tables")
    parser.add_argument("--chart", metavar="FILE", help="draw a bar chart here, as PNG")
    custom = parser.add_argument_group("another configuration")
    custom.add_argument("--preset", choices=("plain", "paper", "batchnorm"), help="network (plain)")
    custom.add_argument("--size", type=int, metavar="N", help="height and width of the images, from 32 (224)")
    custom.add_argument("--batch-size", type=int, metavar="N", help="images a step (16)")
    custom.add_argument("--device", help="of both sides: cpu, cuda, cuda:1 (cpu)")
    options = parser.parse_args(arguments)
    options.custom = any(
        value is not None for value in (options.preset, options.size, options.batch_size, options.device)
    )
    fill_in(options)
    if problem := wrong(options):
        parser.error(problem)
    return options


def fill_in(options: argparse.Namespace) -> None:
    """Defaults that depend on other options; rounds and repeats of None are each measurement's own."""
    defaults = {"batch_size": 16, "size": 224, "preset": "plain", "device": "cpu"}
    if options.quick:
        defaults |= {"rounds": 1, "repeats": 1}
        if options.custom or options.layers:
            defaults |= {"batch_size": 2, "size": 32}
    for name, value in defaults.items():
        if getattr(options, name) is None:
            setattr(options, name, value)


def wrong(options: argparse.Namespace) -> str:
    """What is wrong with the options, or an empty string: found out now rather than after minutes of measuring."""
    for name in ("batch_size", "size", "rounds", "repeats", "threads"):
        value, smallest = getattr(options, name), SMALLEST.get(name, 1)
        if value is not None and value < smallest:
            return f"--{name.replace('_', '-')}: expected {smallest} or more, got {value}"
    if options.threads > machine.cores():
        return f"--threads: expected at most {machine.cores()}, the cores to be had here, got {options.threads}"
    groups = set(options.only or GROUPS)
    if options.custom and options.only and not groups <= set(rows.CUSTOM):
        return f"--only: of another configuration, {', '.join(rows.CUSTOM)} can be measured"
    if options.layers and (options.only or options.chart or options.device != "cpu"):
        return "--layers: goes without --only, --chart and --device"
    if options.chart and not groups & chart.GROUPS:
        return f"--chart: draws {', '.join(sorted(chart.GROUPS))}: measure one of them"
    if options.chart and find_spec("matplotlib") is None:
        return "--chart: needs Matplotlib: pip install matplotlib"
    for name, file in (("--json", options.json), ("--chart", options.chart)):
        if file and file != "-" and (Path(file).is_dir() or not Path(file).parent.is_dir()):
            return f"{name}: cannot write a file at {file}"
    if sys.platform == "win32":
        return "peak memory cannot be measured on Windows: use Linux, macOS or WSL"
    if find_spec("torch") is None:
        return "the comparison needs PyTorch: pip install torch==2.13.0"
    if options.device != "cpu" and (problem := why_not(options.device)):
        return f"--device: {problem}"
    return ""


def why_not(device: str) -> str:
    """Why one of the libraries cannot use this GPU, or an empty string."""
    import torch

    from minicnn import backend

    try:
        backend.use(device)
    except (ValueError, RuntimeError) as error:
        return str(error)
    if not torch.cuda.is_available():
        return (
            "this PyTorch is made for the CPU, or finds no GPU: "
            "pip install torch==2.13.0 --index-url https://download.pytorch.org/whl/cu126"
        )
    return ""
