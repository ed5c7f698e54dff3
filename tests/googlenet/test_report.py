"""What a run tells: a line for each epoch, metrics.csv, curves.png, and the warning where nothing is learned."""

import csv
import errno
import math
import warnings

import numpy as np
import pytest

from googlenet.report import COLUMNS, HEADING, draw_curves, epoch_line, stuck, write_metrics


def row(epoch=1, **changes):
    return {
        "epoch": epoch, "lr": 0.01, "train_loss": 3.4, "loss_main": 2.1, "loss_aux1": 2.2, "loss_aux2": 2.25,
        "train_accuracy": 0.123456, "test_accuracy": 0.25, "images_per_second": 123.456789, "seconds": 40.5, **changes,
    }  # fmt: skip


WITHOUT_HEADS = {"loss_aux1": None, "loss_aux2": None}


# ---- the line -----------------------------------------------------------------------------------------------------

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


def test_lines_stand_below_each_other_and_below_their_heading():
    lines = [epoch_line(values, 12) for values in (row(), row(12, lr=0.00123, seconds=4.0), row(5, **WITHOUT_HEADS))]
    bars = [[i for i, letter in enumerate(line) if letter == "|"] for line in [HEADING, *lines]]
    assert all(found == bars[0] for found in bars)
    assert len(HEADING) <= 80
    assert {len(line) for line in [HEADING, *lines]} == {len(HEADING)}


# ---- stuck --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["loss_main", "loss_aux1", "loss_aux2"])
@pytest.mark.parametrize(
    ("factor", "warned"), [(1.0, True), (1.009, True), (0.991, True), (1.02, False), (0.98, False)]
)
def test_a_loss_that_stays_at_a_guess_is_warned_of_by_name(name, factor, warned):
    found = stuck(row(4, **{name: factor * math.log(10)}), 10)
    assert len(found) == warned
    if warned:
        assert name in found[0]
        assert "epoch 4" in found[0]
        assert "ln(10)" in found[0]


def test_all_three_may_be_stuck_and_heads_may_be_missing():
    guess = math.log(10)
    assert len(stuck(row(loss_main=guess, loss_aux1=guess, loss_aux2=guess), 10)) == 3
    assert len(stuck(row(loss_main=guess, **WITHOUT_HEADS), 10)) == 1
    assert stuck(row(), 10) == []


def test_a_loss_that_is_no_number_is_no_guess():
    assert stuck(row(loss_main=float("nan")), 10) == []


# ---- metrics.csv --------------------------------------------------------------------------------------------------


def test_the_columns(tmp_path):
    path = tmp_path / "metrics.csv"
    write_metrics(path, [row(), row(2, **WITHOUT_HEADS)])
    lines = path.read_text().splitlines()
    assert lines[0] == (
        "epoch,lr,train_loss,loss_main,loss_aux1,loss_aux2,train_accuracy,test_accuracy,images_per_second,seconds"
    )
    assert lines[0] == ",".join(COLUMNS)
    with open(path, newline="") as file:
        one, two = csv.DictReader(file)
    assert one["epoch"] == "1"
    assert {name: float(value) for name, value in one.items()} == pytest.approx(row(), rel=1e-5)
    assert two["loss_aux1"] == two["loss_aux2"] == ""
    assert two["loss_main"] == "2.1"


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


# ---- curves.png ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "rows",
    [
        [row(i, loss_main=2 / i) for i in range(1, 6)],
        [row()],
        [row(**WITHOUT_HEADS)],
        [row(1, **WITHOUT_HEADS), row(2, **WITHOUT_HEADS)],
        [row(1, test_accuracy=0.0, train_accuracy=0.0), row(2, test_accuracy=1.0, loss_main=0.0)],
    ],
    ids=["five epochs", "one epoch", "one epoch without heads", "without heads", "extremes"],
)
def test_curves_are_a_png(tmp_path, rows):
    from PIL import Image

    path = tmp_path / "curves.png"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        draw_curves(path, rows, 10)
    assert path.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    with Image.open(path) as image:
        assert image.width >= 800
        assert image.height >= 300
        image.load()


def test_no_window_system_is_touched(tmp_path):
    """pyplot would choose a back end, and keep every figure."""
    import subprocess
    import sys
    from pathlib import Path

    code = (
        "import sys\n"
        "from googlenet.report import draw_curves\n"
        f"draw_curves({str(tmp_path / 'curves.png')!r}, [{row()!r}], 10)\n"
        "print('matplotlib.pyplot' in sys.modules)"
    )
    repository = Path(__file__).resolve().parents[2]
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=repository, timeout=120, check=False
    )
    assert result.stdout == "False\n", result.stderr
