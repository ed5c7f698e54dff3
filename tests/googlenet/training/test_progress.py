"""How far a run is: what it adds up, what it refuses to be, and when it stops early."""

import pytest
from rows import row

from googlenet.training.progress import Progress, stopped_early

SUMS = {"lr": 0.1, "images": 16, "right": 3, "seconds": 1.5, "total": 2.3, "main": 2.3}


@pytest.mark.parametrize(
    "progress", [{}, {"epoch": 2, "rows": [row(1), row(2)], "best": 0.5}, {"step": 10, "sums": SUMS}, {"best": 1}]
)
def test_progress_as_a_run_writes_it(progress):
    Progress(**progress).check(steps=10)


@pytest.mark.parametrize(
    ("progress", "message"),
    [
        ({"epoch": "2"}, "epoch is '2'"),
        ({"step": None}, "step is None"),
        ({"sums": []}, r"sums is \[\]"),
        ({"rows": {}}, "rows is {}"),
        ({"best": "high"}, "best is 'high'"),
        ({"epoch": -1}, "-1 epochs"),
        ({"epoch": 1}, "1 epochs and 0 of 10 steps are done, with 0 rows"),
        ({"rows": [row()]}, "0 epochs and 0 of 10 steps are done, with 1 rows"),
        ({"step": 11, "sums": SUMS}, "11 of 10 steps"),
        ({"step": -1, "sums": SUMS}, "-1 of 10 steps"),
        ({"epoch": 1, "rows": [3]}, "a row does not have the columns epoch, lr"),
        ({"epoch": 1, "rows": [{"epoch": 1}]}, "a row does not have the columns epoch, lr"),
        ({"step": 3, "sums": {"lr": 0.1, "total": 2.0}}, "images, main, right, seconds missing in the sums"),
    ],
)
def test_progress_that_no_run_writes(progress, message):
    with pytest.raises(ValueError, match=message):
        Progress(**progress).check(steps=10)


def test_an_amount_is_added_to_those_before():
    progress = Progress()
    progress.add(images=4, right=1.0)
    progress.add(images=2)
    assert progress.sums == {"images": 6, "right": 1.0}


def test_the_row_of_an_epoch_has_means_over_the_images():
    sums = {"lr": 0.1, "images": 8, "right": 2, "seconds": 4, "total": 16, "main": 8, "aux1": 24, "aux2": 32}
    assert Progress(epoch=1, sums=sums).row(0.5, 0.75) == {
        "epoch": 2, "lr": 0.1, "train_loss": 2, "loss_main": 1, "loss_aux1": 3, "loss_aux2": 4, "train_accuracy": 0.25,
        "test_accuracy": 0.5, "images_per_second": 2, "seconds": 4, "average_accuracy": 0.75,
    }  # fmt: skip


def test_without_heads_their_columns_are_empty():
    made = Progress(sums=SUMS).row(0.5)
    assert (made["loss_aux1"], made["loss_aux2"], made["average_accuracy"]) == (None, None, None)


@pytest.mark.parametrize(
    ("accuracies", "patience", "stopped"),
    [
        ([], 1, False),
        ([0.5], 1, False),
        ([0.5, 0.6], 1, False),
        ([0.5, 0.5], 1, True),  # it must rise
        ([0.5, 0.4], 2, False),
        ([0.5, 0.4, 0.5], 2, True),
        ([0.5, 0.4, 0.6], 2, False),
        ([0.1, 0.5, 0.4, 0.45], 2, True),
        ([0.9, 0.1, 0.2, 0.3, 0.4], 4, True),  # the best of all counts, not that of the last ones
        ([0.9, 0.1, 0.2, 0.3, 0.4], 0, False),  # 0: never
    ],
)
def test_early_stopping(accuracies, patience, stopped):
    assert stopped_early([row(test_accuracy=accuracy) for accuracy in accuracies], patience) is stopped


def test_a_better_average_goes_on():
    rows = [row(test_accuracy=0.5), row(test_accuracy=0.4, average_accuracy=0.6)]
    assert not stopped_early(rows, 1)
    assert stopped_early([*rows, row(test_accuracy=0.55, average_accuracy=0.6)], 1)
