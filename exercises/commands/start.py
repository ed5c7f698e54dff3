"""python -m exercises start FOLDER: the stubs, where the learner works on them."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from exercises.catalog import chapters, course_seed, every_exercise
from exercises.commands.options import add_json
from exercises.folder import MARKER, fill, open_work
from googlenet.commandline import at_least, not_empty


def add_command(commands: argparse._SubParsersAction) -> None:
    """The command `start`, with its options."""
    c = commands.add_parser(
        "start",
        help="a folder with the stubs of all exercises",
        description="Write the stubs of all exercises into a folder, and a README.md that says how to go on. "
        "In a folder that is there already, what is missing is added, and nothing is overwritten.",
        epilog="examples:\n  python -m exercises start my_work\n  python -m exercises start my_work --seed 7",
    )
    c.add_argument("folder", type=not_empty, metavar="FOLDER", help="where; it is made, if it is not there")
    c.add_argument(
        "--seed", type=at_least(0), metavar="N", help="varies the numbers of the checks (the course's own, or 0)"
    )
    add_json(c)
    c.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Write what is missing. ValueError where the folder has another seed, or is a file."""
    folder, seed = Path(args.folder), args.seed if args.seed is not None else course_seed()
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"{folder} is a file: name another folder")
    new = not (folder / MARKER).is_file()
    if not new:
        seed = open_work(folder).seed
        if args.seed is not None and args.seed != seed:
            raise ValueError(f"{folder} has the seed {seed} already: name another folder for the seed {args.seed}")
    written, kept = fill(folder, seed)
    if args.json:
        print(json.dumps({"folder": str(folder), "written": [*map(str, written)], "kept": [*map(str, kept)]}))
        return
    if new:
        print(f"{folder}: {len(every_exercise())} exercises in {len(chapters())} chapters.")
    elif written:
        names = [str(path.relative_to(folder)) for path in written]
        print(f"{folder}: added what was missing: {', '.join(names[:4])}{', ...' if len(names) > 4 else ''}.")
    else:
        print(f"{folder}: nothing is missing.")
    if kept:
        print(f"{len(kept)} {'file was' if len(kept) == 1 else 'files were'} there already, and left as they are.")
    print("\nThe next three commands:\n")
    print("  python -m exercises         where you are, and what is next")
    print("  python -m exercises show    the text of the next exercise")
    print("  python -m exercises check   is your answer right?")
