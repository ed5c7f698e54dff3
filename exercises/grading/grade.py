"""A class is graded: every answer in processes of its own, and what comes back is judged here."""

from __future__ import annotations

import csv
import functools
import queue
import subprocess
import tempfile
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import IO

from exercises.catalog import Exercise
from exercises.folder import untouched
from exercises.grading.build import build_for_grading
from exercises.grading.results import Mark, Results, StageMark, Student, mark_of
from exercises.grading.sandbox import Contained, Guard, Limits, find_guard, without_sandbox
from exercises.grading.submissions import Submission, printable
from exercises.grading.suspicious import suspicious
from exercises.judging import judge
from exercises.reference import Reference
from exercises.running import Found, run_answer

Done = Callable[[str], None]  # told the name of a student whose answers are judged


class Stopped(Exception):
    """It was interrupted: `results` has the students who were done."""

    def __init__(self, results: Results) -> None:
        super().__init__("interrupted")
        self.results = results


def grade(
    submissions: list[Submission],
    exercises: list[Exercise],
    seed_of: Callable[[str], int],
    limits: Limits = Limits(),  # noqa: B008 (it does not change)
    jobs: int = 1,
    sandbox: bool = True,
    on_guard: Callable[[Guard], None] = lambda guard: None,
    on_done: Done = lambda student: None,
) -> Results:
    """The results of every student, in order. `on_guard` is told what is contained, before anything runs.

    sandbox: False leaves bubblewrap aside. Raises Stopped on Ctrl-C, when all processes have been ended, and ValueError
    where nothing can be graded: a course without solutions knows what is right for its own seed alone.
    """
    for seed in {seed_of(submission.student) for submission in submissions}:
        for exercise in exercises:
            reference_of(exercise, seed)
    with tempfile.TemporaryDirectory(prefix="exercises-") as folder:
        room = Path(folder)
        room.chmod(0o711)  # as root, answers run as other users: they may pass, not look around
        course = room / "course"
        build_for_grading(course)
        guard = find_guard(course, limits) if sandbox else without_sandbox(course, limits, "it was not wanted")
        on_guard(guard)
        runner = Runner(guard, room, jobs)
        students: list[Student] = []
        try:
            # What is judged goes: the outputs of a class would fill the memory.
            work: deque[tuple[Submission, int, list[Future[Found] | None]]] = deque()
            for submission in submissions:
                seed = seed_of(submission.student)
                work.append((submission, seed, [runner.submit(e, submission, seed) for e in exercises]))
            while work:
                submission, seed, futures = work.popleft()
                marks = [marked(e, submission, seed, f) for e, f in zip(exercises, futures, strict=True)]
                students.append(Student(submission.student, seed, marks, submission.notes))
                on_done(submission.student)
        except KeyboardInterrupt:
            raise Stopped(results_of(exercises, students, guard, len(submissions) - len(students))) from None
        finally:
            runner.stop()
        return results_of(exercises, students, guard, 0)


def results_of(exercises: list[Exercise], students: list[Student], guard: Guard, missing: int) -> Results:
    names = [exercise.name for exercise in exercises]
    return Results(names, students, guard.contained, guard.not_contained, missing)


# ---- running -------------------------------------------------------------------------------------------------------


class Runner:
    """Runs answers, several at a time. Threads: each waits for a process."""

    def __init__(self, guard: Guard, room: Path, jobs: int) -> None:
        self.guard, self.room = guard, room
        self.pool = ThreadPoolExecutor(jobs)
        self.slots: queue.SimpleQueue[int] = queue.SimpleQueue()
        for slot in range(jobs):
            self.slots.put(slot)
        self.processes: set[subprocess.Popen[bytes]] = set()
        self.stopping = False

    def submit(self, exercise: Exercise, submission: Submission, seed: int) -> Future[Found] | None:
        """None where nothing was handed in, or only what was given."""
        source = submission.answers.get(exercise.name)
        if source is None or untouched(exercise, source.decode("utf-8", "replace")):
            return None
        return self.pool.submit(self.run, exercise, source, seed)

    def run(self, exercise: Exercise, source: bytes, seed: int) -> Found:
        if self.stopping:
            return Found()
        slot = self.slots.get()
        try:
            with tempfile.TemporaryDirectory(prefix="exercises-", dir=self.room) as folder:
                path = Path(folder, f"{exercise.name}.py")
                path.write_bytes(source)
                place = Tracked(self, path, slot)
                return run_answer(exercise, path, seed, self.guard.limits.seconds, place)
        finally:
            self.slots.put(slot)

    def stop(self) -> None:
        """End all that still runs."""
        self.stopping = True
        for process in list(self.processes):
            process.kill()
        self.pool.shutdown(wait=True, cancel_futures=True)


class Tracked(Contained):
    """A place whose process is known to the runner, so that it can be ended when all is to stop."""

    def __init__(self, runner: Runner, answer: Path, slot: int) -> None:
        super().__init__(runner.guard, answer, slot)
        self.runner = runner

    def start(self, line: list[str], scratch: Path, printed: IO[bytes]) -> subprocess.Popen[bytes]:
        process = super().start(line, scratch, printed)
        self.runner.processes.add(process)
        if self.runner.stopping:  # just now: `stop` may not have seen it
            process.kill()
        return process

    def end(self, process: subprocess.Popen[bytes]) -> None:
        super().end(process)
        self.runner.processes.discard(process)


# ---- judging -------------------------------------------------------------------------------------------------------


@functools.lru_cache(maxsize=256)
def reference_of(exercise: Exercise, seed: int) -> Reference:
    return Reference(exercise, seed)


def marked(exercise: Exercise, submission: Submission, seed: int, future: Future[Found] | None) -> Mark:
    """The mark for one answer. Whatever an answer gives back, the others are judged."""
    if future is None:
        handed_in = exercise.name in submission.answers
        reason = "as it was given" if handed_in else submission.problems.get(exercise.name, "not handed in")
        return nothing(exercise, reason)
    notes = suspicious(submission.answers[exercise.name])
    try:
        return mark_of(judge(exercise, future.result(), seed, reference_of(exercise, seed)), notes)
    except Exception as error:
        return nothing(exercise, printable(f"it could not be judged ({type(error).__name__}: {error})"), notes)


def nothing(exercise: Exercise, reason: str, notes: list[str] | None = None) -> Mark:
    """No points."""
    stages = [StageMark(stage.name, 0, stage.points, reason) for stage in exercise.stages]
    return Mark(exercise.name, 0, sum(stage.points for stage in exercise.stages), stages, reason, notes or [])


# ---- seeds ---------------------------------------------------------------------------------------------------------


def read_seeds(path: Path) -> dict[str, int]:
    """By student, from a CSV file with a student and a seed in each row. ValueError where it is something else."""
    seeds: dict[str, int] = {}
    with open(path, encoding="utf-8-sig", newline="") as stream:
        for number, row in enumerate(csv.reader(stream), 1):
            if not row or (number == 1 and [cell.strip().lower() for cell in row[:2]] == ["student", "seed"]):
                continue
            if len(row) < 2 or not row[1].strip().isdecimal() or len(row[1].strip()) > 9:
                raise ValueError(f"{path}, line {number}: expected a student and a seed, as in: Ada,17")
            seeds[row[0].strip()] = int(row[1])
    return seeds
