"""A learner's answers inside of the working library: what passes replaces what the library has, all else stays."""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from exercises.answers import load_answer
from exercises.catalog import Exercise
from exercises.folder import open_work
from exercises.progress import BEGUN, PASSED, progress

# Seeds 0, 1, 2 of `python train.py --with FOLDER`, in which nothing passes yet.
WHAT_TO_REACH = "the library by itself gets 74 to 81 % of the test digits right, at the sizes that --with chooses"


@dataclass(frozen=True)
class Answer:
    """A learner's file, and whether it passes."""

    exercise: Exercise
    path: Path
    passed: bool

    @property
    def replaces(self) -> bool:
        """Whether the library has a place for it."""
        return self.passed and hasattr(self.exercise.module("checks"), "install")


def answers_in(folder: Path) -> list[Answer]:
    """The files in a learner's folder that were begun, in the course's order, each checked.

    ValueError where the folder is none of the course.
    """
    states = [state for state in progress(open_work(folder)) if state.state in (PASSED, BEGUN)]
    return [Answer(state.exercise, state.path, state.state == PASSED) for state in states]


@contextlib.contextmanager
def put_in(answers: Sequence[Answer]) -> Iterator[None]:
    """While the context lasts the library computes with these answers, in the order of the course.

    Where two replace the same name, the later one gets the earlier one for what it leaves alone.
    """
    saved: list[tuple[Any, str, Any]] = []
    try:
        for answer in answers:
            if not answer.replaces:
                continue
            loaded = load_answer(answer.path, answer.exercise.answer_name)
            for place, replacement in answer.exercise.module("checks").install(loaded).items():
                module_name, _, name = place.partition(":")
                module = importlib.import_module(module_name)
                saved.append((module, name, getattr(module, name)))
                setattr(module, name, replacement)
        yield
    finally:
        for module, name, value in reversed(saved):
            setattr(module, name, value)


def account(answers: Sequence[Answer], work: Path) -> list[str]:
    """What stands in the library, and what does not, in lines."""
    inside = [answer.exercise.name for answer in answers if answer.replaces]
    failed = [answer.exercise.name for answer in answers if not answer.passed]
    lines = [f"from {work}: {', '.join(inside)}" if inside else f"from {work}: nothing that passes yet"]
    if failed:
        lines.append(f"not passed yet, so the library's own is there: {', '.join(failed)}")
    return lines


@contextlib.contextmanager
def learners(work: Path) -> Iterator[list[str]]:
    """For `train.py --with`: check what is in the folder, and put in what passes; gives the account of it."""
    answers = answers_in(work)
    with put_in(answers):
        yield [*account(answers, work), WHAT_TO_REACH]
