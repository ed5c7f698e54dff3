"""What a run prints: a line for each epoch, and a warning where something does not learn."""

from __future__ import annotations

import math

from googlenet.presets import find_preset
from googlenet.report.metrics import Row

HEADING = "  epoch     main    aux1    aux2  |   train    test  |        lr  seconds"
#          |        loss of each output       |     accuracy     |
HEADING_WITH_AVERAGE = HEADING.replace("test  |        lr", "test average  |      lr")  # that of the averaged weights


def epoch_line(row: Row, epochs: int, average: bool = False) -> str:
    """One epoch in at most 80 columns, below HEADING or, with averaged weights, HEADING_WITH_AVERAGE."""
    epoch = f"{row['epoch']}/{epochs}"
    names = ("loss_main", "loss_aux1", "loss_aux2")
    losses = "".join(f"{'-' if row[name] is None else format(row[name], '.4f'):>8}" for name in names)
    accuracies = f"{row['train_accuracy']:>8.2%}{row['test_accuracy']:>8.2%}"
    if average:
        accuracies += f"{'-' if row['average_accuracy'] is None else format(row['average_accuracy'], '.2%'):>8}"
    width = 8 if average else 10
    return f"{epoch:>7} {losses}  |{accuracies}  |{row['lr']:>{width}.2g}{row['seconds']:>9.0f}"


def stuck(row: Row, classes: int, preset: str) -> list[str]:
    """A warning for every part of the loss that stayed within 1 % of ln(classes), the loss of an even guess."""
    guess = math.log(classes)
    other = "" if find_preset(preset).batch_norm else " or --preset batchnorm"
    return [
        f"warning: {name} was {row[name]:.3f} in epoch {row['epoch']}, within 1 % of ln({classes}) = {guess:.3f}: "
        f"this output is only guessing. If it stays so, try another --lr{other}."
        for name in ("loss_main", "loss_aux1", "loss_aux2")
        if row[name] is not None and abs(row[name] / guess - 1) < 0.01
    ]
