"""Where results go: lines, records, and the sections of docs/laboratory.md."""

import dataclasses
import json
import re
import subprocess

import pytest
from lab_runs import fabricated
from support import REPOSITORY

import minicnn as mc
from googlenet.__main__ import parser
from googlenet.lab import EXPERIMENTS, page
from googlenet.lab.harness import Lab, Table
from googlenet.lab.page import Result, markdown, marks, plain, split, updated
from minicnn import rng

TABLE = Table(["what", "test %", "a|b"], [["with", "90.0 ± 1.0", "1"], ["without it", "5", ""]])
FACTS = {
    "date": "2026-11-28", "code": "commit 1234567", "machine": "A CPU", "seeds": 3, "threads": 2, "quick": False,
    "cpu": 100.4, "clock": 60.0,
}  # fmt: skip
ROOMS = ["minicnn", "googlenet"]
LABORATORY = (REPOSITORY / "docs/laboratory.md").read_text(encoding="utf-8")


def result(name="lrn", **facts):
    return Result(EXPERIMENTS[name], fabricated()[name], FACTS | facts)


def parsed(text):
    """A Table from the lines of a page that hold one."""
    rows = [re.split(r"(?<!\\)\|", line)[1:-1] for line in text.splitlines() if line.startswith("|")]
    cells = [[cell.strip().replace("\\|", "|") for cell in row] for row in rows]
    return Table(cells[0], cells[2:])


def section(name):
    before, behind = split(LABORATORY, name)
    return LABORATORY[len(before) : len(LABORATORY) - len(behind)]


# ---- forms -----------------------------------------------------------------------------------------------------------


def test_a_table_in_the_terminal():
    assert plain(TABLE) == ["what            test %  a|b", "with        90.0 ± 1.0    1", "without it           5"]


def test_a_table_on_a_page_can_be_read_back():
    text = markdown(TABLE)
    assert text.splitlines()[1] == "| --- | ---: | ---: |" and parsed(text) == TABLE


def test_what_was_measured_is_told():
    assert result().measured() == (
        "Measured on 2026-11-28, commit 1234567, A CPU, 2 threads, seeds 0 to 2: 100 s of CPU time, 60 s by the clock."
    )
    assert "1 thread, seed 0: " in result(seeds=1, threads=1).measured()
    assert result(quick=True).measured().startswith("A try with tiny sizes, whose numbers mean nothing. Measured")


def test_the_terminal_gets_question_table_sentences_and_facts():
    found = result()
    lines = found.lines()
    assert lines[0] == "lrn: Does local response normalization do anything?"
    text = " ".join(" ".join(lines).split())
    for part in (found.experiment.varied, *found.experiment.sentences(found.data), found.measured()):
        assert " ".join(part.split()) in text
    assert all(line in lines for line in plain(found.experiment.table(found.data)))


def test_a_program_gets_everything():
    record = json.loads(json.dumps(result().record(), allow_nan=False))
    table = EXPERIMENTS["lrn"].table(fabricated()["lrn"])
    assert (record["heads"], record["rows"]) == (table.heads, table.rows)
    assert record["data"] == fabricated()["lrn"] and record["facts"] == FACTS
    assert record["name"] == "lrn" and len(record["sentences"]) == 2 and record["question"] and record["varied"]


# ---- doing it --------------------------------------------------------------------------------------------------------


def test_an_experiment_is_done_with_its_threads_and_disturbs_nothing():
    def measure(lab):
        mc.manual_seed(99)
        return {"threads": mc.get_num_threads(), "lab": lab.seeds}

    state, threads = rng.get_state(), mc.get_num_threads()
    found = page.run(dataclasses.replace(EXPERIMENTS["lrn"], measure=measure), Lab(5, threads + 1, True))
    assert found.data == {"threads": threads + 1, "lab": 5}
    assert (rng.get_state(), mc.get_num_threads()) == (state, threads)
    how = {"seeds": 5, "threads": threads + 1, "quick": True}
    assert {name: found.facts[name] for name in how} == how
    assert found.facts["cpu"] >= 0 and found.facts["machine"] and re.fullmatch(r"\d{4}-\d\d-\d\d", found.facts["date"])


def test_which_code_it_was(monkeypatch, tmp_path):
    def git(changes):
        return lambda line, **options: subprocess.CompletedProcess(
            line, 0, stdout="1234567\n" if "rev-parse" in line else changes if line[-2:] == ROOMS else "elsewhere"
        )

    def no_git(line, **options):
        raise FileNotFoundError("git")

    def asked(run, root):
        monkeypatch.setattr(page.subprocess, "run", run)
        monkeypatch.setattr(page, "ROOT", root)
        return page.code.__wrapped__()

    (tmp_path / "checkout" / ".git").mkdir(parents=True)
    assert asked(git(""), tmp_path / "checkout") == "commit 1234567"
    assert asked(git(" M googlenet/model.py\n"), tmp_path / "checkout") == "commit 1234567-dirty"
    assert asked(no_git, tmp_path / "checkout") == asked(git(""), tmp_path) == f"version {mc.__version__}"


# ---- the page --------------------------------------------------------------------------------------------------------


def test_only_what_stands_between_the_marks_changes():
    first, last = marks("lrn")
    before, behind = "# By hand\n\n", "\n\nmore by hand\n"
    once = updated(f"{before}{first}old{last}{behind}", [result()], "seen")
    assert once == f"{before}{first}{result().section('seen')}{last}{behind}"
    assert updated(once, [result()], "seen") == once
    assert "](seen/lrn.png)\n" in once and "old" not in once and "100 s of CPU" in once


@pytest.mark.parametrize("text", ["", "{first}", "{last}{first}", "{first}{last}{first}{last}", "{first}{last}{last}"])
def test_a_page_without_one_place_for_it_is_refused(text):
    first, last = marks("lrn")
    with pytest.raises(
        ValueError, match="no place for lrn: expected the lines <!-- lrn: from here --> and <!-- lrn: to"
    ):
        updated(text.format(first=first, last=last), [result()], "seen")


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_the_laboratory_has_every_experiment_in_the_form_that_the_command_writes(name):
    """Not its numbers, which the next machine has otherwise."""
    there, written = section(name), result(name).section("laboratory")
    paragraphs, others = there.split("\n\n"), written.split("\n\n")
    assert len(paragraphs) == len(others) == 7
    assert paragraphs[:2] == others[:2]  # the question, what is varied
    assert others[2] == markdown(parsed(written)) and not others[3].startswith("|")
    table, other = parsed(there), parsed(written)
    assert table.heads == other.heads
    assert [row[0] for row in table.rows] == [row[0] for row in other.rows]
    assert markdown(table) == paragraphs[2]
    assert paragraphs[3][0].isupper() and paragraphs[3].endswith(".")
    assert paragraphs[4:6] == others[4:6]  # the picture, and the command
    assert (REPOSITORY / f"docs/laboratory/{name}.png").read_bytes()[:4] == b"\x89PNG"
    measured = r"Measured on [\d-]+, commit \w+, .+, 2 threads, seeds 0 to 2: \d+ s of CPU time, \d+ s by the clock\."
    assert re.fullmatch(measured, " ".join(paragraphs[6].split()))
    assert f"\n## {name}\n\n{marks(name)[0]}" in LABORATORY


def test_the_laboratory_s_commands_can_be_typed():
    commands = re.findall(r"^ {4}python -m googlenet (lab .*?)(?: +#.*)?$", LABORATORY, re.MULTILINE)
    assert commands[0] == "lab all --write docs/laboratory.md" and len(commands) == 1 + len(EXPERIMENTS)
    for command in commands:
        assert parser().parse_args(command.split()).names


def test_lines_of_the_laboratory_are_not_too_long():
    text = [line for line in LABORATORY.splitlines() if not line.startswith("|")]
    assert max(map(len, text)) <= 140
