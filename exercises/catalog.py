"""The course: its chapters, and the exercises in them, in order."""

from __future__ import annotations

import importlib
import json
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any

from exercises.stages import Stage

COURSE = Path(__file__).parent / "course"
SETTINGS = COURSE / "built.json"  # of a course that was built to be handed out: its seed, and what is hidden


@dataclass(frozen=True)
class Exercise:
    """One exercise: a folder with text.md, stub.py, checks.py, hints.md, and, where nothing is hidden, solution.py and
    mistakes.py."""

    chapter: str
    name: str  # of the folder, and of the learner's file

    @property
    def folder(self) -> Path:
        return COURSE / self.chapter / self.name

    def module(self, name: str) -> ModuleType:
        """One of its files: "checks", "solution", "mistakes"."""
        return importlib.import_module(f"exercises.course.{self.chapter}.{self.name}.{name}")

    @cached_property
    def answer_name(self) -> str:
        """What the learner's file has to define."""
        return str(self.module("checks").ANSWER)

    @cached_property
    def stages(self) -> list[Stage]:
        return list(self.module("checks").STAGES)

    @cached_property
    def forbidden(self) -> tuple[str, ...]:
        """What of the library is not there while the answer runs, as it would be the answer: "module:name"."""
        return tuple(getattr(self.module("checks"), "FORBIDDEN", ()))

    @cached_property
    def is_bug_hunt(self) -> bool:
        """Whether the stub is a whole answer with one mistake in it."""
        return bool(getattr(self.module("checks"), "FIND_THE_BUG", False))

    @cached_property
    def title(self) -> str:
        """The first heading of its text."""
        first = self.text.partition("\n")[0]
        return first.removeprefix("# ").strip()

    @property
    def text(self) -> str:
        return (self.folder / "text.md").read_text(encoding="utf-8")

    @property
    def stub(self) -> str:
        return (self.folder / "stub.py").read_text(encoding="utf-8")

    @property
    def hints(self) -> list[str]:
        """Three, each more telling; none where they are hidden."""
        path = self.folder / "hints.md"
        if not path.is_file():
            return []
        return [part.strip() for part in re.split(r"(?m)^## \d\s*$", path.read_text(encoding="utf-8")) if part.strip()]

    @property
    def solution(self) -> Any:
        return getattr(self.module("solution"), self.answer_name)

    @property
    def mistakes(self) -> list[tuple[str, Any]]:
        """(sentence, wrong answer)."""
        return list(self.module("mistakes").mistake.all)


def course_seed() -> int:
    """The seed that the course was built with (python -m exercises build --seed), else 0."""
    return int(json.loads(SETTINGS.read_text(encoding="utf-8"))["seed"]) if SETTINGS.is_file() else 0


def chapters() -> list[str]:
    """Their folders' names, in order."""
    return list(importlib.import_module("exercises.course").CHAPTERS)


def exercises_of(chapter: str) -> list[Exercise]:
    """The exercises of a chapter, in order."""
    names = importlib.import_module(f"exercises.course.{chapter}").EXERCISES
    return [Exercise(chapter, name) for name in names]


def every_exercise() -> list[Exercise]:
    """The whole course, in order."""
    return [exercise for chapter in chapters() for exercise in exercises_of(chapter)]


def find_exercise(name: str) -> Exercise:
    """The exercise of that name. ValueError, with what is near it, where there is none."""
    import difflib

    found = {exercise.name: exercise for exercise in every_exercise()}
    if name not in found:
        near = difflib.get_close_matches(name, found, n=3, cutoff=0.5)
        hint = f"; did you mean {' or '.join(near)}?" if near else ": `python -m exercises list` shows all"
        raise ValueError(f"there is no exercise {name!r}{hint}")
    return found[name]
