"""What a run hands to its page."""

import types

import numpy as np
import pytest

from googlenet.data.dataset import ImageDataset
from googlenet.data.images import ArrayImages
from googlenet.data.preprocessing import Preprocessing
from googlenet.data.source import ImageData
from googlenet.evaluation import Predictions
from googlenet.training import run_page
from googlenet.training.options import Options
from googlenet.training.progress import Progress
from googlenet.training.run_data import RunData
from googlenet.training.run_page import settings_of, write_run_page
from minicnn import nn


@pytest.fixture
def trainer(tmp_path):
    """What of a Trainer the page needs."""
    pixels = np.random.default_rng(0).integers(0, 256, (4, 40, 30, 3), np.uint8)
    images = ArrayImages(pixels, [0, 1, 0, 1], ("cat", "dog"), "pets.npz")
    data = ImageData("pets", "photos", "/data/pets", images.classes, images, images, ("3 notes", "all good"))
    conv = nn.Conv2d(3, 2, 7)
    return types.SimpleNamespace(
        folder=tmp_path,
        options=Options(epochs=5, threads=2, data="pets"),
        classes=images.classes,
        data=RunData(data, Preprocessing(32, order="BGR"), {"broken.jpg": "truncated"}),
        train_loader=types.SimpleNamespace(dataset=range(1234)),
        test_loader=types.SimpleNamespace(dataset=ImageDataset(images, Preprocessing(32))),
        progress=Progress(epoch=1, rows=[{"epoch": 1}], inside=[{"epoch": 1}]),
        model=types.SimpleNamespace(conv1=types.SimpleNamespace(conv=conv)),
        is_complete=lambda: False,
    )


@pytest.fixture
def written(monkeypatch, trainer):
    """The report that is written, and where."""
    found = []
    monkeypatch.setattr(run_page, "write_page", lambda path, report: found.append((path, report)))
    predictions = Predictions(np.zeros(4, int), np.ones((4, 2), np.float32), np.zeros(4, np.float32))
    write_run_page(trainer, predictions)
    assert found[0][1].predictions is predictions
    return found[0]


def test_where_and_what(trainer, written):
    path, report = written
    assert path == trainer.folder / "report.html"
    assert (report.title, report.epochs, report.finished) == (trainer.folder.name, 5, False)
    assert report.rows is trainer.progress.rows
    assert report.records is trainer.progress.inside
    assert report.classes == ("cat", "dog")


def test_pictures_are_what_the_network_sees(trainer, written):
    _, report = written
    images = trainer.test_loader.dataset.images
    assert report.name(3) == "pets.npz[3]"
    assert report.picture(3).shape == (32, 32, 3)
    np.testing.assert_array_equal(report.picture(3), trainer.data.preprocessing.cut(images.open(3)))
    assert report.order == "BGR"
    np.testing.assert_array_equal(report.filters, trainer.model.conv1.conv.weight.data)


def test_settings(trainer, written):
    found = written[1].settings
    assert found == settings_of(trainer)
    data, machine, options = found["Data"], found["Machine"], found["Options"]
    assert (data["name"], data["where"], data["classes"]) == ("pets", "/data/pets", "2: cat, dog")
    assert (data["training images"], data["test images"], data["left out"]) == ("1,234", "4", "1 that cannot be read")
    assert (data["image size"], data["order"], data["notes"]) == (32, "BGR", "3 notes; all good")
    assert (machine["threads"], machine["NumPy"]) == (2, np.__version__)
    assert (options["epochs"], options["batch size"]) == (5, Options.batch_size)
