"""The figures of docs/teaching.md do not sink: score.py counts what it says it counts."""

import importlib.util
from pathlib import Path

import pytest

from exercises.catalog import find_exercise
from minicnn import Tensor

SPEC = importlib.util.spec_from_file_location("exercises_score", Path(__file__).with_name("score.py"))
score = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(score)


@pytest.mark.everything("the course")
def test_a_sentence_off_the_list_is_not_said():
    sentences = {sentence for sentence, _ in find_exercise("relu").mistakes}
    verdicts = list(score.left_out("relu"))
    assert len(verdicts) == len(sentences)
    assert not any(what == said for _, what, _, said in verdicts)


@pytest.mark.everything("the course")
def test_what_was_written_elsewhere_is_named():
    verdicts = [verdict for _, _, verdict, _ in score.unknown("")]
    assert len(verdicts) == 40 and verdicts.count("named") >= 38


@pytest.mark.everything("the course")
@pytest.mark.parametrize("exercise", ["linear", "softmax"])
def test_the_library_s_mutants_are_answers(exercise):
    """That the library itself passes as an answer is asserted in `mutants`."""
    verdicts = [verdict for _, _, verdict, _ in score.mutants(exercise)]
    assert len(verdicts) >= 4 and verdicts.count("named") >= 0.8 * len(verdicts)


@pytest.mark.parametrize("module", ["basic", "shape"])
def test_a_changed_module_leaves_the_library_s_operators(module):
    """These two give Tensor its operators when they are loaded."""
    before = dict(vars(Tensor))
    source = Path(score.TESTS.parent / "minicnn" / "functional" / f"{module}.py").read_text(encoding="utf-8")
    assert score.loaded(module, source).Function is not None
    assert dict(vars(Tensor)) == before
