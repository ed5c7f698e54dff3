"""All experiments: their form, their pictures, and that the same seed measures the same again."""

import io
import json

import lab_runs
import numpy as np
import pytest
from PIL import Image

import googlenet.model
import minicnn as mc
from googlenet.lab import EXPERIMENTS, reduction
from googlenet.lab.harness import Lab
from googlenet.lab.page import Result, run
from minicnn import rng

NAMES = ["heads", "init", "reduction", "lrn", "batchnorm", "depth", "dropout", "padding", "im2col"]
TIMES = {"cpu", "memory", "speed", "alone"}  # what no seed decides
EACH = pytest.mark.parametrize("name", NAMES)


def test_there_are_all_experiments():
    assert list(EXPERIMENTS) == list(lab_runs.fabricated()) == NAMES
    assert all(experiment.name == name for name, experiment in EXPERIMENTS.items())


@EACH
def test_each_has_a_table_for_80_columns_and_two_sentences(name):
    experiment, data = EXPERIMENTS[name], lab_runs.fabricated()[name]
    heads, rows = experiment.table(data)
    assert all(len(row) == len(heads) for row in rows)
    sentences = experiment.sentences(data)
    assert len(sentences) == 2 and all(text[0].isupper() and text.endswith(".") for text in sentences)
    assert "  " not in "".join(sentences) and "nan" not in "".join(sentences)
    assert experiment.question.endswith("?") and experiment.varied.endswith(".")
    assert max(map(len, Result(experiment, data, FACTS).lines())) <= 80


@EACH
def test_one_seed_is_enough_for_all_of_it(name):
    experiment = EXPERIMENTS[name]
    data = json.loads(json.dumps(lab_runs.fabricated()[name]), object_hook=one_seed)
    assert experiment.table(data).rows
    said = "".join(experiment.sentences(data))
    assert "seeds (" not in said and "of 3 seeds" not in said


FACTS = {
    "date": "2026-11-28", "code": "commit 1234567", "machine": "A CPU", "seeds": 3, "threads": 2, "quick": False,
    "cpu": 100.0, "clock": 60.0,
}  # fmt: skip


def one_seed(part):
    """A dict in the data with the first run alone, in place of a list of runs or of numbers of runs."""
    is_list_of_seeds = {name: isinstance(value, list) and len(value) == 3 for name, value in part.items()}
    return {name: value[:1] if is_list_of_seeds[name] else value for name, value in part.items()}


@pytest.mark.everything("long runs")
@EACH
def test_each_draws_a_picture_with_names_at_its_axes(name, monkeypatch):
    drawn = []
    experiment = EXPERIMENTS[name]
    monkeypatch.setattr("googlenet.lab.page.new_figure", lambda *size: drawn.append(make(*size)) or drawn[-1])
    png = Result(experiment, lab_runs.fabricated()[name], FACTS).picture()
    with Image.open(io.BytesIO(png)) as image:
        assert image.size == tuple(round(100 * side) for side in experiment.size)
        assert len(np.unique(np.asarray(image.convert("RGB")).reshape(-1, 3), axis=0)) > 50
    for axes in drawn[0].axes:
        assert axes.get_title() and (axes.get_ylabel() or axes.get_xlabel())


def make(*size):
    from googlenet.report.figure import new_figure

    return new_figure(*size)


def without_times(value):
    if isinstance(value, dict):
        return {name: without_times(part) for name, part in value.items() if name not in TIMES}
    return [without_times(part) for part in value] if isinstance(value, list) else value


@pytest.mark.everything("long runs")
@EACH
def test_the_same_seed_measures_the_same_again_and_nothing_is_disturbed(name, small_blocks, monkeypatch):
    monkeypatch.setattr(reduction, "INCEPTION", googlenet.model.INCEPTION)
    mc.manual_seed(7)
    state, threads = rng.get_state(), mc.get_num_threads()
    lab = Lab(seeds=1, threads=1, quick=True)
    first, again = run(EXPERIMENTS[name], lab), run(EXPERIMENTS[name], lab)
    assert without_times(first.data) == without_times(again.data)
    assert json.loads(json.dumps(first.data, allow_nan=False)) == first.data  # plain data
    assert (rng.get_state(), mc.get_num_threads()) == (state, threads)
    assert first.facts["quick"] and "mean nothing" in first.measured()
    assert first.section("laboratory") and first.lines() and first.picture()
