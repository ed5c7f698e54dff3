"""python -m exercises diff NAME: your code beside the library's."""

from __future__ import annotations

import argparse
import importlib
import inspect
import textwrap
from itertools import zip_longest

from exercises.catalog import Exercise
from exercises.commands.check import check
from exercises.commands.options import add_name, chosen, columns, work_of
from exercises.progress import read

SIDE_BY_SIDE = 120  # columns that it takes


def add_command(commands: argparse._SubParsersAction) -> None:
    """The command `diff`, with its options."""
    c = commands.add_parser(
        "diff",
        help="once it passes: your code beside the library's",
        description="Your code, and how the library does the same (or a solution, where the library does not have "
        f"it): side by side from {SIDE_BY_SIDE} columns on. Only where your answer passes, unless you say --anyway.",
        epilog="examples:\n  python -m exercises diff max_pool2d\n  python -m exercises diff max_pool2d --anyway",
    )
    add_name(c, required=True)
    c.add_argument("--anyway", action="store_true", help="before it passes, too")
    c.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print both; 1 where the answer does not pass yet."""
    exercise, work = chosen(args), work_of(args)
    path = work.path_of(exercise)
    if not path.is_file():
        raise ValueError(f"{path} is missing: `python -m exercises reset {exercise.name}` writes it again")
    if not args.anyway and not check(exercise, path, work).passed:
        print(f"{exercise.name} does not pass yet: `python -m exercises check {exercise.name}`.")
        print("This would show how the library does it; with --anyway it does.")
        return 1
    where, theirs = library_source(exercise)
    print(beside((str(path), read(path)), (where, theirs), columns()))
    return 0


def library_source(exercise: Exercise) -> tuple[str, str]:
    """Where the library has it, and its text; else the solution. ValueError where this course hides it."""
    checks = exercise.module("checks")
    if hasattr(checks, "LIBRARY"):
        module, _, name = checks.LIBRARY.partition(":")
        target = importlib.import_module(module)
        for part in name.split("."):
            target = getattr(target, part)
        return f"{module}: {name}", inspect.getsource(target)
    solution = exercise.folder / "solution.py"
    if not solution.is_file():
        raise ValueError(f"the library does not have {exercise.name}, and this course shows no solution of it")
    return "a solution", read(solution)


def beside(ours: tuple[str, str], theirs: tuple[str, str], width: int) -> str:
    """Two titled texts, in two columns where there is room, else one below the other."""
    if width < SIDE_BY_SIDE:
        return "\n\n".join(f"{title}\n{'-' * len(title)}\n{text.strip()}" for title, text in (ours, theirs))
    column = (width - 3) // 2
    left, right = (in_column(title, text, column) for title, text in (ours, theirs))
    rows = zip_longest(left, right, fillvalue="")
    return "\n".join(f"{mine:<{column}} | {other}".rstrip() for mine, other in rows)


def in_column(title: str, text: str, width: int) -> list[str]:
    """In lines of so many columns: longer ones go on in the next, a little further in."""
    lines = [title, "-" * min(len(title), width)]
    for line in text.strip().expandtabs(4).splitlines():
        indent = " " * (len(line) - len(line.lstrip()) + 4)
        lines += textwrap.wrap(line, width, subsequent_indent=indent, drop_whitespace=False) or [""]
    return lines
