"""A learner's answers inside of the library: what passes is put in, all else stays, and afterwards all is as it was."""

import shutil

import numpy as np
import pytest

import minicnn as mc
import minicnn.functional as F
from exercises.catalog import every_exercise, find_exercise
from exercises.folder import fill, open_work
from exercises.override import WHAT_TO_REACH, Answer, account, answers_in, learners, put_in
from exercises.running import Found

POOL = find_exercise("max_pool2d")
X = np.arange(16.0).reshape(1, 1, 4, 4)


@pytest.fixture
def work(tmp_path):
    """A learner's folder with every stub."""
    fill(tmp_path / "my work", seed=7)
    return tmp_path / "my work"


def path_in(work, exercise):
    return open_work(work).path_of(exercise)


def solve(work, exercise=POOL):
    shutil.copy(exercise.folder / "solution.py", path_in(work, exercise))


def test_untouched_stubs_are_not_even_run(work):
    assert answers_in(work) == []
    assert account([], work) == [f"from {work}: nothing that passes yet"]


def test_what_passes_is_put_in_and_taken_out_again(work):
    solve(work)
    library = F.max_pool2d
    with learners(work) as lines:
        assert lines == [f"from {work}: max_pool2d", WHAT_TO_REACH]
        assert F.max_pool2d is not library
        x = mc.Tensor(X, requires_grad=True)
        y = F.max_pool2d(x, 2)
        assert type(y.creator).__module__ == "answer_max_pool2d"
        np.testing.assert_array_equal(y.data[0, 0], [[5, 7], [13, 15]])
        padded = F.max_pool2d(x, 3, 2, 1)  # what the exercise does not ask for is left to the library
        assert type(padded.creator).__module__ == "minicnn.functional.pooling"
    assert F.max_pool2d is library


def test_it_is_taken_out_where_something_fails(work):
    solve(work)
    library = F.max_pool2d
    with pytest.raises(KeyError), learners(work):
        raise KeyError
    assert F.max_pool2d is library


def test_what_does_not_pass_leaves_the_library_s_own_and_is_named(work):
    path_in(work, POOL).write_text("class MaxPool2d: pass\n")
    (answer,) = answers_in(work)
    assert answer == Answer(POOL, path_in(work, POOL), passed=False)
    assert account([answer], work)[1] == "not passed yet, so the library's own is there: max_pool2d"
    library = F.max_pool2d
    with put_in([answer]):
        assert F.max_pool2d is library


def test_the_folder_s_own_seed_is_checked_with(work, monkeypatch):
    seeds = []
    monkeypatch.setattr("exercises.progress.run_answer", lambda e, path, seed: seeds.append(seed) or Found())
    solve(work)
    assert [answer.passed for answer in answers_in(work)] == [False]
    assert seeds == [7]


@pytest.mark.parametrize("made", [True, False])
def test_a_folder_that_is_none_of_the_course(tmp_path, made):
    folder = tmp_path / "photos"
    if made:
        folder.mkdir()
    with pytest.raises(ValueError, match=r"photos .*python -m exercises start .*photos"):
        answers_in(folder)


@pytest.mark.everything("the course")
def test_every_solution_can_stand_in_the_library(work):
    for exercise in every_exercise():
        solve(work, exercise)
    answers = answers_in(work)
    assert all(answer.passed for answer in answers)
    before = dict(vars(F))
    with put_in(answers):
        changed = [name for name, value in vars(F).items() if before[name] is not value]
    assert "max_pool2d" in changed
    assert dict(vars(F)) == before
