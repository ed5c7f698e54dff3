"""How far a run is, and when it is done."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from googlenet.report.metrics import COLUMNS, Row, best_accuracy
from googlenet.training.probe import Record


@dataclass
class Progress:
    """Where a run is: `step` steps of epoch number `epoch` (from 0) are done; `sums` adds up this epoch's so far."""

    epoch: int = 0
    step: int = 0
    sums: dict[str, float] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)  # one for each epoch that is done
    best: float = -1.0  # the best test accuracy so far
    inside: list[Record] = field(default_factory=list)  # what samples have found, a record for each epoch: probe.py

    def add(self, **amounts: float) -> None:
        for name, amount in amounts.items():
            self.sums[name] = self.sums.get(name, 0.0) + amount

    def row(self, test_accuracy: float, average_accuracy: float | None = None) -> Row:
        """This epoch's row of metrics.csv: sums over the images become means."""
        sums = self.sums
        mean = {
            name: sums[name] / sums["images"] if name in sums else None for name in ("total", "main", "aux1", "aux2")
        }
        return {
            "epoch": self.epoch + 1,
            "lr": sums["lr"],
            "train_loss": mean["total"],
            "loss_main": mean["main"],
            "loss_aux1": mean["aux1"],
            "loss_aux2": mean["aux2"],
            "train_accuracy": sums["right"] / sums["images"],
            "test_accuracy": test_accuracy,
            "images_per_second": sums["images"] / sums["seconds"],
            "seconds": sums["seconds"],
            "average_accuracy": average_accuracy,
        }

    def check(self, steps: int) -> None:
        """ValueError for what no run with so many steps an epoch can have written."""
        kinds: dict[str, Any] = {
            "epoch": int, "step": int, "sums": dict, "rows": list, "best": (int, float), "inside": list,
        }  # fmt: skip
        for name, kind in kinds.items():
            if not isinstance(getattr(self, name), kind):
                raise ValueError(f"{name} is {getattr(self, name)!r:.80}")
        if not (0 <= self.epoch == len(self.rows) and 0 <= self.step <= steps):
            raise ValueError(
                f"{self.epoch} epochs and {self.step} of {steps} steps are done, with {len(self.rows)} rows"
            )
        if not all(isinstance(row, dict) and set(row) == set(COLUMNS) for row in self.rows):
            raise ValueError(f"a row does not have the columns {', '.join(COLUMNS)}")
        if self.step and (missing := {"lr", "images", "right", "seconds", "total", "main"} - set(self.sums)):
            raise ValueError(f"{', '.join(sorted(missing))} missing in the sums")


def stopped_early(rows: list[Row], patience: int) -> bool:
    """Whether the last `patience` epochs have not raised the best test accuracy; never for a patience of 0.

    It follows from the rows alone, so that a run that was cut off and goes on stops where it would have stopped.
    """
    accuracies = [best_accuracy(row) for row in rows]
    return patience > 0 and bool(rows) and len(rows) - 1 - accuracies.index(max(accuracies)) >= patience
