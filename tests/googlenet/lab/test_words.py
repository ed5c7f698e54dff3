"""Numbers in words."""

import math

import pytest
from lab_runs import HIGH, LOW, NOISY, runs

from googlenet.lab import words


def test_mean_and_spread():
    assert words.plus_minus([0.9, 0.92, 0.94]) == "92.0 ± 2.0"
    assert words.plus_minus([0.5], 1, 2) == "0.50"
    assert words.plus_minus([1.0, math.nan], 1, 2) == words.plus_minus([math.inf]) == "none"


def test_geometric_mean():
    assert words.geometric_mean([0.01, 100.0]) == pytest.approx(1.0)
    assert words.geometric_mean([0.0, 5.0]) == 0.0


@pytest.mark.parametrize(
    "value, text",
    [(0.0, "0"), (0.123, "0.12"), (0.01, "0.01"), (1.0, "1.0"), (3.14, "3.1"), (12.6, "13"), (1234.0, "1234"),
     (12345.0, "1.2e+04"), (0.00123, "1.2e-03"), (-0.5, "-0.5")],
)  # fmt: skip
def test_short_numbers(value, text):
    assert words.short(value) == text


def test_ratios():
    assert [words.times(ratio) for ratio in (3.21, 0.5, 0.025, 0.0)] == ["3.2 times", "0.5 times", "1/40 of", "0 times"]


def test_a_difference_beyond_the_noise_is_told_with_its_interval():
    said = words.compared("this", HIGH, "that", LOW)
    assert said == "this is 10.0 points above that, beyond the noise of 3 seeds (95 % interval 7.7 to 12.3)"
    said = words.compared("this", LOW, "that", HIGH)
    assert said == "this is 10.0 points below that, beyond the noise of 3 seeds (95 % interval -12.3 to -7.7)"


def test_a_difference_within_the_noise_is_said_to_be_such():
    assert (
        words.compared("this", NOISY, "that", LOW)
        == "this is 4.0 points above that, which is within the noise of 3 seeds"
    )


def test_one_seed_tells_nothing_of_noise():
    said = words.compared("this", [0.9], "that", [0.5])
    assert said == "this is 40.0 points above that, and one seed cannot tell whether that is noise"
    assert "one seed" in words.compared("this", HIGH, "that", [0.5])


def test_equal_ones_are_equal():
    assert words.compared("this", HIGH, "that", HIGH) == "this is equal to that"
    assert words.compared("this", [0.9004], "that", [0.9]) == "this is equal to that"


def test_columns_of_runs():
    assert words.column(runs(LOW), "accuracy") == list(LOW)
    ends = words.last_losses([{"losses": [2.0, 0.5]}, {"losses": [9.0, None]}])
    assert ends[0] == 0.5 and math.isnan(ends[1])
    assert words.by_seed([[1, 2, 3], [4, 5, 6]]) == [[1, 4], [2, 5], [3, 6]]


def test_sentences_begin_with_a_capital_and_end():
    assert words.sentence("the gap of PyTorch") == "The gap of PyTorch."
