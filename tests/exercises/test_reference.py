"""What is right, computed or read: the same."""

import json

import numpy as np
import pytest

from exercises.answers import Failure
from exercises.catalog import Exercise, find_exercise
from exercises.comparing import agree
from exercises.reference import ANSWERS, Reference

EXERCISE = find_exercise("max_pool2d")


class Handed(Exercise):
    """An exercise in another folder, where solution and misconceptions are not there."""

    folder = None
    solution = mistakes = property(lambda self: pytest.fail("it is hidden"))


def test_read_from_a_course_without_solutions(tmp_path, monkeypatch):
    whole = Reference(EXERCISE, 3)
    (tmp_path / ANSWERS).write_text(json.dumps(whole.to_record()), encoding="utf-8")
    monkeypatch.setattr(Handed, "folder", tmp_path)
    handed = Reference(Handed("pooling", "max_pool2d"), 3)
    assert handed.sentences == whole.sentences
    for number in range(-1, len(whole.sentences)):
        for stage, cases in enumerate(whole.cases):
            for case in range(len(cases)):
                one, other = (
                    (r.right(stage, case) if number < 0 else r.wrong(number, stage, case)) for r in (whole, handed)
                )
                assert isinstance(one, Failure) == isinstance(other, Failure)
                if not isinstance(one, Failure):
                    assert one.keys() == other.keys()
                    assert all(np.array_equal(one[name], other[name]) for name in one)
    with pytest.raises(ValueError, match="for the seed 3; it cannot check with the seed 4"):
        Reference(Handed("pooling", "max_pool2d"), 4)


@pytest.mark.parametrize("came", ["text", None, np.ones(3), [1, 1]])
def test_what_is_no_array_agrees_with_none(came):
    assert agree(came, np.ones(2), 1e-6) is False


def test_what_is_no_array_agrees_with_itself():
    assert agree("text", "text", 0) and agree(None, None, 0) and not agree("", None, 0)


def test_another_case_is_solved_but_not_for_a_whole_network():
    x = np.arange(16.0).reshape(1, 1, 4, 4)
    np.testing.assert_array_equal(
        Reference(EXERCISE).right_for(1, {"x": x, "kernel_size": 2, "stride": 2})["y"], [[[[5, 7], [13, 15]]]]
    )
    network = Reference(find_exercise("naive_block"))
    assert network.right_for(0, network.cases[0][0]).kind == "TooLarge"
