"""curves.png: the losses and the accuracies over the epochs."""

from __future__ import annotations

import io
import math
from pathlib import Path

from googlenet.report.metrics import Row
from minicnn.checkpoint import write_atomically


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
