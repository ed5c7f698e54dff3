"""How far a learner is: found out by running the checks, and remembered for as long as no file changes."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from exercises.catalog import Exercise, every_exercise
from exercises.folder import Work, untouched
from exercises.judging import Verdict, judge
from exercises.running import run_answer
from minicnn.checkpoint import write_atomically

PASSED, BEGUN, UNTOUCHED, MISSING = "passed", "begun", "not begun", "missing"
ENGINE = [Path(__file__).parent / f"{name}.py" for name in ("stages", "answers", "judging", "comparing")]


@dataclass(frozen=True)
class State:
    """Where a learner is with one exercise."""

    exercise: Exercise
    path: Path
    state: str  # PASSED, BEGUN (it was changed, but does not pass), UNTOUCHED, MISSING
    points: tuple[int, int] | None = None  # reached, and possible, where it was run

    def as_record(self) -> dict[str, Any]:
        """As --json prints it."""
        return {
            "exercise": self.exercise.name,
            "chapter": self.exercise.chapter,
            "title": self.exercise.title,
            "file": str(self.path),
            "state": self.state,
            "points": self.points,
        }


def progress(work: Work) -> list[State]:
    """The state of every exercise, in order. What is neither a stub nor known runs, several at once."""
    known = read_cache(work)
    states: dict[str, State] = {}
    unknown: list[Exercise] = []
    for exercise in every_exercise():
        path = work.path_of(exercise)
        record = known.get(exercise.name, {})
        if not path.is_file():
            states[exercise.name] = State(exercise, path, MISSING)
        elif untouched(exercise, read(path)):
            states[exercise.name] = State(exercise, path, UNTOUCHED)
        elif record.get("fingerprint") == fingerprint(work, exercise):
            states[exercise.name] = state_of(exercise, path, tuple(record["points"]))
        else:
            unknown.append(exercise)
    for verdict, mark in run_all(work, unknown):
        exercise = verdict.exercise
        known[exercise.name] = {"fingerprint": mark, "points": verdict.points}
        states[exercise.name] = state_of(exercise, work.path_of(exercise), verdict.points)
    if unknown:
        write_cache(work, known)
    return [states[exercise.name] for exercise in every_exercise()]


def run_all(work: Work, exercises: list[Exercise]) -> Iterator[tuple[Verdict, str]]:
    """The verdict on each, and the fingerprint of before it ran: a file may change meanwhile. As many run as cores."""
    if not exercises:
        return
    from tqdm import tqdm

    marks = [fingerprint(work, exercise) for exercise in exercises]
    pool = ThreadPoolExecutor(os.cpu_count())
    try:
        found = pool.map(lambda exercise: run_answer(exercise, work.path_of(exercise), work.seed), exercises)
        bar = tqdm(found, "checking", len(exercises), leave=False, disable=None)  # None: not where it is no terminal
        for exercise, outcome, mark in zip(exercises, bar, marks, strict=True):
            yield judge(exercise, outcome, work.seed, naming=False), mark
    finally:
        pool.shutdown(cancel_futures=True)  # Ctrl-C: none is begun any more


def next_of(states: list[State]) -> State | None:
    """The first that is not passed."""
    return next((state for state in states if state.state != PASSED), None)


def state_of(exercise: Exercise, path: Path, points: tuple[int, ...]) -> State:
    reached, possible = points
    return State(exercise, path, PASSED if reached == possible else BEGUN, (reached, possible))


def remember(work: Work, verdict: Verdict, mark: str) -> None:
    """Keep what a check has found; `mark`: the fingerprint from before it ran."""
    known = read_cache(work)
    known[verdict.exercise.name] = {"fingerprint": mark, "points": verdict.points}
    write_cache(work, known)


def fingerprint(work: Work, exercise: Exercise) -> str:
    """Of all that a verdict depends on: the learner's file, the exercise's own, the seed."""
    digest = hashlib.sha256(str(work.seed).encode())
    for path in [work.path_of(exercise), *ENGINE, *sorted(exercise.folder.glob("*.*"))]:
        with contextlib.suppress(FileNotFoundError):  # a hidden solution, a file that was just deleted
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")


# ---- what is remembered --------------------------------------------------------------------------------------------


def read_cache(work: Work) -> dict[str, Any]:
    """{name: {"fingerprint": ..., "points": [reached, possible]}}; empty where there is none, or a damaged one."""
    try:
        known = json.loads((work.cache / "progress.json").read_text(encoding="utf-8"))
        return {name: record for name, record in known.items() if len(record["points"]) == 2}
    except (OSError, ValueError, AttributeError, KeyError, TypeError):
        return {}


def write_cache(work: Work, known: dict[str, Any]) -> None:
    """Where the folder cannot be written to, nothing is remembered."""
    with contextlib.suppress(OSError):
        work.cache.mkdir(exist_ok=True)
        write_atomically(work.cache / "progress.json", [json.dumps(known).encode()])
