"""python -m exercises reset NAME: the stub again; the old file is kept."""

from __future__ import annotations

import argparse
from pathlib import Path

from exercises.commands.options import add_name, chosen, work_of
from exercises.folder import untouched
from exercises.progress import read
from minicnn.checkpoint import write_atomically


def add_command(commands: argparse._SubParsersAction) -> None:
    """The command `reset`, with its options."""
    c = commands.add_parser(
        "reset",
        help="the stub again; your file is kept under another name",
        description="Write the stub of an exercise again. What you have written is kept beside it: add.py becomes "
        "add.py.1, the next time add.py.2.",
        epilog="examples:\n  python -m exercises reset add",
    )
    add_name(c, required=True)
    c.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Keep the old file, and write the stub."""
    exercise = chosen(args)
    path = work_of(args).path_of(exercise)
    if path.is_file() and untouched(exercise, read(path)):
        print(f"{path} is as it was given: nothing was changed.")
        return
    kept = None
    if path.exists():
        kept = free_name(path)
        path.rename(kept)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, [exercise.stub.encode()], "reset")
    print(f"{path} is as it was given." + (f" What you had is now {kept}" if kept else ""))


def free_name(path: Path) -> Path:
    """add.py -> add.py.1, or the first number that is free."""
    number = 1
    while (kept := path.with_name(f"{path.name}.{number}")).exists():
        number += 1
    return kept
