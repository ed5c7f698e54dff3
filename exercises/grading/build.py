"""A course to hand out, without what is to be hidden: a folder in which `python -m exercises` works."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path

from exercises.catalog import COURSE, SETTINGS, Exercise, chapters, every_exercise, exercises_of
from exercises.reference import ANSWERS, Reference
from exercises.running import REPOSITORY

PACKAGES = ("exercises", "minicnn", "googlenet")  # the library works all along, so it goes with the course
FILES = ("train.py", "pyproject.toml")  # where they are there
PARTS = {"solutions": "solution.py", "misconceptions": "mistakes.py", "hints": "hints.md"}
README = """# The exercises of minicnn and GoogLeNet

Write the backward passes of GoogLeNet yourself, one function at a time. With Python 3.10 or newer, in this folder:

    pip install numpy threadpoolctl safetensors pillow tqdm matplotlib
    python -m exercises start my_work
    python -m exercises

Hand in the folder `my_work`.
"""
OTHER_LIBRARIES = ("torch", "tensorflow", "jax", "cupy")


def build_course(out: Path, hide: Iterable[str] = (), seed: int = 0) -> list[Exercise]:
    """Write the course into a new folder; returns the exercises in it.

    hide: "solutions", "misconceptions", "hints", and names of exercises or chapters. Where solutions or misconceptions
    are hidden, what they give for the seed's numbers goes along as data, so that the checks work and name mistakes.
    Raises ValueError for other names, where `out` is there already, and in a course that was built itself. The folder
    appears whole or not at all.
    """
    parts, exercises = chosen(hide)
    if SETTINGS.is_file():
        raise ValueError("this course was built itself, and lacks what was hidden: build from the whole one")
    if out.is_symlink() or out.exists():
        raise ValueError(f"{out} is there already: name another folder, or remove it")
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{out.name}.", dir=out.parent) as temporary:
        folder = Path(temporary, "course")
        copy(folder, parts, exercises)
        (folder / "README.md").write_text(README, encoding="utf-8")
        if {"solutions", "misconceptions"} & parts:
            for exercise in exercises:
                place = folder / "exercises" / "course" / exercise.chapter / exercise.name / ANSWERS
                place.write_text(json.dumps(Reference(exercise, seed).to_record()), encoding="utf-8")
        settings = {"seed": seed, "hidden": sorted(parts), "exercises": [exercise.name for exercise in exercises]}
        (folder / "exercises" / "course" / SETTINGS.name).write_text(json.dumps(settings) + "\n", encoding="utf-8")
        folder.rename(out)
    return exercises


def build_for_grading(out: Path) -> None:
    """The course in which answers are graded: it knows nothing of what is right. Other libraries are told absent."""
    copy(out, set(PARTS), every_exercise())
    for name in OTHER_LIBRARIES:
        text = f'raise ImportError("{name} is not there while answers are graded: it is NumPy that you write with")\n'
        (out / f"{name}.py").write_text(text, encoding="utf-8")


def chosen(hide: Iterable[str]) -> tuple[set[str], list[Exercise]]:
    """The parts that are hidden, and the exercises that are not. ValueError for a name that is neither."""
    names = {exercise.name for exercise in every_exercise()}
    parts, hidden = set(), set()
    for name in hide:
        if name in PARTS:
            parts.add(name)
        elif name in names:
            hidden.add(name)
        elif name in chapters():
            hidden.update(exercise.name for exercise in exercises_of(name))
        else:
            raise ValueError(f"--hide {name}: expected {', '.join(PARTS)}, or the name of an exercise or chapter")
    exercises = [exercise for exercise in every_exercise() if exercise.name not in hidden]
    if not exercises:
        raise ValueError("--hide leaves no exercise")
    return parts, exercises


def copy(out: Path, parts: set[str], exercises: list[Exercise]) -> None:
    """The packages, and of the course the exercises without the hidden parts."""
    kept = {(exercise.chapter, exercise.name) for exercise in exercises}
    dropped = {(exercise.chapter, exercise.name) for exercise in every_exercise()} - kept
    files = {PARTS[part] for part in parts} | {ANSWERS}  # answers tell as much as solutions

    def left_out(folder: str, names: list[str]) -> set[str]:
        here = Path(folder)
        found = {name for name in names if name == "__pycache__" or name.startswith(".")}
        if here.parent == COURSE:
            found |= {name for chapter, name in dropped if chapter == here.name}
        if here.parent.parent == COURSE:
            found |= files
        return found

    for package in PACKAGES:
        shutil.copytree(REPOSITORY / package, out / package, ignore=left_out)
    for name in FILES:
        if (REPOSITORY / name).is_file():
            shutil.copy(REPOSITORY / name, out / name)
    for chapter in {chapter for chapter, _ in dropped}:
        path = out / "exercises" / "course" / chapter / "__init__.py"
        list_exercises(path, [name for c, name in ((e.chapter, e.name) for e in exercises) if c == chapter])


def list_exercises(path: Path, names: list[str]) -> None:
    """Set the EXERCISES of a chapter's __init__.py."""
    before, mark, rest = path.read_text(encoding="utf-8").partition("EXERCISES = [")
    if not mark or "]" not in rest:
        raise ValueError(f"{path} does not have EXERCISES = [...]")
    lines = "".join(f'    "{name}",\n' for name in names)
    path.write_text(f"{before}EXERCISES = [\n{lines}]{rest.partition(']')[2]}", encoding="utf-8")
