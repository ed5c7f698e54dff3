"""The folder of a run: its name, and what is written there beside the checkpoint and the weights."""

from __future__ import annotations

import json
import platform
from dataclasses import asdict
from pathlib import Path

import numpy as np

import minicnn as mc
from googlenet.data import DigitsDataset
from googlenet.report.curves import draw_curves
from googlenet.report.metrics import Row, write_metrics
from googlenet.training.options import Options


def free_folder(output: Path, name: str | None, options: Options) -> Path:
    """The run's folder, not made yet. A name that is taken is an error where the user chose it, else gets a number."""
    usual = f"{options.preset}-{options.image_size}-seed{options.seed}"
    folder = output / (name or usual)
    if name and folder.exists():
        raise ValueError(f"--name: {folder} exists. Choose another, or go on with it: --resume {folder}")
    number = 2
    while folder.exists():
        folder = output / f"{usual}-{number}"
        number += 1
    return folder


def make_folder(folder: Path) -> None:
    """Make the run's folder; OSError with one clear line."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OSError(f"--output: cannot make the folder {folder}: {error.strerror}") from error


def write_config(folder: Path, options: Options) -> None:
    """config.json: the options, and the versions that they ran with."""
    versions = {"python": platform.python_version(), "numpy": np.__version__, "minicnn": mc.__version__}
    text = json.dumps({"options": asdict(options), "versions": versions, "machine": platform.machine()}, indent=2)
    path = folder / "config.json"
    try:
        path.write_text(text + "\n")
    except OSError as error:
        raise OSError(f"cannot write {path}: {error.strerror}") from error


def write_report(folder: Path, rows: list[Row]) -> None:
    """metrics.csv and curves.png."""
    write_metrics(folder / "metrics.csv", rows)
    draw_curves(folder / "curves.png", rows, len(DigitsDataset.classes))
