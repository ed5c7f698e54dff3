"""The process in which a learner's answer runs: python -m exercises.worker NAME FILE OUT --seed S.

For every case of every stage it writes a line to OUT, at once, so that what ran before a crash or an endless loop is
known. It knows neither the solution nor the misconceptions: what is right is decided elsewhere (judging.py).
"""

from __future__ import annotations

import argparse
import contextlib
import faulthandler
import json
import random
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

import numpy as np

from exercises.answers import AnswerError, load_answer, run_stage, without
from exercises.catalog import Exercise
from exercises.gradients import diagnosis_of
from exercises.record import to_record

MEMORY = 8 * 2**30  # bytes of address space; the checks need less than one
FILE = 64 * 2**20  # bytes of what it prints, and of its results


def main(arguments: list[str] | None = None) -> int:
    """Run one answer through all stages."""
    p = argparse.ArgumentParser(prog="python -m exercises.worker", description=__doc__)
    p.add_argument("chapter")
    p.add_argument("name")
    p.add_argument("file", type=Path)
    p.add_argument("out", type=Path)
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--seconds", type=float, default=0, help="write the line where it is after so long (0: never)")
    p.add_argument("--gradcheck", action="append", metavar="STAGE,CASE", help="diagnose its gradients there instead")
    args = p.parse_args(arguments)
    with open(args.out, "w", encoding="utf-8") as out, open(f"{args.out}.where", "w", encoding="utf-8") as where:
        if args.seconds:
            faulthandler.dump_traceback_later(args.seconds, file=where)
        run(Exercise(args.chapter, args.name), args.file, args.seed, out, args.gradcheck or [])
    return 0


def run(exercise: Exercise, path: Path, seed: int, out: TextIO, gradcheck: Sequence[str] = ()) -> None:
    """Every case of every stage, a line each: {"stage": 0, "case": 0, "outputs": ...} or "failure".

    gradcheck: the numbers "stage,case" of some, to write what gradcheck says of their gradients instead.
    """

    def tell(**record: object) -> None:
        out.write(json.dumps(record) + "\n")
        out.flush()

    stages = exercise.stages
    random.seed(0)  # an answer that rolls dice gets the same ones every time
    np.random.seed(0)  # noqa: NPY002
    with without(exercise.forbidden):
        try:
            answer = load_answer(path, exercise.answer_name)
        except AnswerError as error:
            tell(**to_record(error.failure))
            return
        for text in gradcheck:
            number, index = map(int, text.split(","))
            tell(diagnosis=diagnosis_of(stages[number], answer, stages[number].cases_for(seed)[index]))
        if gradcheck:
            stages = []
        for number, stage in enumerate(stages):
            for index, case in enumerate(stage.cases_for(seed)):
                tell(stage=number, case=index, **to_record(run_stage(stage, answer, case, path)))
    tell(done=True)


def limit_itself() -> None:
    """What takes all memory, or prints without end, gets an error before the learner's machine stands still."""
    with contextlib.suppress(ImportError, ValueError, OSError):  # Windows has no such limits, macOS none of memory
        import resource

        for what, most in ((resource.RLIMIT_FSIZE, FILE), (resource.RLIMIT_AS, MEMORY)):
            hard = resource.getrlimit(what)[1]
            resource.setrlimit(what, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


if __name__ == "__main__":
    limit_itself()
    sys.exit(main())
