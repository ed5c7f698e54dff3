"""metrics.csv."""

import csv
import errno

import numpy as np
import pytest
from rows import WITHOUT_HEADS, row

from googlenet.report.metrics import COLUMNS, average_is_better, best_accuracy, write_metrics


def test_the_columns(tmp_path):
    path = tmp_path / "metrics.csv"
    write_metrics(path, [row(average_accuracy=0.5), row(2, **WITHOUT_HEADS)])
    assert b"\r" not in path.read_bytes()
    lines = path.read_text().splitlines()
    assert lines[0] == (
        "epoch,lr,train_loss,loss_main,loss_aux1,loss_aux2,train_accuracy,test_accuracy,images_per_second,seconds,"
        "average_accuracy"
    )
    assert lines[0] == ",".join(COLUMNS)
    with open(path, newline="") as file:
        one, two = csv.DictReader(file)
    assert one["epoch"] == "1"
    assert {name: float(value) for name, value in one.items()} == pytest.approx(row(average_accuracy=0.5), rel=1e-5)
    assert two["loss_aux1"] == two["loss_aux2"] == ""
    assert (two["loss_main"], two["average_accuracy"]) == ("2.1", "")


@pytest.mark.parametrize(
    ("average", "better", "accuracy"), [(None, False, 0.25), (0.2, False, 0.25), (0.25, False, 0.25), (0.3, True, 0.3)]
)
def test_the_better_of_the_weights_and_their_average(average, better, accuracy):
    """The network's own, where both are as good."""
    found = row(test_accuracy=0.25, average_accuracy=average)
    assert (average_is_better(found), best_accuracy(found)) == (better, accuracy)


def test_the_file_is_rewritten_whole(tmp_path):
    path = tmp_path / "metrics.csv"
    write_metrics(path, [row()])
    write_metrics(path, [row(), row(2), row(3)])
    assert [line.split(",")[0] for line in path.read_text().splitlines()] == ["epoch", "1", "2", "3"]
    assert [file.name for file in tmp_path.iterdir()] == ["metrics.csv"]


def test_numbers_are_short_and_plain(tmp_path):
    path = tmp_path / "metrics.csv"
    write_metrics(path, [row(train_loss=np.float32(1 / 3).item(), lr=1 / 3e6)])
    cells = dict(zip(COLUMNS, path.read_text().splitlines()[1].split(","), strict=True))
    assert cells["train_loss"] == "0.333333"
    assert cells["lr"] == "3.33333e-07"


def test_a_failure_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "metrics.csv"
    write_metrics(path, [row()])
    before = path.read_bytes()

    def full(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("minicnn.checkpoint.os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_metrics(path, [row(), row(2)])
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["metrics.csv"]
