"""python -m exercises run CHAPTER: something that works, with your own operations inside."""

from __future__ import annotations

import argparse
import importlib.util

from exercises.chapter_run import find_chapter, run_chapter
from exercises.commands.options import add_work, work_of
from googlenet.commandline import not_empty, say


def add_command(commands: argparse._SubParsersAction) -> None:
    """The command `run`, with its options."""
    c = commands.add_parser(
        "run",
        help="the run at the end of a chapter, with your own operations inside",
        description="Something that works, with your own operations in the library's place where they pass. The exit "
        "status is 0 where it reaches what it should, 1 where it does not.",
        epilog="examples:\n  python -m exercises run pooling\n  python -m exercises run 4",
    )
    c.add_argument("chapter", type=not_empty, metavar="CHAPTER", help="its name or number")
    add_work(c)
    c.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run it; 0 where it reached what it should."""
    chapter = find_chapter(args.chapter)
    if not has_run(chapter):
        raise ValueError(f"the chapter {chapter} has no run")
    return 0 if run_chapter(chapter, work_of(args).folder, say) else 1


def has_run(chapter: str) -> bool:
    """Whether the chapter ends with one."""
    return importlib.util.find_spec(f"exercises.course.{chapter}.run") is not None
