"""Start the process in which an answer runs, and collect what it tells."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from exercises.answers import Failure, run_stage, without
from exercises.catalog import Exercise
from exercises.gradients import diagnosis_of
from exercises.record import LONGEST, from_record
from exercises.stages import Outputs

REPOSITORY = Path(__file__).parent.parent
SECONDS = 20.0  # for one check; every check of the course takes less than 5
LARGEST_RECORD = 64 * 2**20  # bytes of results
SHOWN_PRINTS = 2000  # bytes of what the answer printed
SHOWN_TRACE = 64 * 2**10  # bytes of faulthandler's traceback

CaseNumber = tuple[int, int]  # that of a stage, and that of a case in it


@dataclass
class Found:
    """What came out of an answer, by case; `broken` where there was none to run."""

    results: dict[CaseNumber, Outputs | Failure] = field(default_factory=dict)
    broken: Failure | None = None  # the file cannot be run, or its process ended before all was tried
    printed: str = ""
    # What gradcheck says of the answer's backward on these cases, "": nothing; None where it cannot be asked.
    gradcheck: Callable[[Sequence[CaseNumber]], list[str]] | None = None
    diagnoses: list[str] = field(default_factory=list)  # where that was asked for


class Place:
    """How an answer's process is started and ended: here, with the user's own rights.

    exercises/grading/sandbox.py has one that contains it.
    """

    def start(self, line: list[str], scratch: Path, printed: IO[bytes]) -> subprocess.Popen[bytes]:
        """Start it. What it may write lies in `scratch`: results and results.where, both there already."""
        return subprocess.Popen(line, cwd=REPOSITORY, stdin=subprocess.DEVNULL, stdout=printed, stderr=printed)

    def end(self, process: subprocess.Popen[bytes]) -> None:
        """End it, whatever it is doing."""
        process.kill()
        process.wait()


def run_answer(
    exercise: Exercise,
    path: Path,
    seed: int = 0,
    seconds: float = SECONDS,
    place: Place | None = None,
    gradcheck: Sequence[CaseNumber] = (),
) -> Found:
    """Run the file's answer on all cases, in a process of its own, which is stopped after `seconds`.

    gradcheck: cases whose gradients are to be diagnosed instead. A class (`place`) does without.
    """
    ask = None
    if place is None and not gradcheck:

        def ask(cases: Sequence[CaseNumber]) -> list[str]:
            return run_answer(exercise, path, seed, seconds, gradcheck=cases).diagnoses

    place = place or Place()
    with tempfile.TemporaryDirectory(prefix="exercises-") as folder:
        scratch = Path(folder)
        out = scratch / "results"
        line = [
            sys.executable, "-m", "exercises.worker", exercise.chapter, exercise.name,
            str(path.resolve()), str(out), "--seed", str(seed), "--seconds", str(max(0.1, seconds - 0.5)),
            *(f"--gradcheck={stage},{case}" for stage, case in gradcheck),
        ]  # fmt: skip
        stopped = False
        # Opened before it starts: it may put something else into their places, a link or a pipe.
        with (
            open(scratch / "printed", "w+b") as printed,
            open(out, "w+b") as results,
            open(f"{out}.where", "w+b") as at,
        ):
            process = place.start(line, scratch, printed)
            try:
                process.wait(seconds)
            except subprocess.TimeoutExpired:
                stopped = True
            finally:
                place.end(process)
            for stream in (printed, results, at):
                stream.seek(0)
            found, done = read_results(results)
            found.gradcheck = ask
            found.printed = printed.read(SHOWN_PRINTS).decode(errors="replace")
            if stopped:
                text = f"it was not done after {seconds:g} seconds, and was stopped: an endless loop?"
                found.broken = Failure("Timeout", text, *where_it_was(at, path))
            elif not done and found.broken is None:
                found.broken = Failure("Crash", how_it_ended(process.returncode))
        return found


def run_here(exercise: Exercise, answer: object, seed: int = 0, path: Path | Collection[str] | None = None) -> Found:
    """The same in this process: for notebooks, and for the tests of the course."""
    found = Found(gradcheck=lambda cases: [gradcheck_here(exercise, answer, seed, case) for case in cases])
    with without(exercise.forbidden):
        for number, stage in enumerate(exercise.stages):
            for index, case in enumerate(stage.cases_for(seed)):
                found.results[number, index] = run_stage(stage, answer, case, path)
    return found


def gradcheck_here(exercise: Exercise, answer: object, seed: int, case: CaseNumber) -> str:
    """gradcheck's diagnosis of an answer in this process."""
    stage = exercise.stages[case[0]]
    with without(exercise.forbidden):
        return diagnosis_of(stage, answer, stage.cases_for(seed)[case[1]])


def read_results(stream: IO[bytes]) -> tuple[Found, bool]:
    """What the process has written, as far as it came; and whether it says that this is all. Nothing is believed."""
    found, done = Found(), False
    for line in stream.read(LARGEST_RECORD).splitlines():
        try:
            record = json.loads(line)
            if record.get("done"):
                done = True
                continue
            if "diagnosis" in record:
                found.diagnoses.append(" ".join(str(record["diagnosis"]).split())[:LONGEST])
                continue
            outcome = from_record(record)
            if "stage" in record:
                found.results[int(record["stage"]), int(record["case"])] = outcome
            elif isinstance(outcome, Failure):
                found.broken = outcome
        except (ValueError, TypeError, AttributeError, KeyError, OverflowError, RecursionError):
            continue  # cut off in the middle, or not ours
    return found, done


def where_it_was(trace: IO[bytes], path: Path) -> tuple[int | None, str]:
    """The line of the learner's file in faulthandler's traceback, and its text."""
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    for line in trace.read(SHOWN_TRACE).decode(errors="replace").splitlines():
        if match := re.search(r'File "(.*)", line (\d{1,9})', line):
            number = int(match[2])
            if match[1] == str(path.resolve()) and 0 < number <= len(lines):
                return number, lines[number - 1].strip()
    return None, ""


def how_it_ended(status: int) -> str:
    """The exit status of a process that did not come to its end, in words. A shell's 128 + n is the signal n, too."""
    if status == 0:
        return "it ended its own process before all was tried (os._exit, quit?)"
    try:
        name = signal.Signals(-status if status < 0 else status - 128).name
    except ValueError:
        return f"its process ended with status {status} before all was tried"
    why = {"SIGXCPU": ": it used too much time of the processor; an endless loop?", "SIGSEGV": ": endless recursion?"}
    return f"its process was ended by {name}{why.get(name, '')}"
