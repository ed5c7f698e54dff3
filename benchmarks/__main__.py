"""`python -m benchmarks`: speed and memory of GoogLeNet on minicnn and on PyTorch, in one run."""

import argparse
import json
import signal
import sys
from collections.abc import Sequence
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn

from benchmarks import machine, measure, report

DEFAULTS = {"batch_size": 16, "size": 224, "rounds": 5, "repeats": 3}
QUICK = {"batch_size": 2, "size": 64, "rounds": 1, "repeats": 1}
SMALLEST = {"size": 32}  # GoogLeNet halves its input five times

DESCRIPTION = """Measure speed and peak memory of GoogLeNet on minicnn and on PyTorch
(NCHW and channels_last), in turn, and print ratios."""

EXAMPLES = """examples:
  python -m benchmarks                              everything, about 3 minutes
  python -m benchmarks --only training --rounds 9   training alone, more rounds
  python -m benchmarks --preset paper --threads 1   with LRN, on one core
  python -m benchmarks --quick                      does it run? (seconds)
  python -m benchmarks --device cuda --batch-size 128
  python -m benchmarks --json result.json           for programs; - is stdout

exit status: 0 done, 1 a side failed, 2 wrong usage or no PyTorch, 130 Ctrl-C"""


class Parser(argparse.ArgumentParser):
    """argparse, with one line for an error."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: error: {message} (--help explains)\n")


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The command line, checked, with defaults filled in."""
    parser = Parser(
        prog="python -m benchmarks",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--batch-size", type=int, metavar="N", help="images a step (16)")
    parser.add_argument("--size", type=int, metavar="N", help="height and width of the images, from 32 (224)")
    parser.add_argument("--rounds", type=int, metavar="N", help="turns of each side (5)")
    parser.add_argument("--repeats", type=int, metavar="N", help="steps in a turn (3)")
    parser.add_argument("--threads", type=int, metavar="N", default=machine.cores(), help="threads a side (all cores)")
    parser.add_argument("--device", default="cpu", help="of both sides: cpu, cuda, cuda:1 (cpu)")
    parser.add_argument("--preset", choices=("plain", "paper", "batchnorm"), default="plain", help="network (plain)")
    parser.add_argument("--only", choices=measure.MODES, help="one of the two, with its memory (both)")
    parser.add_argument("--json", metavar="FILE", help="write the figures here too; -: to stdout, instead of tables")
    parser.add_argument("--quick", action="store_true", help="64x64, batch 2, one step: a trial, not a measurement")
    options = parser.parse_args(arguments)
    for name, value in (QUICK if options.quick else DEFAULTS).items():
        if getattr(options, name) is None:
            setattr(options, name, value)
    for name in (*DEFAULTS, "threads"):
        value, smallest = getattr(options, name), SMALLEST.get(name, 1)
        if value < smallest:
            parser.error(f"--{name.replace('_', '-')}: expected {smallest} or more, got {value}")
    if options.threads > machine.cores():
        parser.error(f"--threads: expected at most {machine.cores()}, the cores to be had here, got {options.threads}")
    # Found out now rather than after minutes of measuring.
    if options.json not in (None, "-") and (Path(options.json).is_dir() or not Path(options.json).parent.is_dir()):
        parser.error(f"--json: cannot write a file at {options.json}")
    if sys.platform == "win32":
        parser.error("peak memory cannot be measured on Windows: use Linux, macOS or WSL")
    if find_spec("torch") is None:
        parser.error("the comparison needs PyTorch: pip install torch==2.13.0")
    if options.device != "cpu" and (problem := why_not(options.device)):
        parser.error(f"--device: {problem}")
    return options


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


def progress(line: str) -> None:
    """Progress goes to standard error, so that standard output holds the result alone."""
    print(line, file=sys.stderr, flush=True)


def run(options: argparse.Namespace) -> None:
    """Measure, then print."""
    modes = [options.only] if options.only else list(measure.MODES)
    settings = measure.Settings(options.batch_size, options.size, options.threads, options.preset, options.device)
    _, removed = machine.side_environment(options.threads)
    if removed:
        progress(f"removed from the environment of all sides: {', '.join(removed)}")
    speeds = measure.speeds(settings, modes, options.rounds, options.repeats, progress)
    memory = measure.peak_memory(settings, modes, progress)
    facts = {"CPU": machine.cpu_model(), "cores": machine.cores(), "Python": sys.version.split()[0], **speeds.versions}
    facts["removed from environment"] = ", ".join(removed) or "nothing"
    used = asdict(settings) | {"rounds": options.rounds, "repeats": options.repeats}
    document = json.dumps(report.document(used, facts, speeds, memory), indent=2)
    if options.json == "-":
        print(document)
        return
    print(report.text(used, facts, speeds, memory))
    if options.json:
        Path(options.json).write_text(document + "\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit status."""
    try:
        run(parse(arguments))
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    except measure.SideFailedError as error:
        print(f"python -m benchmarks: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(143))  # leave in order: the sides are ended too
    sys.exit(main())
