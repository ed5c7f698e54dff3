"""GoogLeNet at work: it is trained on the digits, with whatever stands in the library. The course's last run."""

import contextlib
import csv
import io
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import numpy as np

import minicnn as mc
import minicnn.functional as F
from exercises.course.inception.weights import filled_deep
from exercises.running import REPOSITORY
from googlenet import model
from googlenet.data.digits_dataset import DigitsDataset
from googlenet.training import command

ENOUGH = 0.6  # of the test images; the library alone has 74 to 81 % right, with three seeds
NEAR = 1e-3


def run(say: Callable[[str], None]) -> bool:
    """One step's loss beside the library's own, then three epochs; whether both are as they should be."""
    try:
        ours, library = first_loss(), first_loss_of_the_library()
    except (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError) as error:
        say("GoogLeNet does not run with what was put in:")
        say(shorten(f"  {type(error).__name__}: {' '.join(str(error).split())}"))
        return False
    say("GoogLeNet, 10.3 million parameters with its heads. The loss of 8 digits, before")
    say(f"training, is {ours:.5f}; the library by itself finds {library:.5f}.")
    if not abs(ours - library) <= NEAR * max(1.0, abs(library)):
        say("They should be equal: something that was put in computes something else.")
        return False
    say("Training on 480 digits of 32x32: 10 seconds with the library's own operations,")
    say("up to some minutes with loops ...")
    with tempfile.TemporaryDirectory(prefix="exercises-") as folder:
        status, printed = train(Path(folder))
        rows = metrics(Path(folder))
    for row in rows:
        train_share, test_share = float(row["train_accuracy"]), float(row["test_accuracy"])
        say(f"  epoch {row['epoch']}   loss {float(row['train_loss']):6.3f}   "
            f"right: {train_share:6.1%} in training, {test_share:6.1%} of the test")  # fmt: skip
    if status or not rows:
        say("The training has stopped:")
        for line in printed.strip().splitlines()[-3:]:
            say(shorten(f"  {line}"))
        return False
    reached = max(float(row["test_accuracy"]) for row in rows) > ENOUGH
    say(f"More than {ENOUGH:.0%} of the test images should be right{', and are' if reached else ''}.")
    say("(The library by itself: 74 to 81 %, with three seeds.)")
    return reached


def train(folder: Path) -> tuple[int, str]:
    """What `python train.py --with FOLDER` does, when the answers are in already: its exit status, and what it says."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        status = command.main(
            ["--with", str(folder), "--output", str(folder)], answers=lambda _: contextlib.nullcontext([])
        )
    return status, printed.getvalue()


def shorten(line: str) -> str:
    return line if len(line) <= 80 else f"{line[:77]}..."


def metrics(folder: Path) -> list[dict[str, str]]:
    """The rows of the run's metrics.csv: an epoch each."""
    for path in folder.rglob("metrics.csv"):
        with open(path, encoding="utf-8", newline="") as stream:
            return list(csv.DictReader(stream))
    return []


def first_loss() -> float:
    """Of 8 digits, with weights set by a rule, and without dropout, which is random."""
    digits = DigitsDataset(train=True, size=32, limit=8)
    x = mc.Tensor(np.stack([image for image, _ in digits]))
    network = filled_deep(model.GoogLeNet(10, "batchnorm", in_channels=1))
    with mock.patch.object(F, "dropout", lambda x, p=0.5, training=True: x), mc.no_grad():
        return float(model.loss(network(x), digits.labels).total.item())


def first_loss_of_the_library() -> float:
    """The same in a process of its own, where nothing has been put in."""
    line = [sys.executable, "-m", "exercises.course.inception.run"]
    return float(subprocess.run(line, cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout)


if __name__ == "__main__":
    print(first_loss())
