"""The results of a class as one page that needs nothing but a browser."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from importlib.resources import files
from pathlib import Path
from string import Template

from exercises.grading.results import Mark, Results, Student
from minicnn.checkpoint import write_atomically


def write_page(results: Results, path: Path) -> None:
    """Write it, whole or not at all. OSError where it cannot be written."""
    write_atomically(path, [page(results).encode()], "grade")


def page(results: Results) -> str:
    """The HTML."""
    template = Template(files("exercises.grading").joinpath("page.html").read_text(encoding="utf-8"))
    summary = f"{len(results.students)} students, {len(results.exercises)} exercises."
    if results.missing:
        summary += f" It was stopped: {results.missing} more students were not graded."
    return template.substitute(
        title="Results of the exercises",
        summary=escape(summary),
        table=class_table(results),
        details="\n".join(details(number, student) for number, student in enumerate(results.students)),
        contained=items(results.contained),
        not_contained=items(results.not_contained),
    )


def class_table(results: Results) -> str:
    """A row a student, a column an exercise."""
    names = "".join(f'<th scope="col" class="turned">{escape(name)}</th>' for name in results.exercises)
    head = f'<thead><tr><th scope="col">student</th><th scope="col">points</th>{names}</tr></thead>'
    rows = []
    for number, student in enumerate(results.students):
        link = f'<a href="#s{number}" title="{escape(student.name)}">{escape(student.name)}</a>'
        cells = "".join(f'<td class="{shade(mark)}">{mark.points}/{mark.possible}</td>' for mark in student.marks)
        rows.append(f'<tr><th scope="row">{link}</th><td>{student.points}/{student.possible}</td>{cells}</tr>')
    return f"{head}<tbody>{''.join(rows)}</tbody>"


def shade(mark: Mark) -> str:
    if mark.points == mark.possible:
        return "whole"
    return "part" if mark.points else "none"


def details(number: int, student: Student) -> str:
    """What is missing, stage by stage, and what the instructor should look at."""
    lines = []
    for mark in student.marks:
        for stage in mark.stages if any(stage.points for stage in mark.stages) else ():
            if stage.reason:
                lines.append((f"{mark.exercise}, {stage.name}", stage.reason))
        if mark.reason and not mark.points:
            lines.append((mark.exercise, mark.reason))
        lines += [(f"{mark.exercise}, to look at", note) for note in mark.notes]
    lines += [("what was handed in", note) for note in student.notes]
    told = "".join(f"<dt>{escape(name)}</dt><dd>{escape(text)}</dd>" for name, text in lines)
    head = f"{escape(student.name)}: {student.points} of {student.possible} points"
    return f'<details id="s{number}" open><summary>{head}</summary><dl>{told}</dl></details>'


def items(sentences: Iterable[str]) -> str:
    return "".join(f"<li>{escape(sentence)}</li>" for sentence in sentences)
