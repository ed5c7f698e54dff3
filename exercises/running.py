"""Start the process in which an answer runs, and collect what it tells."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from exercises.answers import Failure, run_stage, without
from exercises.catalog import Exercise
from exercises.record import from_record
from exercises.stages import Outputs

REPOSITORY = Path(__file__).parent.parent
SECONDS = 20.0  # for one check; every check of the course takes less than 5
LARGEST_RECORD = 64 * 2**20  # bytes of results
SHOWN_PRINTS = 2000  # characters of what the answer printed


@dataclass
class Found:
    """What came out of an answer: by (stage, case); `broken` where there was none to run."""

    results: dict[tuple[int, int], Outputs | Failure] = field(default_factory=dict)
    broken: Failure | None = None  # the file cannot be run, or its process ended before all was tried
    printed: str = ""


def run_answer(
    exercise: Exercise, path: Path, seed: int = 0, seconds: float = SECONDS, command: Sequence[str] = ()
) -> Found:
    """Run the file's answer on all cases, in a process of its own, which is stopped after `seconds`.

    command: what the process is started through, for a sandbox: it comes before Python's own command line.
    """
    with tempfile.TemporaryDirectory(prefix="exercises-") as scratch:
        out, printed = Path(scratch, "results"), Path(scratch, "printed")
        line = [
            *command, sys.executable, "-m", "exercises.worker", exercise.chapter, exercise.name,
            str(path.resolve()), str(out), "--seed", str(seed), "--seconds", str(max(0.1, seconds - 0.5)),
        ]  # fmt: skip
        stopped = False
        with open(printed, "wb") as stream:
            process = subprocess.Popen(line, cwd=REPOSITORY, stdin=subprocess.DEVNULL, stdout=stream, stderr=stream)
            try:
                process.wait(seconds)
            except subprocess.TimeoutExpired:
                stopped = True
            finally:
                process.kill()
                process.wait()
        found = read_results(out)
        with open(printed, "rb") as stream:
            found.printed = stream.read(SHOWN_PRINTS).decode(errors="replace")
        if stopped:
            line_number, code = where_it_was(Path(f"{out}.where"), path)
            text = f"it was not done after {seconds:g} seconds, and was stopped: an endless loop?"
            found.broken = Failure("Timeout", text, line_number, code)
        elif process.returncode and found.broken is None:
            found.broken = Failure("Crash", f"its process ended with status {process.returncode}")
        return found


def run_here(exercise: Exercise, answer: object, seed: int = 0, path: Path | Collection[str] | None = None) -> Found:
    """The same in this process: for notebooks, and for the tests of the course."""
    found = Found()
    with without(exercise.forbidden):
        for number, stage in enumerate(exercise.stages):
            for index, case in enumerate(stage.cases_for(seed)):
                found.results[number, index] = run_stage(stage, answer, case, path)
    return found


def read_results(out: Path) -> Found:
    """What the process has written, as far as it came."""
    found = Found()
    if not out.is_file():
        return found
    with open(out, "rb") as stream:
        lines = stream.read(LARGEST_RECORD).splitlines()
    for line in lines:
        try:
            record = json.loads(line)
            if record.get("done"):
                continue
            outcome = from_record(record)
            if "stage" in record:
                found.results[int(record["stage"]), int(record["case"])] = outcome
            elif isinstance(outcome, Failure):
                found.broken = outcome
        except (ValueError, AttributeError):
            continue  # cut off in the middle
    return found


def where_it_was(trace: Path, path: Path) -> tuple[int | None, str]:
    """The line of the learner's file in faulthandler's traceback, and its text."""
    if not trace.is_file():
        return None, ""
    for line in trace.read_text(encoding="utf-8", errors="replace").splitlines():
        if match := re.search(r'File "(.*)", line (\d+)', line):
            if Path(match[1]) == path.resolve():
                number = int(match[2])
                return number, path.read_text(encoding="utf-8").splitlines()[number - 1].strip()
    return None, ""
