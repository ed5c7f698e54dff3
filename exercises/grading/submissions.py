"""What a class has handed in: found and read as data from strangers. No link is followed, nothing large is read."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from exercises.catalog import Exercise
from googlenet.data.members import members

MOST_STUDENTS = 5000
MOST_FILES = 20_000  # of one student, that are looked at
DEEPEST = 6  # folders in folders
LARGEST = 256 * 2**10  # bytes of an answer
LARGEST_ZIP = 20 * 10**6
SKIPPED = ("__pycache__", "__MACOSX", "node_modules", "site-packages")


@dataclass
class Submission:
    """One student's answers, by exercise; and what is to be said about what was found."""

    student: str
    answers: dict[str, bytes] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    problems: dict[str, str] = field(default_factory=dict)  # by exercise: why a file of that name was not read


@dataclass(frozen=True)
class Item:
    """A file of a submission: its place in it, and how to read it."""

    parts: tuple[str, ...]
    what: str  # "file", or what it is instead
    path: Path | None = None  # None: in an archive
    chunks: Iterable[bytes] = ()


def find_submissions(folder: Path, exercises: list[Exercise]) -> list[Submission]:
    """Every student's, sorted by name. A folder, a .zip, or files called STUDENT_EXERCISE.py are one student's.

    A folder that has answers in it itself is one student's too. ValueError where nothing is found.
    """
    if not folder.is_dir():
        raise ValueError(f"{folder} is no folder: it should hold a folder or .zip for each student")
    names = {exercise.name: exercise for exercise in exercises}
    with os.scandir(folder) as entries:
        found = sorted(islice(entries, MOST_STUDENTS + 1), key=lambda entry: entry.name)
    if len(found) > MOST_STUDENTS:
        raise ValueError(f"{folder} holds more than {MOST_STUDENTS:,} files and folders: is it the right one?")
    if any(exercise_of(entry.name, names) or is_chapter(entry.name, exercises) for entry in found):
        return [collected(printable(folder.resolve().name), items_of(folder), names)]
    submissions: list[Submission] = []
    loose: dict[str, list[Item]] = {}
    for entry in found:
        if entry.name.startswith((".", "__")):
            continue
        name, path = printable(entry.name), Path(entry.path)
        if entry.is_symlink():
            submissions.append(Submission(name, notes=["it is a link: not followed"]))
        elif entry.is_dir(follow_symlinks=False):
            submissions.append(collected(name, items_of(path), names))
        elif name.lower().endswith(".zip") and entry.is_file(follow_symlinks=False):
            submissions.append(collected(name[:-4], items_of_zip(path), names))
        elif name.lower().endswith(".py") and (whose := student_of(name, names)):
            student, exercise = whose
            loose.setdefault(student, []).append(Item((f"{exercise}.py",), "file", path))
    submissions += [collected(student, items, names) for student, items in loose.items()]
    if not submissions:
        raise ValueError(f"{folder} holds no submissions: a folder, or a .zip, for each student")
    return sorted(submissions, key=lambda submission: submission.student)


def collected(student: str, items: Iterable[Item], names: dict[str, Exercise]) -> Submission:
    """The answers among the files. Of several for one exercise that in its chapter's folder counts, else the first."""
    submission = Submission(student)
    places: dict[str, tuple[bool, str]] = {}
    try:
        for number, item in enumerate(items):
            if number >= MOST_FILES:
                submission.notes.append(f"more than {MOST_FILES:,} files: the others were not looked at")
                break
            name = exercise_of(item.parts[-1], names)
            if not name:
                continue
            place = printable("/".join(item.parts))
            at_home = len(item.parts) > 1 and item.parts[-2].lstrip("0123456789_") == names[name].chapter
            if name in submission.answers:
                first = places[name]
                if first[0] or not at_home:
                    submission.notes.append(f"{name} is there twice: {first[1]} counts, not {place}")
                    continue
                submission.notes.append(f"{name} is there twice: {place} counts, not {first[1]}")
            source, problem = read(item)
            if problem:
                submission.problems.setdefault(name, f"{place} {problem}")
            else:
                submission.answers[name], places[name] = source, (at_home, place)
    except (OSError, ValueError) as error:
        text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        submission.notes.append(printable(f"not read to its end: {text}"))
    for name in submission.answers:
        submission.problems.pop(name, None)
    return submission


def items_of(folder: Path) -> Iterator[Item]:
    """The files of a folder, those nearest to it first."""
    waiting: list[tuple[Path, tuple[str, ...]]] = [(folder, ())]
    while waiting:
        here, parts = waiting.pop(0)
        with os.scandir(here) as entries:
            found = sorted(islice(entries, MOST_FILES + 1), key=lambda entry: entry.name)
        for entry in found:
            place = (*parts, entry.name)
            if entry.is_symlink():
                yield Item(place, "link")
            elif entry.is_dir(follow_symlinks=False):
                if not entry.name.startswith(".") and entry.name not in SKIPPED and len(place) <= DEEPEST:
                    waiting.append((Path(entry.path), place))
            elif entry.is_file(follow_symlinks=False):
                yield Item(place, "file", Path(entry.path))
            else:
                yield Item(place, "special file")


def items_of_zip(path: Path) -> Iterator[Item]:
    """The files of an archive. Nothing is unpacked but what is read, and of that no more than is allowed."""
    if path.stat().st_size > LARGEST_ZIP:
        raise ValueError(f"the archive is larger than {LARGEST_ZIP:,} bytes")
    for member in members(path, "zip", lambda read: None):
        parts = tuple(part for part in member.name.replace("\\", "/").split("/") if part not in ("", "."))
        if ".." in parts:
            yield Item(parts, "name that leads out of the archive")
        elif parts and member.what != "folder" and not any(part.startswith(".") or part in SKIPPED for part in parts):
            yield Item(parts, member.what, None, member.chunks)


def read(item: Item) -> tuple[bytes, str]:
    """Its bytes, or why they were not read."""
    if item.what != "file":
        return b"", f"is a {item.what}: not followed" if item.what == "link" else f"is a {item.what}: not read"
    too_large = f"is larger than {LARGEST:,} bytes: not read"
    if item.path is None:
        source = b""
        for chunk in item.chunks:
            source += chunk
            if len(source) > LARGEST:
                return b"", too_large
        return source, ""
    # Once more, on the open file: it may be another one by now.
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        with os.fdopen(os.open(item.path, flags), "rb") as stream:
            if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
                return b"", "is no file"
            source = stream.read(LARGEST + 1)
    except OSError as error:
        return b"", f"cannot be read: {error.strerror}"
    return (b"", too_large) if len(source) > LARGEST else (source, "")


# ---- names ---------------------------------------------------------------------------------------------------------


def exercise_of(file: str, names: Iterable[str]) -> str:
    """The exercise that a file is called after, "" for none. "Max_Pool2D (1).py" is what browsers make of it."""
    match = re.fullmatch(r"(\w{1,80}?)(?: ?\(\d{1,3}\))?\.py", file, flags=re.I | re.A)
    name = match[1].lower() if match else ""
    return name if name in names else ""


def student_of(file: str, names: Iterable[str]) -> tuple[str, str] | None:
    """(student, exercise) of "student_exercise.py"."""
    stem = file[:-3]
    for name in sorted(names, key=len, reverse=True):
        if match := re.fullmatch(rf"(.+)[-_ ]{re.escape(name)}(?: ?\(\d{{1,3}}\))?", stem, flags=re.I | re.S):
            return match[1], name
    return None


def is_chapter(name: str, exercises: list[Exercise]) -> bool:
    """Whether a folder is a chapter's, as in my_work: 4_pooling."""
    return re.sub(r"^\d+_", "", name) in {exercise.chapter for exercise in exercises} and name[:1].isdigit()


def printable(text: str) -> str:
    """Of a stranger's text what can be shown anywhere: no escape codes, no line breaks, no turning of the writing."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)[:400]
