"""The run at the end of a chapter: something works, with the learner's own operations inside."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from pathlib import Path

from exercises.catalog import chapters
from exercises.override import Answer, account, answers_in, put_in

Say = Callable[[str], None]


def run_chapter(chapter: str, work: Path, say: Say = print) -> bool:
    """Check what is in the learner's folder, put in what passes, run; whether it reached what it should."""
    answers = answers_in(work)
    for line in account(answers, work):
        say(line)
    return run_with(chapter, answers, say)


def run_with(chapter: str, answers: Sequence[Answer], say: Say) -> bool:
    """The chapter's own run(say) -> bool, in course/CHAPTER/run.py."""
    run = importlib.import_module(f"exercises.course.{chapter}.run").run
    with put_in(answers):
        return bool(run(say))


def find_chapter(name: str) -> str:
    """A chapter by its name or its number. ValueError where there is none."""
    if name.isdecimal() and 1 <= int(name) <= len(chapters()):
        return chapters()[int(name) - 1]
    folder = name.strip("/\\").partition("_")[2] if name[:1].isdecimal() else name
    if folder not in chapters():
        listed = ", ".join(f"{i} {chapter}" for i, chapter in enumerate(chapters(), 1))
        raise ValueError(f"there is no chapter {name!r}, expected one of {listed}")
    return folder
