"""Options that several commands have."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from pathlib import Path

from exercises.catalog import Exercise, find_exercise
from exercises.folder import Work, find_work
from exercises.progress import next_of, progress
from googlenet.commandline import not_empty


def add_work(parser: argparse.ArgumentParser) -> None:
    """--work FOLDER. SUPPRESS: what stood before the command is not overwritten by a default."""
    parser.add_argument("--work", type=not_empty, metavar="FOLDER", default=argparse.SUPPRESS,
                        help="the folder with your answers (the current one, or the only one in it)")  # fmt: skip


def add_json(parser: argparse.ArgumentParser) -> None:
    """--json; as above, and the command line itself has the default."""
    text = "print JSON, for a program to read"
    parser.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help=text)


def add_name(parser: argparse.ArgumentParser, required: bool = False) -> None:
    """The exercise that a command is about, and the folder in which it lies."""
    parser.add_argument("name", type=not_empty, nargs=None if required else "?", metavar="NAME",
                        help="of an exercise, or its file" + ("" if required else " (the next one)"))  # fmt: skip
    add_work(parser)


def work_of(args: argparse.Namespace) -> Work:
    """The learner's folder. ValueError where there is none."""
    given = getattr(args, "work", None)
    return find_work(Path(given) if given else None)


def chosen(args: argparse.Namespace) -> Exercise:
    """The exercise that was named, by its name or file; else the next one."""
    if args.name:
        return find_exercise(Path(args.name).stem if args.name.endswith(".py") else args.name)
    state = next_of(progress(work_of(args)))
    if state is None:
        raise ValueError("all exercises are passed: say which one you mean")
    return state.exercise


def on_terminal() -> bool:
    """Whether standard output is a terminal that shows colors, and they are wanted (https://no-color.org)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def columns() -> int:
    """The width of the terminal; 80 where it is none."""
    return shutil.get_terminal_size((80, 24)).columns if sys.stdout.isatty() else 80
