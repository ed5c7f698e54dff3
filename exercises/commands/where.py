"""python -m exercises: where you are, and what is next."""

from __future__ import annotations

import argparse
import json

from exercises.catalog import chapters
from exercises.commands.options import work_of
from exercises.folder import folder_name
from exercises.progress import BEGUN, MISSING, PASSED, UNTOUCHED, State, next_of, progress

MARKS = {PASSED: "#", BEGUN: "+", UNTOUCHED: ".", MISSING: "?"}


def run(args: argparse.Namespace) -> None:
    """Print the chapters, and what to type."""
    work = work_of(args)
    states = progress(work)
    after = next_of(states)
    if args.json:
        record = {
            "folder": str(work.folder),
            "seed": work.seed,
            "passed": count(states),
            "exercises": [state.as_record() for state in states],
            "next": after and after.exercise.name,
        }
        print(json.dumps(record))
        return
    print(f"{work.folder}: {count(states)} of {len(states)} exercises passed\n")
    for chapter in chapters():
        here = [state for state in states if state.exercise.chapter == chapter]
        marks = "".join(MARKS[state.state] for state in here)
        print(f"  {folder_name(chapter):<15} {marks:<9} {count(here)} of {len(here)}")
    print("\n  # passed   + begun   . not begun" + ("   ? its file is missing" * has_missing(states)))
    print()
    if after is None:
        print("All exercises are passed.")
    else:
        print("\n".join(what_next(after)))


def count(states: list[State]) -> int:
    """How many are passed."""
    return sum(state.state == PASSED for state in states)


def has_missing(states: list[State]) -> bool:
    return any(state.state == MISSING for state in states)


def what_next(state: State) -> list[str]:
    """The next exercise, and what to type for it."""
    exercise = state.exercise
    if state.state == MISSING:
        return [
            f"next: {exercise.name} ({exercise.title})",
            f"its file {state.path} is missing; this writes it again:",
            f"  python -m exercises reset {exercise.name}",
        ]
    return [
        f"next: {exercise.name} ({exercise.title})",
        f"  python -m exercises show    its text{' (there is a bug to be found)' * exercise.is_bug_hunt}",
        f"  then write {state.path}",
        "  python -m exercises check   is it right?",
        *["  python -m exercises hint    a hint"] * bool(exercise.hints),
    ]
