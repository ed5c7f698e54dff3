"""`exercises.check` for notebooks and prompts: an answer that is an object of this process, not a file."""

from __future__ import annotations

import sys
from typing import Any

from exercises.catalog import course_seed, find_exercise
from exercises.judging import Verdict, judge
from exercises.message import told
from exercises.running import run_here
from minicnn.function import Function


def check(name: str, answer: Any, seed: int | None = None) -> Verdict:
    """Check an answer, print what is to be said of it, and return the verdict.

    name: of the exercise, such as "max_pool2d". answer: the class or the function itself; what it is called does not
    matter. seed: varies the numbers of the checks (the course's own, or 0).
    An error in the answer is told by its line, without a traceback. Raises ValueError for a name that no exercise has,
    TypeError for an answer that cannot be called.
    """
    exercise = find_exercise(name)
    if not callable(answer) or isinstance(answer, Function):
        raise TypeError(f"check: the answer is a {type(answer).__name__}, expected the class or function itself")
    seed = course_seed() if seed is None else seed
    verdict = judge(exercise, run_here(exercise, answer, seed, files_of(answer)), seed)
    print(told(verdict))
    return verdict


def files_of(answer: Any) -> set[str]:
    """What Python calls the files, or the cells of a notebook, from which the answer and what lies beside it come."""
    module = sys.modules.get(getattr(answer, "__module__", ""))
    beside = [thing for thing in vars(module).values() if is_from(thing, module.__name__)] if module else []
    things = [answer, *beside]
    methods = [value for thing in things if isinstance(thing, type) for value in vars(thing).values()]
    return {thing.__code__.co_filename for thing in things + methods if hasattr(thing, "__code__")}


def is_from(thing: Any, module: str) -> bool:
    """Whether something was defined in this module; one may answer that with anything, or with an error."""
    return getattr(type(thing), "__name__", "") in ("function", "type") and thing.__module__ == module
