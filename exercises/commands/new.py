"""python -m exercises new CHAPTER NAME: the beginnings of an exercise."""

from __future__ import annotations

import argparse
from textwrap import dedent

from exercises.catalog import chapters
from exercises.grading.template import new_exercise
from googlenet.commandline import not_empty


def add_command(commands: argparse._SubParsersAction) -> None:
    """The command `new`, with its options."""
    c = commands.add_parser(
        "new",
        help="for instructors: a folder for a new exercise",
        description="Write the folder of a new exercise, with all its files, at the end of a chapter. The course's "
        "tests refuse it until they are written (docs/teaching.md).",
        epilog="examples:\n  python -m exercises new beyond mish",
    )
    c.add_argument("chapter", type=not_empty, metavar="CHAPTER", help=", ".join(chapters()))
    c.add_argument("name", type=not_empty, metavar="NAME", help="of the exercise: its folder, and the learner's file")
    c.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Write it. ValueError for a name that cannot be."""
    folder = new_exercise(args.chapter, args.name)
    print(
        dedent(f"""\
        {folder}

        Write, in this order: solution.py, checks.py, text.md, stub.py, mistakes.py
        (at least five), hints.md. Then these tests should pass:

          pytest tests/exercises/test_course.py --everything -k {args.name}""")
    )
