"""Events for TensorBoard (`tensorboard --logdir runs`), written by tensorboardX, which needs neither it nor PyTorch."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

from googlenet.report.metrics import Row

FOLDER = "tensorboard"  # in the run's


def try_tensorboard() -> None:
    """ImportError, in one sentence, where tensorboardX is missing or broken."""
    try:
        import tensorboardX  # noqa: F401
    except Exception as error:  # a broken one may raise anything
        reason = " ".join(str(error).split())
        raise ImportError(f"--tensorboard needs tensorboardX: pip install -e '.[tensorboard]' ({reason})") from error


class Events:
    """The events of one run: its losses batch by batch, and the columns of metrics.csv epoch by epoch.

    All are numbered by the batches that have been trained on, `done` of them before this process. What an earlier
    process has written beyond that is declared void, so a run that goes on from its last checkpoint has every event
    once: TensorBoard drops what is void, whoever else reads the files finds the mark there (SessionLog.START).
    """

    def __init__(self, folder: Path, done: int) -> None:
        from tensorboardX import SummaryWriter

        self.batches = done
        # The usual name of the file is the second in which it was begun: two processes may want the same.
        self.writer = SummaryWriter(str(folder / FOLDER), purge_step=done + 1, filename_suffix=f".{done}")

    def batch(self, losses: Mapping[str, float]) -> None:
        """The losses of the next batch, by name: total, main, aux1, aux2."""
        self.batches += 1
        for name, value in losses.items():
            self.writer.add_scalar(f"batch/loss_{name}", value, self.batches)

    def epoch(self, row: Row) -> None:
        """An epoch that is done, at the number of its last batch."""
        for name, value in row.items():
            if value is not None and math.isfinite(value):
                self.writer.add_scalar(f"epoch/{name}", value, self.batches)

    def flush(self) -> None:
        """Write what is still in memory: before a checkpoint, so that no event from before it can be lost."""
        self.writer.flush()
