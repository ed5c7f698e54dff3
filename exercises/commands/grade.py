"""python -m exercises grade SUBMISSIONS: the points of a class."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from pathlib import Path

from exercises.catalog import Exercise, chapters, course_seed, every_exercise, exercises_of, find_exercise
from exercises.grading.grade import Stopped, grade, read_seeds
from exercises.grading.page import write_page
from exercises.grading.results import Results, as_csv, as_json, as_table
from exercises.grading.sandbox import Guard, Limits
from exercises.grading.submissions import find_submissions
from googlenet.commandline import INTERRUPTED, at_least, not_empty, say


def add_command(commands: argparse._SubParsersAction) -> None:
    """The command `grade`, with its options."""
    c = commands.add_parser(
        "grade",
        help="for instructors: the points of a class",
        description="Run the answers of a class, each in a process of its own with limits, and give points by stage. "
        "SUBMISSIONS holds a folder or a .zip for each student (a copy of my_work, or NAME.py files), or files "
        "STUDENT_NAME.py. In a sandbox where bubblewrap is installed; what is not contained is said.",
        epilog="examples:\n"
        "  python -m exercises grade submissions\n"
        "  python -m exercises grade submissions --csv > points.csv\n"
        "  python -m exercises grade submissions --html results.html\n"
        "  python -m exercises grade submissions --exercises pooling relu --json",
    )
    c.add_argument("submissions", type=not_empty, metavar="SUBMISSIONS", help="a folder")
    which = c.add_mutually_exclusive_group()
    which.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print everything, as JSON")
    which.add_argument("--csv", action="store_true", help="print a row a student, for a spreadsheet")
    c.add_argument("--html", type=not_empty, metavar="OUT", help="write a page for the browser")
    c.add_argument("--exercises", nargs="+", metavar="NAME", help="these exercises or chapters (all)")
    seeds = c.add_mutually_exclusive_group()
    seeds.add_argument("--seed", type=at_least(0), metavar="N", help="of the checks' numbers (the course's, or 0)")
    seeds.add_argument("--seeds", type=not_empty, metavar="FILE", help="CSV: a student and a seed in each row")
    limits = Limits()
    c.add_argument("--seconds", type=at_least(1), default=int(limits.seconds), metavar="S",
                   help=f"for one answer ({limits.seconds:g})")  # fmt: skip
    c.add_argument("--memory", type=at_least(256), default=limits.memory // 2**20, metavar="MIB",
                   help=f"for one process ({limits.memory // 2**20})")  # fmt: skip
    c.add_argument("--jobs", type=at_least(1), default=cores(), metavar="N", help="answers at a time (all cores)")
    sandbox = c.add_mutually_exclusive_group()
    sandbox.add_argument("--require-sandbox", action="store_true", help="refuse to run without bubblewrap")
    sandbox.add_argument("--no-sandbox", action="store_true", help="run with limits alone")
    c.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Grade. ValueError for what cannot be read, or where there is no sandbox and one is required."""
    from tqdm import tqdm

    if args.html and not Path(args.html).absolute().parent.is_dir():
        raise ValueError(f"--html {args.html}: there is no such folder to write it into")
    exercises = chosen(args.exercises)
    seed_of = seeds(args.seed, args.seeds)
    submissions = find_submissions(Path(args.submissions), exercises)
    limits = Limits(seconds=args.seconds, memory=args.memory * 2**20)

    def on_guard(guard: Guard) -> None:
        if args.require_sandbox and not guard.bwrap:
            raise ValueError(f"there is no sandbox: {guard.why_not}. apt-get install bubblewrap")
        if not guard.bwrap:
            say("\n".join(guard.not_contained[1:]), error=True)

    status = 0
    with tqdm(total=len(submissions), desc="grading", unit="student", leave=False, disable=None) as bar:
        try:
            results = grade(
                submissions, exercises, seed_of, limits, min(args.jobs, 256), not args.no_sandbox, on_guard,
                lambda student: bar.update() and None,
            )  # fmt: skip
        except Stopped as stopped:
            results, status = stopped.results, INTERRUPTED
    write(args, results)
    if status:
        say(f"interrupted: {len(results.students)} of {len(submissions)} students are graded", error=True)
    return status


def write(args: argparse.Namespace, results: Results) -> None:
    """In the form that was asked for."""
    if getattr(args, "json", False):
        print(as_json(results), end="")
    elif args.csv:
        print(as_csv(results), end="")
    else:
        print(as_table(results))
    if args.html:
        write_page(results, Path(args.html))


def chosen(names: list[str] | None) -> list[Exercise]:
    """In the order of the course."""
    if not names:
        return every_exercise()
    wanted: set[Exercise] = set()
    for name in names:
        wanted.update(exercises_of(name) if name in chapters() else [find_exercise(name)])
    return [exercise for exercise in every_exercise() if exercise in wanted]


def seeds(seed: int | None, table: str | None) -> Callable[[str], int]:
    """The seed of each student."""
    common = course_seed() if seed is None else seed
    own = read_seeds(Path(table)) if table else {}
    return lambda student: own.get(student, common)


def cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
