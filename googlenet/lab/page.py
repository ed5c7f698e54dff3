"""What an experiment has found: for the terminal, for a program, as a picture, and in docs/laboratory.md."""

from __future__ import annotations

import functools
import platform
import subprocess
import textwrap
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import minicnn as mc
from googlenet.lab.harness import Data, Experiment, Lab, Table, left_as_found
from googlenet.report.figure import new_figure, png

ROOT = Path(__file__).resolve().parents[2]
COLUMNS = 80  # of the terminal


@dataclass(frozen=True)
class Result:
    """What an experiment has measured, and `facts`: when, with which code, on what, how long."""

    experiment: Experiment
    data: Data
    facts: dict[str, Any]

    def record(self) -> dict[str, Any]:
        """For JSON: everything."""
        heads, rows = self.experiment.table(self.data)
        about = {name: getattr(self.experiment, name) for name in ("name", "question", "varied")}
        found = {"heads": heads, "rows": rows, "sentences": self.experiment.sentences(self.data)}
        return {**about, **found, "facts": self.facts, "data": self.data}

    def picture(self) -> bytes:
        """The contents of a PNG file. ImportError where matplotlib is missing or broken."""
        figure = new_figure(*self.experiment.size)
        self.experiment.draw(self.data, figure)
        return png(figure)

    def lines(self) -> list[str]:
        """For a terminal of 80 columns."""
        e = self.experiment
        told = [line for sentence in e.sentences(self.data) for line in textwrap.wrap(sentence, COLUMNS)]
        about = [*textwrap.wrap(f"{e.name}: {e.question}", COLUMNS), *textwrap.wrap(e.varied, COLUMNS)]
        return [*about, "", *plain(e.table(self.data)), "", *told, "", *textwrap.wrap(self.measured(), COLUMNS)]

    def section(self, pictures: str) -> str:
        """For docs/laboratory.md, what stands between the marks. pictures: the folder beside the page that has them."""
        e = self.experiment
        command = f"    python -m googlenet lab {e.name} -o laboratory    # laboratory/{e.name}.png"
        parts = [f"**{e.question}**", e.varied, markdown(e.table(self.data)), " ".join(e.sentences(self.data))]
        told = [p if p.startswith("|") else wrapped(p) for p in parts]
        picture = f"![What {e.name} has measured, drawn]({pictures}/{e.name}.png)"
        return "\n\n".join([*told, picture, command, wrapped(self.measured())])

    def measured(self) -> str:
        """The facts in words."""
        f = self.facts
        seeds = f"seeds 0 to {f['seeds'] - 1}" if f["seeds"] > 1 else "seed 0"
        threads = f"{f['threads']} thread{'s' if f['threads'] > 1 else ''}"
        tiny = "A try with tiny sizes, whose numbers mean nothing. " if f["quick"] else ""
        return (
            f"{tiny}Measured on {f['date']}, {f['code']}, {f['machine']}, {threads}, {seeds}: {f['cpu']:.0f} s of CPU "
            f"time, {f['clock']:.0f} s by the clock."
        )


def run(experiment: Experiment, lab: Lab) -> Result:
    """Do it. Random state and the number of threads are as before."""
    about = {"date": date.today().isoformat(), "code": code(), "machine": machine()}
    cpu, clock = time.process_time(), time.perf_counter()
    with left_as_found(lab.threads):
        data = experiment.measure(lab)
    taken = {"cpu": round(time.process_time() - cpu, 1), "clock": round(time.perf_counter() - clock, 1)}
    how = {"seeds": lab.seeds, "threads": lab.threads, "quick": lab.quick}
    return Result(experiment, data, {**about, **how, **taken})


@functools.cache
def code() -> str:
    """Which version of this code runs: the commit where this is a checkout, else the package's version.

    Asked once: what is committed while experiments run is not what they run. Changes that are in no commit are told,
    but not those of the page that is being written.
    """
    if (ROOT / ".git").exists():
        try:
            commit = git("rev-parse", "--short", "HEAD")
            return f"commit {commit}" + ("-dirty" if git("status", "--porcelain", "minicnn", "googlenet") else "")
        except (OSError, subprocess.CalledProcessError):
            pass  # no git here, or not allowed to look
    return f"version {mc.__version__}"


def git(*words: str) -> str:
    """What git answers."""
    line = ["git", "-C", str(ROOT), *words]
    return subprocess.run(line, capture_output=True, text=True, check=True).stdout.strip()


def machine() -> str:
    """The CPU's name, as Linux tells it; elsewhere what Python knows."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines() if cpuinfo.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


# ---- tables --------------------------------------------------------------------------------------------------------


def plain(table: Table) -> list[str]:
    """Columns two spaces apart, the first to the left and the others to the right."""
    lines = [table.heads, *table.rows]
    widths = [max(map(len, cells)) for cells in zip(*lines, strict=True)]
    return [
        "  ".join(
            cell.rjust(width) if place else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    ]


def markdown(table: Table) -> str:
    """The same for a page."""
    rule = ["---", *["---:"] * (len(table.heads) - 1)]
    rows = [[cell.replace("|", "\\|") for cell in row] for row in (table.heads, *table.rows)]
    return "\n".join(f"| {' | '.join(row)} |" for row in (rows[0], rule, *rows[1:]))


def wrapped(text: str) -> str:
    """A paragraph as the pages in docs/ have it."""
    return "\n".join(textwrap.wrap(text, 120, break_long_words=False, break_on_hyphens=False))


# ---- the page ------------------------------------------------------------------------------------------------------


def marks(name: str) -> tuple[str, str]:
    """Between these two lines of the page stands what an experiment has found."""
    return f"<!-- {name}: from here -->\n", f"\n<!-- {name}: to here -->"


def updated(page: str, results: Sequence[Result], pictures: str) -> str:
    """The page with the sections of these results; what stands outside the marks stays. pictures: see `section`.

    ValueError, naming the experiment, where the page has no place for it.
    """
    for result in results:
        before, rest = split(page, result.experiment.name)
        page = before + result.section(pictures) + rest
    return page


def split(page: str, name: str) -> tuple[str, str]:
    """What stands before and behind the section of an experiment, with the marks."""
    first, last = marks(name)
    if page.count(first) != 1 or page.count(last) != 1 or page.index(first) > page.index(last):
        raise ValueError(
            f"the page has no place for {name}: expected the lines {first.strip()} and {last.strip()}, once"
        )
    return page[: page.index(first) + len(first)], page[page.index(last) :]
