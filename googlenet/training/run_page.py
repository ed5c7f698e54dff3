"""report.html of a run: what the page needs, gathered from the Trainer."""

from __future__ import annotations

import os
import platform
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

import minicnn as mc
from googlenet.evaluation import Predictions
from googlenet.report.page import Report, write_page
from googlenet.training.folder import REPORT

if TYPE_CHECKING:
    from googlenet.training.trainer import Trainer


def write_run_page(trainer: Trainer, predictions: Predictions) -> None:
    """Write report.html. predictions: those of the epoch that is done, for the images of `trainer.test_loader`."""
    images, preprocessing = trainer.test_loader.dataset.images, trainer.data.preprocessing

    def picture(index: int) -> NDArray[np.uint8]:
        with images.open(index) as image:
            return preprocessing.cut(image)

    report = Report(
        title=trainer.folder.resolve().name,
        epochs=trainer.options.epochs,
        settings=settings_of(trainer),
        rows=trainer.progress.rows,
        classes=trainer.classes,
        predictions=predictions,
        name=images.name,
        picture=picture,
        filters=trainer.model.conv1.conv.weight.numpy(),
        order=preprocessing.order,
        finished=trainer.is_complete(),
        records=trainer.progress.inside,
    )
    write_page(trainer.folder / REPORT, report)


def settings_of(trainer: Trainer) -> dict[str, dict[str, Any]]:
    """Options, data and machine, in words."""
    o, data = trainer.options, trainer.data
    options = {name.replace("_", " "): value for name, value in asdict(o).items()}
    described = {
        "name": data.images.name,
        "where": data.images.where or "comes with this package",
        "classes": f"{len(trainer.classes)}: {', '.join(trainer.classes)}",
        "training images": f"{len(trainer.train_loader.dataset):,}",
        "test images": f"{len(trainer.test_loader.dataset):,}",
        "left out": f"{len(data.unreadable):,} that cannot be read",
        **{name.replace("_", " "): value for name, value in data.preprocessing.to_record().items()},
        "notes": "; ".join(data.images.notes) or "none",
    }
    machine = {
        "system": platform.platform(),
        "cores": os.cpu_count(),
        "device": next((d.description for d in mc.devices() if d.name == o.device), o.device),
        "threads": o.threads,
        "Python": platform.python_version(),
        "NumPy": np.__version__,
        "minicnn": mc.__version__,
    }
    return {"Data": described, "Machine": machine, "Options": options}
