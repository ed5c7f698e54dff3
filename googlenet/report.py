"""What a run tells: a line for each epoch, metrics.csv, curves.png, and a warning where something does not learn."""

from __future__ import annotations

import csv
import io
import math
from pathlib import Path
from typing import Any

from minicnn.checkpoint import write_atomically

COLUMNS = (
    "epoch", "lr", "train_loss", "loss_main", "loss_aux1", "loss_aux2", "train_accuracy", "test_accuracy",
    "images_per_second", "seconds",
)  # fmt: skip

Row = dict[str, Any]  # one epoch: a value for each column; None for the losses of heads that are not there


HEADING = "  epoch     main    aux1    aux2  |   train    test  |        lr  seconds"
#          |        loss of each output       |     accuracy     |


def epoch_line(row: Row, epochs: int) -> str:
    """One epoch in at most 80 columns, below HEADING."""
    epoch = f"{row['epoch']}/{epochs}"
    names = ("loss_main", "loss_aux1", "loss_aux2")
    losses = "".join(f"{'-' if row[name] is None else format(row[name], '.4f'):>8}" for name in names)
    accuracies = f"{row['train_accuracy']:>8.2%}{row['test_accuracy']:>8.2%}"
    return f"{epoch:>7} {losses}  |{accuracies}  |{row['lr']:>10.2g}{row['seconds']:>9.0f}"


def stuck(row: Row, classes: int) -> list[str]:
    """A warning for every part of the loss that stayed within 1 % of ln(classes), the loss of an even guess."""
    guess = math.log(classes)
    return [
        f"warning: {name} was {row[name]:.3f} in epoch {row['epoch']}, within 1 % of ln({classes}) = {guess:.3f}: "
        "this output is only guessing. If it stays so, try another --lr or --preset batchnorm."
        for name in ("loss_main", "loss_aux1", "loss_aux2")
        if row[name] is not None and abs(row[name] / guess - 1) < 0.01
    ]


def one_line(error: BaseException) -> str:
    """An error as a line for the user, without Python's "[Errno 2]"."""
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return " ".join(text.split())


def write_metrics(path: Path, rows: list[Row]) -> None:
    """All epochs so far as metrics.csv."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _rounded(value) for name, value in row.items()} for row in rows)
    write_atomically(path, [text.getvalue().encode()])


def _rounded(value: Any) -> Any:
    return float(f"{value:.6g}") if isinstance(value, float) else value


def draw_curves(path: Path, rows: list[Row], classes: int) -> None:
    """The parts of the loss and both accuracies over the epochs, as a PNG."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure  # not pyplot: no window system, no global state
    from matplotlib.ticker import MaxNLocator, PercentFormatter

    epochs = [row["epoch"] for row in rows]
    figure = Figure(figsize=(10, 4.2), layout="constrained")
    losses, accuracies = figure.subplots(1, 2)
    for name, label in (("loss_main", "main"), ("loss_aux1", "aux1 (on 4a)"), ("loss_aux2", "aux2 (on 4d)")):
        if rows[0][name] is not None:
            losses.plot(epochs, [row[name] for row in rows], marker="o", markersize=3, label=label)
    losses.axhline(math.log(classes), color="gray", linestyle=":", label=f"guessing: ln({classes})")
    losses.set(title="Training loss", xlabel="epoch", ylabel="cross-entropy", yscale="log")
    for name, label in (("train_accuracy", "training (augmented, dropout)"), ("test_accuracy", "test")):
        accuracies.plot(epochs, [row[name] for row in rows], marker="o", markersize=3, label=label)
    best = max(rows, key=lambda row: row["test_accuracy"])
    accuracies.axhline(best["test_accuracy"], color="gray", linestyle=":", linewidth=1)
    accuracies.set(title=f"Accuracy (best test: {best['test_accuracy']:.2%})", xlabel="epoch")
    accuracies.yaxis.set_major_formatter(PercentFormatter(1))
    for axes in (losses, accuracies):
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(alpha=0.3)
        axes.legend()
    image = io.BytesIO()
    FigureCanvasAgg(figure).print_png(image)
    write_atomically(path, [image.getvalue()])
