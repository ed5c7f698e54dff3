"""The course is right: stubs fail and say what to write, solutions pass, every misconception fails and is named."""

import doctest
import re

import numpy as np
import pytest

from exercises.catalog import every_exercise
from exercises.judging import judge
from exercises.message import told
from exercises.reference import Reference
from exercises.running import run_answer, run_here
from exercises.stages import Stage

EXERCISES = every_exercise()
FEW = EXERCISES[::16]  # in the quick run
SEEDS = (0, 1)


def some(exercises=EXERCISES):
    """Every exercise as a parameter; the quick run takes a few."""
    return [
        pytest.param(e, id=e.name, marks=() if e in FEW else pytest.mark.everything("the course"))
        for e in exercises
    ]  # fmt: skip


BY_NAME = pytest.mark.parametrize("exercise", some())


@BY_NAME
def test_a_stub_fails_at_its_first_stage_and_says_what_to_write(exercise, tmp_path):
    path = tmp_path / "with a space" / f"{exercise.name}.py"
    path.parent.mkdir()
    path.write_text(exercise.stub, encoding="utf-8")
    verdict = judge(exercise, run_answer(exercise, path))
    assert not verdict.passed
    message = told(verdict, path)
    assert max(map(len, message.splitlines())) <= 80
    if not exercise.is_bug_hunt:
        first = verdict.stages[0]
        assert not first.passed and first.problem.failure is not None and first.problem.failure.unwritten, message
        assert "Not written yet" in message
        assert len(first.problem.failure.message) > 15


@BY_NAME
def test_the_solution_passes_in_a_process_of_its_own(exercise):
    verdict = judge(exercise, run_answer(exercise, exercise.folder / "solution.py"))
    assert verdict.passed, told(verdict)


@BY_NAME
def test_the_solution_passes_whatever_the_seed(exercise):
    for seed in range(5):
        verdict = judge(exercise, run_here(exercise, exercise.solution, seed), seed)
        assert verdict.passed, told(verdict)


@BY_NAME
def test_every_misconception_fails_and_is_named(exercise):
    sentences = [sentence for sentence, _ in exercise.mistakes]
    assert len(sentences) >= 5 and len(set(sentences)) == len(sentences)
    for seed in SEEDS:
        reference = Reference(exercise, seed)
        for sentence, wrong in exercise.mistakes:
            verdict = judge(exercise, run_here(exercise, wrong, seed), seed, reference)
            assert not verdict.passed, f"passes: {sentence}"
            assert verdict.first_problem.problem.mistake == sentence, told(verdict)


@BY_NAME
def test_the_text_s_code_runs_and_its_numbers_are_computed(exercise):
    blocks = re.findall(r"```python\n(.*?)```", exercise.text, flags=re.S)
    assert exercise.text.startswith("# ") and any(">>>" in block for block in blocks)
    session = doctest.DocTestParser().get_doctest("\n".join(blocks), {"np": np}, exercise.name, "text.md", 0)
    problems = []
    doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE).run(session, out=problems.append)
    assert problems == [], "".join(problems)


@BY_NAME
def test_its_parts_are_whole(exercise):
    assert len(exercise.hints) == 3
    assert all(isinstance(stage, Stage) and stage.points > 0 for stage in exercise.stages)
    assert len({stage.name for stage in exercise.stages}) == len(exercise.stages) >= 2
    for name in ("stub", "solution"):
        source = (exercise.folder / f"{name}.py").read_text(encoding="utf-8")
        assert re.search(rf"^(class|def) {exercise.answer_name}\b", source, flags=re.M)


@BY_NAME
def test_the_library_s_own_is_named_where_there_is_one(exercise):
    """`install` and FORBIDDEN name what exists."""
    import importlib

    checks = exercise.module("checks")
    places = [*exercise.forbidden, *([checks.LIBRARY] if hasattr(checks, "LIBRARY") else [])]
    for place in places:
        module, _, name = place.partition(":")
        target = importlib.import_module(module)
        for part in name.split("."):
            target = getattr(target, part)
