"""How many mistakes are named, and how few wrongly; score.py counts."""

import ast
import collections
import os
import subprocess
import sys

import pytest
from gradcheck import score
from gradcheck.broken import BROKEN
from support import REPOSITORY

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="mutants are tried in forked processes")


@pytest.fixture(scope="module")
def verdicts():
    return list(score.broken_verdicts())


def test_all_that_is_broken_is_caught(verdicts):
    assert len(verdicts) == len(BROKEN) >= 100
    assert [str(mistake) for mistake, verdict, _ in verdicts if verdict == "passed"] == []


def test_nineteen_of_twenty_are_named(verdicts):
    counts = collections.Counter(verdict for _, verdict, _ in verdicts)
    assert counts["named"] >= 0.95 * len(verdicts), counts


def test_the_page_tells_how_many(verdicts):
    page = (REPOSITORY / "docs" / "gradcheck.md").read_text(encoding="utf-8")
    counts = collections.Counter(verdict for _, verdict, _ in verdicts)
    assert f"for {counts['named']} of the {len(verdicts)} broken backwards" in page


def test_at_most_one_in_a_hundred_is_named_wrongly(verdicts):
    wrong = {str(mistake): sentence for mistake, verdict, sentence in verdicts if verdict == "named wrongly"}
    assert len(wrong) <= 0.01 * len(verdicts), wrong


def score_mutants(*options):
    """What the command prints: it is a process of its own, in which minicnn has not been imported yet."""
    command = [sys.executable, score.__file__, "mutants", *options]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@needs_fork
def test_a_mutant_is_tried_on_the_cases_of_its_operation():
    printed = score_mutants("-k", "Exp: the gradient passes unchanged")
    assert "TestExp matrix: Backward says grad_y, where it should be grad_y * y." in printed
    assert printed.endswith("mutants: 1 rejected by a gradient check: {'named': 1}\n")


@pytest.mark.everything("scores")
@needs_fork
def test_of_the_mutants_17_in_20_are_named():
    counts = ast.literal_eval(score_mutants().splitlines()[-1].partition("check: ")[2])
    rejected = counts["named"] + counts["not named"]
    assert rejected >= 250, counts
    assert counts["named"] >= 0.85 * rejected, counts


def test_the_sentence_is_what_follows_the_figures():
    figures = "gradcheck: the gradient of inputs[0], shape (2,), is wrong in 1 of 2 elements; the worst is [0]: "
    figures += "backward says 1.5, the difference -2.5e-05"
    assert score.sentence_of(f"{figures}. It has the wrong sign. (12 evaluations)") == "It has the wrong sign."
    assert score.sentence_of(f"{figures} (12 evaluations)") == ""
