"""python -m googlenet lab NAME...: small experiments that answer what learners ask."""

from __future__ import annotations

import argparse
import difflib
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path

from googlenet.commandline import at_least, check_packages, not_empty, one_line, say
from googlenet.lab import EXPERIMENTS
from googlenet.lab.harness import Lab
from googlenet.lab.page import run as run_experiment
from googlenet.lab.page import split, updated
from googlenet.report.columns import wrap
from googlenet.report.text import printable
from minicnn.checkpoint import write_atomically

ALL = "all"


def add_command(commands: argparse._SubParsersAction) -> None:
    """The command `lab`, with its options."""
    c = commands.add_parser(
        "lab",
        help="small experiments: what heads, batch norm, reductions, ... do",
        description="Run experiments and print of each a table and two sentences that follow from it. Each is seeded, "
        "runs offline on the digits that come with this package, and takes one to three minutes on two cores. Without "
        "a NAME: list them.",
        epilog="examples:\n"
        "  python -m googlenet lab\n"
        "  python -m googlenet lab heads\n"
        "  python -m googlenet lab init depth -o laboratory\n"
        "  python -m googlenet lab dropout --seeds 5 --json\n"
        "  python -m googlenet lab all --write docs/laboratory.md",
    )
    c.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(EXPERIMENTS)}, or all")
    c.add_argument("-o", "--output", type=not_empty, metavar="FOLDER", help="write NAME.png and NAME.json there")
    c.add_argument("--write", type=not_empty, metavar="PAGE", help="put the results into PAGE.md, between its marks, "
                   "and the pictures into the folder PAGE beside it")  # fmt: skip
    c.add_argument("--seeds", type=at_least(1), default=3, metavar="N", help="how many, from 0 on (3)")
    c.add_argument("--threads", type=at_least(1), default=2, metavar="N", help="how many work (2)")
    c.add_argument("--quick", action="store_true", help="tiny sizes: does it run? The numbers mean nothing")
    c.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """List the experiments, or run those that are named; what each has found is written when it is done."""
    names = chosen(args.names)
    if not names:
        list_experiments(args.json)
        return
    page = Path(args.write) if args.write else None
    folder = Path(args.output) if args.output else None
    check_packages("tqdm", *(["matplotlib"] if folder or page else []))
    if page:
        has_places(page, names)
        can_write_in(page.parent)
    for place in (folder, page and page.with_suffix("")):
        if place:
            make_folder(place)
            can_write_in(place)
    records = []
    for name in names:
        result = run_experiment(EXPERIMENTS[name], Lab(args.seeds, args.threads, args.quick, name))
        records.append(result.record())
        if folder:
            write_atomically(folder / f"{name}.png", [result.picture()])
            write_atomically(folder / f"{name}.json", [json.dumps(records[-1], indent=2).encode()])
        if page:
            write_atomically(page.with_suffix("") / f"{name}.png", [result.picture()])
            write_atomically(page, [updated(read(page), [result], page.stem).encode()])
        if not args.json:
            say("\n".join(["", *result.lines()] if records[:-1] else result.lines()))
    if args.json:
        print(json.dumps(records))
    elif folder:
        say(f"\npictures and numbers are in {printable(str(folder))}")
    else:
        say("\nwith -o FOLDER it is drawn, too, and the numbers are kept")


def chosen(names: Sequence[str]) -> list[str]:
    """The experiments of these names, each once. ValueError, with names that are near, for what is none."""
    for name in names:
        if name not in (*EXPERIMENTS, ALL):
            near = difflib.get_close_matches(name.lower(), [*EXPERIMENTS, ALL], n=2)
            hint = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(EXPERIMENTS)}, and all"
            raise ValueError(f"lab: no experiment is called {printable(name)!r}; {hint}")
    return list(EXPERIMENTS) if ALL in names else list(dict.fromkeys(names))


def list_experiments(as_json: bool) -> None:
    """Each with the question that it answers."""
    if as_json:
        print(json.dumps([{"name": e.name, "question": e.question, "varied": e.varied} for e in EXPERIMENTS.values()]))
        return
    width = max(map(len, EXPERIMENTS)) + 2
    for experiment in EXPERIMENTS.values():
        print("\n".join(wrap(experiment.question, indent=width, start=experiment.name.ljust(width))))
    print("\npython -m googlenet lab NAME runs one, lab all runs all")


def read(page: Path) -> str:
    """The page's text; OSError or ValueError, in one line, where there is none."""
    try:
        return page.read_text(encoding="utf-8")
    except OSError as error:
        raise OSError(f"lab: cannot read {page}: {one_line(error)}") from error
    except UnicodeDecodeError as error:
        raise ValueError(f"lab: {page} is no page: it is not UTF-8") from error


def has_places(page: Path, names: Sequence[str]) -> None:
    """ValueError where the page has no place for one of these experiments."""
    text = read(page)
    for name in names:
        try:
            split(text, name)
        except ValueError as error:
            raise ValueError(f"lab: {page}: {error}") from error


def make_folder(folder: Path) -> None:
    """With those above it; OSError, in one line, where it cannot be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OSError(f"lab: cannot make the folder {folder}: {one_line(error)}") from error


def can_write_in(folder: Path) -> None:
    """OSError, in one line, where no file can be made: before minutes of work."""
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise OSError(f"lab: cannot write in {folder}: {one_line(error)}") from error
