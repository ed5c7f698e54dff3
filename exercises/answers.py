"""A learner's file: loaded, run on a case, and what goes wrong in it told by its own lines."""

from __future__ import annotations

import contextlib
import importlib
import linecache
import sys
import traceback
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from exercises.stages import Case, Outputs, Stage


@dataclass(frozen=True)
class Failure:
    """An error in the learner's code, told by its own lines: never by ours."""

    kind: str  # the name of the exception
    message: str
    line: int | None = None  # in the learner's file: the deepest of its lines on the way to the error
    code: str = ""  # that line
    unwritten: bool = False  # a stub's NotImplementedError
    column: int | None = None  # in `code`, counted from 1, where Python says it


class AnswerError(Exception):
    """There is no answer to run: the file cannot be read as Python, or does not define what is asked for."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


def load_answer(path: Path, name: str) -> Any:
    """What `path` defines under `name`. AnswerError where it does not, or cannot be run."""
    module = ModuleType(f"answer_{path.stem}")
    module.__file__ = str(path)
    sys.modules[module.__name__] = module
    try:
        source = path.read_text(encoding="utf-8-sig")  # Windows' Notepad begins a file with a mark
        exec(compile(source, str(path), "exec"), module.__dict__)
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        text = f"{path.name} is not UTF-8 (byte {error.object[error.start]:#x} in line {line}): save it as UTF-8"
        raise AnswerError(Failure("NotUTF8", text)) from error
    except (Exception, SystemExit) as error:
        raise AnswerError(failure_of(error, path)) from error
    if not hasattr(module, name):
        defined = [n for n, v in vars(module).items() if getattr(v, "__module__", None) == module.__name__]
        there = f"it defines {', '.join(defined)}" if defined else "it defines nothing"
        raise AnswerError(Failure("NoAnswer", f"the file does not define {name}, which is checked: {there}"))
    return getattr(module, name)


def failure_of(error: BaseException, path: Path | Collection[str]) -> Failure:
    """The error, at the learner's own line. `path`: the learner's file, or the names that Python has for several."""
    own = {str(path)} if isinstance(path, Path) else path
    line, code = None, ""
    for frame in traceback.extract_tb(error.__traceback__):
        if frame.filename in own:
            line, code = frame.lineno, (frame.line or "").strip()
    if isinstance(error, SyntaxError) and error.filename in own:
        text = error.text or ""
        code = text.strip()
        column = (error.offset or 0) - (len(text) - len(text.lstrip()))
        return Failure(type(error).__name__, error.msg or "", error.lineno, code, column=column if column > 0 else None)
    if isinstance(error, SystemExit):
        return Failure("Exit", "it ended Python: take the exit() out", line, code)
    unwritten = isinstance(error, NotImplementedError)
    return Failure(type(error).__name__, " ".join(str(error).split()), line, code, unwritten)


def run_stage(stage: Stage, answer: Any, case: Case, path: Path | Collection[str] | None = None) -> Outputs | Failure:
    """What the answer makes of the case; arrays in it are copies, and it is a failure to change them.

    path: the learner's file, or names of several, for an error to be told by its line (`failure_of`).
    """
    given = {name: value.copy() if isinstance(value, np.ndarray) else value for name, value in case.items()}
    try:
        with np.errstate(all="ignore"):  # what overflows is seen in the numbers
            outputs = stage.run(answer, **given)
        outputs = {name: plain(value) for name, value in outputs.items()}
    except (Exception, SystemExit) as error:
        if isinstance(path, Path):
            linecache.checkcache(str(path))
        return failure_of(error, path or ())
    for name, value in case.items():
        if isinstance(value, np.ndarray) and not np.array_equal(value, given[name], equal_nan=True):
            text = f"it changed its input {name} in place; others may still need that: work on a copy"
            return Failure("InputChanged", text)
    return outputs


def plain(value: Any) -> Any:
    """An output as an array, or as text where it is none. None stays None."""
    if value is None or isinstance(value, str):
        return value
    array = np.asarray(getattr(value, "data", value) if not isinstance(value, np.ndarray) else value)
    return array if array.dtype.kind in "biuf" else repr(value)[:400]


@contextlib.contextmanager
def without(forbidden: tuple[str, ...]) -> Iterator[None]:
    """While an answer runs: what of the library would be the answer raises, and says so."""
    saved = []
    for place in forbidden:
        module_name, _, name = place.partition(":")
        module = importlib.import_module(module_name)
        saved.append((module, name, getattr(module, name)))
        setattr(module, name, Refused(name))
    try:
        yield
    finally:
        for module, name, value in reversed(saved):
            setattr(module, name, value)


class Refused:
    """Stands where the library has what the learner is to write."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        raise RuntimeError(f"the library's own {self.name} is not there in this exercise: it is what you write")

    def __mro_entries__(self, bases: tuple[Any, ...]) -> tuple[type, ...]:
        raise TypeError(f"the library's own {self.name} is not there in this exercise: it is what you write")

    def __getattr__(self, attribute: str) -> Any:
        raise AttributeError(f"the library's own {self.name} is not there in this exercise: it is what you write")
