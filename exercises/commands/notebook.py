"""python -m exercises notebook: one notebook a chapter, for Colab or Jupyter."""

from __future__ import annotations

import argparse
from pathlib import Path

from exercises.catalog import chapters
from exercises.chapter_run import find_chapter
from exercises.folder import folder_name
from exercises.notebook import notebook
from googlenet.commandline import not_empty
from minicnn.checkpoint import write_atomically


def add_command(commands: argparse._SubParsersAction) -> None:
    """The command `notebook`, with its options."""
    c = commands.add_parser(
        "notebook",
        help="the exercises as notebooks, one a chapter",
        description="Write a notebook for every chapter, or for one: texts, stubs, checks and hints. A notebook that "
        "is there already is left as it is.",
        epilog="examples:\n  python -m exercises notebook -o notebooks\n  python -m exercises notebook pooling",
    )
    c.add_argument("chapter", nargs="?", type=not_empty, metavar="CHAPTER", help="only this one: its name or number")
    c.add_argument("-o", "--out", type=not_empty, default=".", metavar="DIR", help="where to (the current folder)")
    c.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Write what is not there; 1 where a notebook was in the way."""
    asked = [find_chapter(args.chapter)] if args.chapter else chapters()
    out, in_the_way = Path(args.out), 0
    out.mkdir(parents=True, exist_ok=True)
    for chapter in asked:
        path = out / f"{folder_name(chapter)}.ipynb"
        if path.exists():
            in_the_way += 1
            print(f"{path} is there already, and left as it is")
            continue
        write_atomically(path, [notebook(chapter).encode()])
        print(path)
    return 1 if in_the_way else 0
