"""What a run prints: a line for each epoch, and the warning where nothing is learned."""

import math

import pytest
from rows import WITHOUT_HEADS, row

from googlenet.report.lines import HEADING, HEADING_WITH_AVERAGE, epoch_line, stuck

LONGEST = row(100, lr=1.2345e-05, train_accuracy=1.0, test_accuracy=1.0, seconds=12345.6, loss_main=12.3456,
              loss_aux1=12.3456, loss_aux2=12.3456)  # fmt: skip


@pytest.mark.parametrize("values", [row(), row(**WITHOUT_HEADS), row(12), LONGEST, {**LONGEST, **WITHOUT_HEADS}])
@pytest.mark.parametrize("epochs", [12, 100])
def test_a_line_has_at_most_80_columns(values, epochs):
    line = epoch_line(values, epochs)
    assert len(line) <= 80
    assert "\n" not in line
    assert "None" not in line


def test_a_line_says_what_happened():
    line = epoch_line(row(3), 12)
    for part in ("3/12", "2.1", "2.2", "2.25", "12.3", "25.0", "0.01"):
        assert part in line


def test_every_number_stands_below_its_name():
    """Numbers end where the names do."""
    values = row(3, lr=0.0025, train_accuracy=0.125, test_accuracy=0.25, seconds=12.0)
    line = epoch_line(values, 12)
    ends = {name: HEADING.rindex(name) + len(name) for name in HEADING.replace("|", " ").split()}
    found = {name: line[:end].split()[-1].lstrip("|") for name, end in ends.items()}
    assert found == {
        "epoch": "3/12", "main": "2.1000", "aux1": "2.2000", "aux2": "2.2500", "train": "12.50%", "test": "25.00%",
        "lr": "0.0025", "seconds": "12",
    }  # fmt: skip


def test_a_loss_of_zero_is_a_number():
    assert "0.0000" in epoch_line(row(loss_aux2=0.0), 12)


def test_lines_stand_below_each_other_and_below_their_heading():
    lines = [epoch_line(values, 12) for values in (row(), row(12, lr=0.00123, seconds=4.0), row(5, **WITHOUT_HEADS))]
    bars = [[i for i, letter in enumerate(line) if letter == "|"] for line in [HEADING, *lines]]
    assert all(found == bars[0] for found in bars)
    assert len(HEADING) <= 80
    assert {len(line) for line in [HEADING, *lines]} == {len(HEADING)}


def test_with_averaged_weights_there_is_a_number_more():
    values = [row(3, lr=0.0025, average_accuracy=0.375), row(4, lr=1.2e-05), {**LONGEST, "average_accuracy": 1.0}]
    lines = [HEADING_WITH_AVERAGE, *(epoch_line(value, 100, average=True) for value in values)]
    bars = [[i for i, letter in enumerate(line) if letter == "|"] for line in lines]
    assert all(found == bars[0] for found in bars)
    assert {len(line) for line in lines} == {len(HEADING_WITH_AVERAGE)} and len(lines[0]) <= 80
    ends = {name: lines[0].rindex(name) + len(name) for name in ("test", "average", "lr", "seconds")}
    assert {name: lines[1][:end].split()[-1] for name, end in ends.items()} == {
        "test": "25.00%", "average": "37.50%", "lr": "0.0025", "seconds": "40",
    }  # fmt: skip
    assert lines[2][: ends["average"]].split()[-1] == "-"


# ---- stuck ---


@pytest.mark.parametrize("name", ["loss_main", "loss_aux1", "loss_aux2"])
@pytest.mark.parametrize(
    ("factor", "warned"), [(1.0, True), (1.009, True), (0.991, True), (1.02, False), (0.98, False)]
)
def test_a_loss_that_stays_at_a_guess_is_warned_of_by_name(name, factor, warned):
    found = stuck(row(4, **{name: factor * math.log(10)}), 10, "paper")
    assert len(found) == warned
    if warned:
        assert name in found[0]
        assert "epoch 4" in found[0]
        assert "ln(10)" in found[0]


@pytest.mark.parametrize(("classes", "warned"), [(3, False), (7, True), (1000, False)])
def test_a_guess_is_among_as_many_classes_as_there_are(classes, warned):
    assert len(stuck(row(loss_main=math.log(7)), classes, "paper")) == warned


def test_all_three_may_be_stuck_and_heads_may_be_missing():
    guess = math.log(10)
    assert len(stuck(row(loss_main=guess, loss_aux1=guess, loss_aux2=guess), 10, "paper")) == 3
    assert len(stuck(row(loss_main=guess, **WITHOUT_HEADS), 10, "paper")) == 1
    assert stuck(row(), 10, "paper") == []


def test_a_run_with_batch_norm_is_not_told_to_try_batch_norm():
    for preset, told in (("paper", True), ("plain", True), ("batchnorm", False)):
        (warning,) = stuck(row(loss_main=math.log(10)), 10, preset)
        assert ("--preset batchnorm" in warning) == told
        assert "try another --lr" in warning


def test_a_loss_that_is_no_number_is_no_guess():
    assert stuck(row(loss_main=float("nan")), 10, "paper") == []
