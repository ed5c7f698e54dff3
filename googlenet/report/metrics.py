"""metrics.csv: a row for each epoch."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

from minicnn.checkpoint import write_atomically

COLUMNS = (
    "epoch", "lr", "train_loss", "loss_main", "loss_aux1", "loss_aux2", "train_accuracy", "test_accuracy",
    "images_per_second", "seconds", "average_accuracy",
)  # fmt: skip

Row = dict[str, Any]  # one epoch: a value for each column; None for what there is not: heads, averaged weights


def average_is_better(row: Row) -> bool:
    """Whether the averaged weights, where there are any, are better than the network's own."""
    average = row.get("average_accuracy")
    return average is not None and average > row["test_accuracy"]


def best_accuracy(row: Row) -> float:
    """That of the better of both, on the test images."""
    return row["average_accuracy"] if average_is_better(row) else row["test_accuracy"]


def write_metrics(path: Path, rows: list[Row]) -> None:
    """All epochs so far as metrics.csv."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _rounded(value) for name, value in row.items()} for row in rows)
    write_atomically(path, [text.getvalue().encode()])


def _rounded(value: Any) -> Any:
    return float(f"{value:.6g}") if isinstance(value, float) else value
