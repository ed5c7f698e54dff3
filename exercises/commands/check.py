"""python -m exercises check: is an answer right, and if not, what is wrong?"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from exercises.answers import Failure
from exercises.catalog import Exercise, course_seed, every_exercise
from exercises.commands.options import add_json, add_work, on_terminal, work_of
from exercises.commands.run import has_run
from exercises.folder import MARKER, Work, named, work_around
from exercises.judging import Verdict, judge
from exercises.message import told
from exercises.progress import PASSED, fingerprint, next_of, progress, remember
from exercises.running import Found, run_answer


def add_command(commands: argparse._SubParsersAction) -> None:
    """The command `check`, with its options."""
    c = commands.add_parser(
        "check",
        help="is your answer right? If not: what came, what was expected, which mistake it is",
        description="Check answers, stage by stage. Without a name: the next exercise. "
        "The exit status is 0 where all pass, 1 where one does not.",
        epilog="examples:\n  python -m exercises check\n  python -m exercises check max_pool2d add\n"
        "  python -m exercises check my_work/4_pooling/max_pool2d.py\n"
        "  python -m exercises check pooling\n  python -m exercises check --all --json",
    )
    c.add_argument("names", nargs="*", metavar="NAME", help="of an exercise, of a chapter, or a file")
    c.add_argument("--all", action="store_true", help="all exercises")
    add_work(c)
    add_json(c)
    c.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Check what was asked for; 0 where all of it passes."""
    verdicts = []
    for exercise, path, work in asked_for(args):
        verdict = check(exercise, path, work)
        verdicts.append(verdict)
        if args.json:
            continue
        if len(verdicts) > 1:
            print()
        print(told(verdict, path, on_terminal()), flush=True)
        if not verdict.passed and exercise.hints:
            print(f"\npython -m exercises hint {exercise.name}")
    if args.json:
        print(json.dumps([as_record(verdict) for verdict in verdicts]))
    elif not verdicts:
        print("All exercises are passed.")
    elif all(verdict.passed for verdict in verdicts) and not args.all:
        print("\n" + "\n".join(after(verdicts[-1].exercise, work)))
    return 0 if all(verdict.passed for verdict in verdicts) else 1


def asked_for(args: argparse.Namespace) -> list[tuple[Exercise, Path, Work]]:
    """What to check, and where it lies."""
    if args.all:
        args.names = [exercise.name for exercise in every_exercise()]
    if not args.names:
        state = next_of(progress(work := work_of(args)))
        return [] if state is None else [(state.exercise, state.path, work)]
    found = []
    for exercise, path in named(args.names):
        if path is None:
            work = work_of(args)
            path = work.path_of(exercise)
        else:
            work = work_around(path.parent) or Work(path.parent, course_seed())
        found.append((exercise, path, work))
    return found


def check(exercise: Exercise, path: Path, work: Work) -> Verdict:
    """Run one answer, and remember what came of it. A file that is missing is one that does not pass."""
    if not path.is_file():
        text = f"{path} is missing: `python -m exercises reset {exercise.name}` writes it again"
        return judge(exercise, Found(broken=Failure("NoFile", text)), work.seed)
    mark = fingerprint(work, exercise)
    verdict = judge(exercise, run_answer(exercise, path, work.seed), work.seed)
    if path.resolve() == work.path_of(exercise).resolve():
        remember(work, verdict, mark)
    return verdict


def after(exercise: Exercise, work: Work) -> list[str]:
    """What to do when an exercise is passed."""
    lines = [f"python -m exercises diff {exercise.name}    your code beside the library's"]
    if not (work.folder / MARKER).is_file():
        return lines  # a file that lies elsewhere
    states = progress(work)
    if has_run(exercise.chapter) and all(s.state == PASSED for s in states if s.exercise.chapter == exercise.chapter):
        lines.append(f"python -m exercises run {exercise.chapter}    the chapter is done: this shows it working")
    state = next_of(states)
    lines.append("All exercises are passed." if state is None else f"next: {state.exercise.name}, in {state.path}")
    return lines


def as_record(verdict: Verdict) -> dict[str, Any]:
    """A verdict as --json prints it."""
    first = verdict.first_problem
    return {
        "exercise": verdict.exercise.name,
        "passed": verdict.passed,
        "points": verdict.points,
        "stages": [{"name": result.stage.name, "passed": result.passed} for result in verdict.stages],
        "mistake": first.problem.mistake if first and first.problem else "",
        "message": told(verdict),
    }
