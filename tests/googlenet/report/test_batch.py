"""The picture of a batch, pixel by pixel, and what is written above each image."""

import io
import os
import sys
import warnings

import numpy as np
import pytest
from PIL import Image
from pixels import random_images

from googlenet.data.augmentation import Augmentation
from googlenet.data.dataset import ImageDataset
from googlenet.data.images import ArrayImages
from googlenet.data.preprocessing import Preprocessing
from googlenet.report.batch import draw_batch, name_of, show_batch
from minicnn.data import DataLoader

CLASSES = ("cat", "dog", "owl")
COLOR = Preprocessing(64)
GRAY = Preprocessing(32, 1, (0.25,), (0.5,), "L", "whole")


def prepared(count, preprocessing):
    pixels = [random_images(preprocessing.image_size, preprocessing.image_size, 3, seed=i) for i in range(count)]
    if preprocessing.channels == 1:
        pixels = [image[..., 0] for image in pixels]
    return pixels, np.stack([preprocessing.normalize(image) for image in pixels])


def drawn(*arguments):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        picture = draw_batch(*arguments)
    with Image.open(io.BytesIO(picture)) as image:
        assert image.format == "PNG"
        return np.asarray(image.convert("RGB"))


def places(picture, image):
    """Where a picture shows an image, pixel by pixel: rows and columns of the upper left corners."""
    height, width, _ = image.shape
    first, last = picture[: 1 - height, : 1 - width], picture[height - 1 :, width - 1 :]
    rows, columns = np.nonzero((first == image[0, 0]).all(axis=-1) & (last == image[-1, -1]).all(axis=-1))
    return [
        (int(row), int(column))
        for row, column in zip(rows, columns, strict=True)
        if (picture[row : row + height, column : column + width] == image).all()
    ]


@pytest.mark.parametrize(("preprocessing", "zoom"), [(COLOR, 2), (GRAY, 4)], ids=["color", "gray"])
def test_every_image_is_there_once_upright_from_left_to_right_and_downwards(preprocessing, zoom):
    pixels, x = prepared(10, preprocessing)
    picture = drawn(x, np.zeros(10, np.int64), CLASSES, preprocessing)
    found = []
    for image in pixels:
        color = np.repeat(image[..., None], 3, axis=2) if image.ndim == 2 else image
        at = places(picture, color.repeat(zoom, axis=0).repeat(zoom, axis=1))
        assert len(at) == 1
        found += at
    assert found == sorted(found)
    assert [len({row for row, _ in found[:8]}), len({row for row, _ in found})] == [1, 2]  # eight in a row
    assert found[8][1] == found[0][1]


def test_large_images_are_as_large_as_they_are():
    pixels, x = prepared(1, Preprocessing(224))
    picture = drawn(x, np.array([1]), CLASSES, Preprocessing(224))
    assert len(places(picture, pixels[0])) == 1
    assert picture.shape[0] < 330
    assert picture.shape[1] < 260


def test_titles_stand_above_and_inside(monkeypatch):
    import matplotlib.figure

    texts = []
    monkeypatch.setattr(
        matplotlib.figure.Figure, "text", lambda self, x, y, text, **options: texts.append((x, y, text))
    )
    _, x = prepared(9, COLOR)
    draw_batch(x, np.arange(9) % 3, CLASSES, COLOR)
    assert [text for _, _, text in texts] == ["cat", "dog", "owl"] * 3
    assert all(0 < x < 1 and 0 < y < 1 for x, y, _ in texts)
    assert texts[0][1] > texts[8][1]
    assert texts[0][0] == texts[8][0] < texts[1][0]


def test_two_lines_of_title_touch_no_image():
    _, x = prepared(9, COLOR)
    rows = np.tile(np.array([[0.5, 0.3, 0.2]], np.float32), (9, 1))
    picture, plain = (drawn(x, labels, CLASSES, COLOR) for labels in (rows, rows * 0))
    ink = (picture != plain).any(axis=-1)
    assert ink.any()
    assert (plain[ink] == 255).all()
    assert not ink[:, [0, -1]].any()


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        (np.int64(2), "owl"),
        (np.array([0, 1, 0], np.float32), "dog 100%"),
        (np.array([0.3, 0, 0.7], np.float32), "owl 70%\ncat 30%"),
        (np.array([0.996, 0.004, 0], np.float32), "cat 100%"),
        (np.array([0.5, 0.5, 0], np.float32), "cat 50%\ndog 50%"),
    ],
    ids=str,
)
def test_names(label, expected):
    assert name_of(label, CLASSES) == expected


@pytest.mark.parametrize(
    ("name", "expected"), [("a" * 16, "a" * 16), ("a" * 17, "a" * 15 + "…"), ("two\nlines  of it", "two lines of it")]
)
def test_long_names_are_cut_off(name, expected):
    assert name_of(0, (name,)) == expected


@pytest.mark.parametrize("name", ["$x^2", "$\\frac$", "猫", "_%&<>"])
def test_any_name_can_be_drawn(name):
    _, x = prepared(1, GRAY)
    drawn(x, np.array([0]), (name,), GRAY)


def test_jupyters_backend_is_not_needed_and_stays_chosen(monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "module://no_such_module")
    for name in [name for name in sys.modules if name.partition(".")[0] == "matplotlib"]:
        monkeypatch.delitem(sys.modules, name)
    _, x = prepared(1, GRAY)
    draw_batch(x, np.array([0]), CLASSES, GRAY)
    assert os.environ["MPLBACKEND"] == "module://no_such_module"


# --- show_batch


def loader(batch_size, **options):
    images = ArrayImages(random_images(70, 40, 40, 3), np.arange(70) % 3, CLASSES, "animals")
    return DataLoader(ImageDataset(images, Preprocessing(8), Augmentation(mixup=1.0)), batch_size, **options)


@pytest.mark.parametrize(("batch_size", "shown"), [(1, 1), (5, 5), (70, 64)])
def test_show_batch_draws_the_first_batch_of_training(tmp_path, monkeypatch, batch_size, shown):
    drawn = []
    monkeypatch.setattr("googlenet.report.batch.draw_batch", lambda *arguments: drawn.append(arguments) or b"a picture")
    batches = loader(batch_size, shuffle=True, seed=3)
    path = tmp_path / "batch.png"
    assert show_batch(batches, path, CLASSES, Preprocessing(8)) == shown
    assert path.read_bytes() == b"a picture"
    (x, labels, classes, _) = drawn[0]
    first = next(iter(batches))  # which is still the first
    np.testing.assert_array_equal(x, first[0][:shown])
    np.testing.assert_array_equal(labels, first[1][:shown])
    assert classes == CLASSES


def test_show_batch_writes_a_png(tmp_path):
    show_batch(loader(3, num_workers=1), tmp_path / "batch.png", CLASSES, Preprocessing(8))
    with Image.open(tmp_path / "batch.png") as image:
        image.load()
    assert [path.name for path in tmp_path.iterdir()] == ["batch.png"]
