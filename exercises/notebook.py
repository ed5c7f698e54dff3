"""A chapter as a notebook: each exercise's text, its stub, a cell that checks it, and folded hints."""

from __future__ import annotations

import json
from typing import Any

from exercises.catalog import Exercise, chapters, exercises_of

INSTALL = """# Where the exercises are not installed (in Colab): FILL IN this project's address, as pip takes it: "git+https://..."
REPOSITORY = ""

import importlib.util

if importlib.util.find_spec("exercises") is None:
    if not REPOSITORY:
        raise ValueError("REPOSITORY is empty: set it, in this cell, to this project's address")
    %pip install --quiet "minicnn-googlenet @ {REPOSITORY}"

import numpy as np
from exercises import check"""


def notebook(chapter: str) -> str:
    """The .ipynb of a chapter, without outputs, as Jupyter writes it."""
    number = chapters().index(chapter) + 1
    head = (
        f"# Chapter {number}: {chapter.replace('_', ' ')}\n\n"
        "Run the first cell. Then, for each exercise: read the text, write into the cell below it what is missing, "
        "run that cell and the next one, which checks your answer. Nothing that you write for one exercise is needed "
        "for another."
    )
    cells = [markdown("title", head), code("install", INSTALL)]
    for exercise in exercises_of(chapter):
        cells += cells_of(exercise)
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    whole = {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(whole, indent=1, ensure_ascii=False) + "\n"


def cells_of(exercise: Exercise) -> list[dict[str, Any]]:
    """Text, stub, check and hints."""
    name = exercise.name
    cells = [
        markdown(f"{name}-text", exercise.text.strip()),
        code(f"{name}-answer", exercise.stub.strip()),
        code(f"{name}-check", f'check("{name}", {exercise.answer_name})'),
    ]
    hints = [
        f"<details><summary>Hint {level}</summary>\n\n{hint}\n\n</details>"
        for level, hint in enumerate(exercise.hints, 1)
    ]
    return [*cells, markdown(f"{name}-hints", "\n\n".join(hints))] if hints else cells


def markdown(name: str, text: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "id": name, "metadata": {}, "source": text.splitlines(keepends=True)}


def code(name: str, text: str) -> dict[str, Any]:
    source = text.splitlines(keepends=True)
    return {"cell_type": "code", "execution_count": None, "id": name, "metadata": {}, "outputs": [], "source": source}
