"""python -m googlenet compare RUN...: runs beside each other, in the terminal and as a page."""

from __future__ import annotations

import argparse
import json
import math
from dataclasses import asdict
from pathlib import Path
from typing import Any

from googlenet.commandline import not_empty, one_line, say
from googlenet.report.compare import Run, compare, read_run
from googlenet.report.compare_lines import lines
from googlenet.report.compare_page import page
from googlenet.report.text import printable
from minicnn.checkpoint import write_atomically


def add_command(commands: argparse._SubParsersAction) -> None:
    """The command `compare`, with its options."""
    c = commands.add_parser(
        "compare",
        help="lay runs over each other",
        description="The options in which runs differ, their accuracies, losses and times, and "
        "whether the seed alone could explain a difference. Runs that go on, or were "
        "stopped, are shown as far as they came.",
        epilog="examples:\n"
        "  python -m googlenet compare runs/a runs/b\n"
        "  python -m googlenet compare runs/* --html compare.html\n"
        "  python -m googlenet compare runs/a runs/b --json",
    )
    c.add_argument("runs", type=not_empty, nargs="+", metavar="RUN", help="the folder of a run")
    c.add_argument("--html", type=not_empty, metavar="FILE", help="write the comparison as a page, too")
    c.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Compare what can be read; one line on standard error for what cannot. ValueError where nothing is left."""
    runs = read_runs([Path(name) for name in args.runs])
    found = compare(runs)
    if args.html:
        write_atomically(Path(args.html), [page(found).encode()])
    if args.json:
        print(json.dumps(_finite({**asdict(found), "runs": [as_json(run) for run in runs]})))
        return
    print("\n".join(lines(found)))
    if args.html:
        print(f"\nthe page is {args.html}")


def read_runs(folders: list[Path]) -> list[Run]:
    """The runs in these folders, each once."""
    runs: list[Run] = []
    refused = []
    for folder in dict.fromkeys(folder.resolve() for folder in folders):
        given = next(name for name in folders if name.resolve() == folder)
        try:
            runs.append(read_run(given))
        except (ValueError, OSError) as error:
            refused.append(printable(one_line(error)))
            continue
        for problem in runs[-1].problems:
            say(f"warning: {printable(str(given))}: {problem}", error=True)
    if not runs:
        raise ValueError("; ".join(refused))
    for reason in refused:
        say(f"warning: {reason}", error=True)
    return runs


def as_json(run: Run) -> dict[str, Any]:
    """A run with what follows from its epochs."""
    best = run.best
    follows = {"state": run.state, "best_accuracy": best and best[0], "best_epoch": best and best[1]}
    return {**asdict(run), **follows, "seconds": run.seconds, "images_per_second": run.images_per_second}


def _finite(value: Any) -> Any:
    """JSON has no nan and no infinity: null stands for them."""
    if isinstance(value, dict):
        return {name: _finite(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
