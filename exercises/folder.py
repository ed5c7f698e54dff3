"""The learner's folder: my_work/1_chain_rule/add.py, ..., and the marker my_work/course.json."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from exercises.catalog import Exercise, chapters, every_exercise, find_exercise
from minicnn.checkpoint import write_atomically

MARKER = "course.json"
VERSION = 1
REPOSITORY = Path(__file__).parent.parent
OURS = Path(__file__).parent / "learner"  # README.md and test_exercises.py, as they go into a learner's folder


@dataclass(frozen=True)
class Work:
    """A learner's folder."""

    folder: Path
    seed: int = 0  # varies the numbers of the checks

    def path_of(self, exercise: Exercise) -> Path:
        """The learner's file."""
        return self.folder / folder_name(exercise.chapter) / f"{exercise.name}.py"

    @property
    def cache(self) -> Path:
        """Where it is kept what is known already; everything in it can be deleted."""
        return self.folder / ".cache"


def folder_name(chapter: str) -> str:
    """chain_rule -> 1_chain_rule."""
    return f"{chapters().index(chapter) + 1}_{chapter}"


# ---- which folder? -------------------------------------------------------------------------------------------------


def open_work(folder: Path) -> Work:
    """The learner's folder that lies there. ValueError where it is none."""
    marker = folder / MARKER
    if not marker.is_file():
        raise ValueError(
            f"{folder} is no folder of exercises ({MARKER} is missing): python -m exercises start {folder}"
        )
    try:
        record = json.loads(marker.read_text(encoding="utf-8"))
        return Work(folder, int(record["seed"]))
    except (ValueError, KeyError, TypeError, RecursionError):
        hint = "delete it, and `python -m exercises start` writes it again"
        raise ValueError(f'{marker} is damaged, expected {{"version": {VERSION}, "seed": 0}}: {hint}') from None


def find_work(given: Path | None = None) -> Work:
    """The folder that was given; else the current one or one that it lies in; else the only one in the current one."""
    if given is not None:
        return open_work(given)
    here = Path.cwd()
    if above := work_around(here):
        return above
    inside = sorted(marker.parent for marker in here.glob(f"*/{MARKER}"))
    if len(inside) == 1:
        return open_work(inside[0].relative_to(here))
    if inside:
        names = ", ".join(folder.name for folder in inside)
        raise ValueError(f"there are several folders of exercises here ({names}): say which, with --work FOLDER")
    raise ValueError("there is no folder of exercises here: `python -m exercises start my_work` makes one")


def work_around(path: Path) -> Work | None:
    """The learner's folder that a file or folder lies in."""
    for folder in [path, *path.resolve().parents]:
        if (folder / MARKER).is_file():
            return open_work(folder)
    return None


# ---- what is in it -------------------------------------------------------------------------------------------------


def fill(folder: Path, seed: int) -> tuple[list[Path], list[Path]]:
    """Write what is missing in the folder; nothing is overwritten. -> what was written, what was there."""
    work = Work(folder, seed)
    files = {folder / MARKER: json.dumps({"course": "GoogLeNet exercises", "version": VERSION, "seed": seed}) + "\n"}
    for exercise in every_exercise():
        files[work.path_of(exercise)] = exercise.stub
    for path in sorted(OURS.glob("*.*")):
        text = path.read_text(encoding="utf-8")
        files[folder / path.name.removesuffix(".txt")] = text.replace("{REPOSITORY}", repr(str(REPOSITORY)))
    written, kept = [], []
    for path, text in files.items():
        if path.exists():
            kept.append(path)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, [text.encode()], "start")
        written.append(path)
    return written, kept


def untouched(exercise: Exercise, source: str) -> bool:
    """Whether a file is still the stub, however an editor has ended its lines."""
    return [line.rstrip() for line in source.rstrip().splitlines()] == [
        line.rstrip() for line in exercise.stub.rstrip().splitlines()
    ]


def named(names: list[str]) -> list[tuple[Exercise, Path | None]]:
    """What was asked for by exercise, chapter ("pooling", "4_pooling") or file; with the file, where that was given."""
    found: list[tuple[Exercise, Path | None]] = []
    for name in names:
        path = Path(name)
        chapter = path.name.lstrip("0123456789").removeprefix("_")
        if path.suffix == ".py":
            exercise = find_exercise(path.stem)
            if not path.is_file():
                raise ValueError(f"there is no file {name}")
            found.append((exercise, path))
        elif chapter in chapters():
            found += [(exercise, None) for exercise in every_exercise() if exercise.chapter == chapter]
        else:
            found.append((find_exercise(name), None))
    return found
