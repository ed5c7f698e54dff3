"""python -m exercises hint: three levels, each more telling."""

from __future__ import annotations

import argparse
import contextlib
import json

from exercises.catalog import Exercise
from exercises.commands.options import add_json, add_name, chosen, columns, on_terminal, work_of
from exercises.folder import Work
from exercises.markdown import rendered
from googlenet.commandline import at_least
from minicnn.checkpoint import write_atomically


def add_command(commands: argparse._SubParsersAction) -> None:
    """The command `hint`, with its options."""
    c = commands.add_parser(
        "hint",
        help="a hint; each call gives one more",
        description="Three hints, each more telling: every call shows one more. Without a name: for the next exercise.",
        epilog="examples:\n  python -m exercises hint\n  python -m exercises hint max_pool2d --level 2\n"
        "  python -m exercises hint max_pool2d --all",
    )
    add_name(c)
    how_many = c.add_mutually_exclusive_group()
    how_many.add_argument("--level", type=at_least(1), metavar="N", help="this one: 1, 2 or 3")
    how_many.add_argument("--all", action="store_true", help="all three")
    add_json(c)
    c.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Print one more hint."""
    exercise = chosen(args)
    hints = exercise.hints
    if not hints:
        raise ValueError(f"{exercise.name} has no hints in this course")
    if args.level and args.level > len(hints):
        raise ValueError(f"--level: got {args.level}, {exercise.name} has {len(hints)} hints")
    if args.all:
        levels = list(range(1, len(hints) + 1))
    else:
        levels = [args.level or one_more(work_of(args), exercise, len(hints))]
    if args.json:
        print(json.dumps([{"exercise": exercise.name, "level": level, "hint": hints[level - 1]} for level in levels]))
        return
    for level in levels:
        print(f"{exercise.name}, hint {level} of {len(hints)}\n")
        print(rendered(hints[level - 1], columns(), on_terminal()))
        if level != levels[-1]:
            print()
    if not args.all and not args.level and levels[0] == len(hints):
        print("\nThis was the last one; --all shows all of them again.")


def one_more(work: Work, exercise: Exercise, most: int) -> int:
    """The level after the one that was shown last. It is kept in the folder; where that cannot be, it stays at 1."""
    path = work.cache / "hints.json"
    try:
        shown = json.loads(path.read_text(encoding="utf-8"))
        level = min(int(shown.get(exercise.name, 0)) + 1, most)
    except (OSError, ValueError, AttributeError, TypeError):
        shown, level = {}, 1
    with contextlib.suppress(OSError):
        path.parent.mkdir(exist_ok=True)
        write_atomically(path, [json.dumps({**shown, exercise.name: level}).encode()])
    return level
