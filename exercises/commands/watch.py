"""python -m exercises watch: checks again whenever a file is saved."""

from __future__ import annotations

import argparse
import contextlib
import sys
import time
from collections.abc import Callable
from pathlib import Path

from exercises.catalog import Exercise, every_exercise
from exercises.commands.check import check
from exercises.commands.options import add_work, on_terminal, work_of
from exercises.folder import Work
from exercises.message import told
from exercises.progress import next_of, progress

SECONDS = 0.3  # between two looks at the files
Times = dict[Path, tuple[int, int]]


def add_command(commands: argparse._SubParsersAction) -> None:
    """The command `watch`, with its options."""
    c = commands.add_parser(
        "watch",
        help="check again whenever you save a file",
        description="Check the next exercise, and then whichever file you save, at once. When one passes, the next "
        "comes. Ctrl-C ends it.",
        epilog="examples:\n  python -m exercises watch\n  python -m exercises watch --work my_work",
    )
    add_work(c)
    c.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Until Ctrl-C, or until all is passed."""
    return watch(work_of(args))


def watch(work: Work, wait: Callable[[float], None] = time.sleep) -> int:
    """Check what changes. -> 0 when all exercises are passed."""
    clear()
    times = file_times(work)
    going_on = go_on(work)
    while going_on:
        wait(SECONDS)
        now = file_times(work)
        if now == times:
            continue
        wait(SECONDS / 3)  # an editor may write in several steps
        if file_times(work) != now:
            continue
        changed = [e for e in every_exercise() if now.get(work.path_of(e)) != times.get(work.path_of(e))]
        times = now  # what is saved while the checks run is seen in the next round
        clear()
        passed = [report(work, exercise) for exercise in changed]
        if any(passed):
            print()
            going_on = go_on(work)
    return 0


def go_on(work: Work) -> bool:
    """Say what is next, and check it; False where all is passed."""
    state = next_of(progress(work))
    if state is None:
        print("All exercises are passed.")
        return False
    print(f"next: {state.exercise.name} ({state.exercise.title})")
    print(f"python -m exercises show {state.exercise.name}    in another terminal: its text\n")
    report(work, state.exercise)
    return True


def report(work: Work, exercise: Exercise) -> bool:
    """Check one exercise and say what came of it; whether it passed."""
    path = work.path_of(exercise)
    if not path.is_file():
        print(f"{path} is not there; it is checked when it is.", flush=True)
        return False
    verdict = check(exercise, path, work)
    print(told(verdict, path, on_terminal()), flush=True)
    if not verdict.passed:
        print(f"\nwatching {path}; Ctrl-C ends", flush=True)
    return verdict.passed


def file_times(work: Work) -> Times:
    """When each exercise's file was written last, and its size; files that are not there are left out."""
    times = {}
    for exercise in every_exercise():
        with contextlib.suppress(OSError):
            found = work.path_of(exercise).stat()
            times[work.path_of(exercise)] = (found.st_mtime_ns, found.st_size)
    return times


def clear() -> None:
    """An empty screen, where there is one."""
    if sys.stdout.isatty():
        print("\033[2J\033[H", end="")
