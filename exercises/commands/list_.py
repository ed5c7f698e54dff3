"""python -m exercises list: every exercise, and whether it is passed."""

from __future__ import annotations

import argparse
import json

from exercises.catalog import chapters
from exercises.commands.options import add_json, add_work, work_of
from exercises.commands.where import MARKS
from exercises.folder import folder_name
from exercises.progress import progress
from googlenet.report.text import fitted


def add_command(commands: argparse._SubParsersAction) -> None:
    """The command `list`, with its options."""
    c = commands.add_parser(
        "list",
        help="every exercise, and whether it is passed",
        description="Every exercise with its title: # passed, + begun, . not begun, ? its file is missing.",
        epilog="examples:\n  python -m exercises list\n  python -m exercises list pooling\n"
        "  python -m exercises list --json",
    )
    known = {name: chapter for chapter in chapters() for name in (chapter, folder_name(chapter))}
    c.add_argument("chapter", nargs="?", choices=known, metavar="CHAPTER", help="only this one")
    add_work(c)
    add_json(c)
    c.set_defaults(run=run, chapter_names=known)


def run(args: argparse.Namespace) -> None:
    """Print the exercises."""
    asked = args.chapter and args.chapter_names[args.chapter]
    states = [state for state in progress(work_of(args)) if asked in (None, state.exercise.chapter)]
    if args.json:
        print(json.dumps([state.as_record() for state in states]))
        return
    for chapter in [asked] if asked else chapters():
        print(folder_name(chapter))
        for state in (state for state in states if state.exercise.chapter == chapter):
            points = "{} of {}".format(*state.points) if state.points and state.state != "passed" else ""
            name, title = fitted(state.exercise.name, 21), fitted(state.exercise.title, 40)
            print(f"  {MARKS[state.state]} {name} {title} {points}".rstrip())
