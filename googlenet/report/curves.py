"""curves.png: the losses and the accuracies over the epochs."""

from __future__ import annotations

import logging
import math
from pathlib import Path

from googlenet.report.figure import png, without_a_window_system
from googlenet.report.metrics import Row, best_accuracy
from minicnn.checkpoint import write_atomically


def draw_curves(path: Path, rows: list[Row], classes: int) -> None:
    """The parts of the loss and both accuracies over the epochs, as a PNG."""
    write_atomically(path, [_png(rows, classes)])


def try_to_draw() -> None:
    """Draw no epochs, to nowhere: ImportError, in one sentence, where matplotlib is missing or broken."""
    logging.getLogger("matplotlib").setLevel(logging.ERROR)  # a folder for its cache that cannot be written: never mind
    try:
        _png([], 10)
    except MemoryError:
        raise
    except Exception as error:  # a broken one may raise anything
        raise ImportError(f"cannot draw curves.png with matplotlib: {' '.join(str(error).split())}") from error


def _png(rows: list[Row], classes: int) -> bytes:
    with without_a_window_system():
        from matplotlib.figure import Figure
        from matplotlib.ticker import MaxNLocator, PercentFormatter

    epochs = [row["epoch"] for row in rows]
    figure = Figure(figsize=(10, 4.2), layout="constrained")
    losses, accuracies = figure.subplots(1, 2)
    for name, label in (("loss_main", "main"), ("loss_aux1", "aux1 (on 4a)"), ("loss_aux2", "aux2 (on 4d)")):
        if rows and rows[0][name] is not None:
            losses.plot(epochs, [row[name] for row in rows], marker="o", markersize=3, label=label)
    losses.axhline(math.log(classes), color="gray", linestyle=":", label=f"guessing: ln({classes})")
    losses.set(title="Training loss", xlabel="epoch", ylabel="cross-entropy", yscale="log")
    names = [("train_accuracy", "training (augmented, dropout)"), ("test_accuracy", "test")]
    if any(row["average_accuracy"] is not None for row in rows):
        names.append(("average_accuracy", "test, averaged weights"))
    for name, label in names:
        accuracies.plot(epochs, [row[name] for row in rows], marker="o", markersize=3, label=label)
    best = max(map(best_accuracy, rows), default=0.0)
    accuracies.axhline(best, color="gray", linestyle=":", linewidth=1)
    accuracies.set(title=f"Accuracy (best test: {best:.2%})", xlabel="epoch")
    accuracies.yaxis.set_major_formatter(PercentFormatter(1))
    for axes in (losses, accuracies):
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        axes.grid(alpha=0.3)
        axes.legend()
    return png(figure)
