"""python -m exercises build OUT: a course to hand out."""

from __future__ import annotations

import argparse
from pathlib import Path

from exercises.grading.build import PARTS, build_course
from googlenet.commandline import at_least, not_empty


def add_command(commands: argparse._SubParsersAction) -> None:
    """The command `build`, with its options."""
    c = commands.add_parser(
        "build",
        help="for instructors: a course without its solutions",
        description="Write a course to hand out: a folder in which `python -m exercises` works, without what is "
        "hidden. Where solutions or misconceptions are hidden, what they give is kept as numbers, so that the checks "
        "still work and still name mistakes.",
        epilog="examples:\n"
        "  python -m exercises build handout --hide solutions misconceptions hints\n"
        "  python -m exercises build handout --hide solutions beyond googlenet --seed 7",
    )
    c.add_argument("out", type=not_empty, metavar="OUT", help="a folder that is not there yet")
    c.add_argument("--hide", nargs="+", default=[], metavar="WHAT",
                   help=f"{', '.join(PARTS)}, exercises and chapters")  # fmt: skip
    c.add_argument("--seed", type=at_least(0), default=0, metavar="N", help="varies the numbers of the checks (0)")
    c.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Build it. ValueError where the folder is there, or for a name that is none."""
    exercises = build_course(Path(args.out), args.hide, args.seed)
    parts = [name for name in PARTS if name in args.hide]
    print(f"{args.out}: {len(exercises)} exercises, seed {args.seed}, without {', '.join(parts) or 'nothing'}.")
    print(f"\nIn it:\n\n  cd {args.out}\n  python -m exercises start my_work")
