"""The contact sheet."""

import numpy as np
import pytest
from PIL import Image

from googlenet.data.images import ArrayImages, FileImages
from googlenet.data.source import ImageData
from googlenet.report import contact_sheet as sheets
from googlenet.report.contact_sheet import TILE, contact_sheet, draw_contact_sheet, evenly, tile


def data(classes, of_each=2, names=None):
    """Each image of one color, by its number: what is where can be seen in the sheet."""
    names = names or [f"class {i}" for i in range(classes)]
    labels = np.arange(classes).repeat(of_each)
    colors = [(40 + i % 100, 3 * (i // 100), 200) for i in range(len(labels))]
    pixels = np.array(colors, np.uint8)[:, None, None].repeat(10, 1).repeat(20, 2)
    images = ArrayImages(pixels, labels, names, "x")
    val = images.subset(np.arange(0, len(labels), of_each))
    return ImageData("colors", "photos", "", tuple(names), images, val), colors


def pixels_of(sheet):
    """How many pixels of each color there are."""
    return {color: count for count, color in sheet.getcolors(sheet.width * sheet.height)}


@pytest.mark.parametrize(("classes", "of_each", "shown"), [(1, 3, 3), (5, 20, 6), (10, 2, 2), (24, 7, 6), (25, 9, 3)])
def test_each_class_has_its_images_and_a_framed_one_of_val(classes, of_each, shown):
    images, colors = data(classes, of_each)
    found = pixels_of(contact_sheet(images))
    for label in range(classes):
        of_class = colors[label * of_each : (label + 1) * of_each]
        assert sum(found.get(color, 0) for color in of_class) == (shown + 1) * TILE**2  # one is in val, too
        assert found[of_class[0]] == 2 * TILE**2
    assert found[(0xD9, 0x77, 0x06)] == classes * ((TILE + 6) ** 2 - TILE**2)


def test_of_very_many_classes_the_first_are_shown(monkeypatch):
    monkeypatch.setattr(sheets, "MOST_CLASSES", 30)
    images, colors = data(40, 1)
    found = pixels_of(contact_sheet(images))
    assert colors[0] in found and colors[29] in found and colors[30] not in found


@pytest.mark.parametrize("name", ["a very long name " * 20, "Übergröße — Ελληνικά", "漢字の花", "tab\t\x1b[31m\n", ""])
def test_names_of_any_length_stay_in_their_block(name):
    images, _ = data(2, 1, names=[name, "b"])
    sheet = np.asarray(contact_sheet(images).convert("L"))
    plain = np.asarray(contact_sheet(data(2, 1, names=["a", "b"])[0]).convert("L"))
    assert sheet.shape == plain.shape
    caption = slice(sheets.MARGIN + 2 * sheets.CAPTION + sheets.GAP, None)
    different = np.flatnonzero((sheet != plain)[caption].any(axis=1))
    assert different.max() < sheets.CAPTION
    assert sheet[:, -sheets.MARGIN :].min() == 255


def test_images_are_spread_over_their_class():
    images = data(2, 11)[0].train
    assert evenly(images, 1, 6) == [11, 13, 15, 17, 19, 21]
    assert evenly(images, 1, 1) == [11]
    assert evenly(images, 0, 30) == list(range(11))
    assert evenly(images.subset([]), 0, 3) == []


def test_a_file_that_cannot_be_read_is_a_cross(tmp_path):
    path = tmp_path / "a.jpg"
    path.write_text("hello")
    cross = np.asarray(tile(FileImages([path], [0], ("a",)), 0, "photos"))
    assert cross.shape == (TILE, TILE, 3)
    assert (cross[TILE // 2, TILE // 2] < 0x80).all() and (cross[5, TILE // 2] == 0xEE).all()


def test_digits_are_whole_and_photos_their_middle(tmp_path):
    """The edge of this image is white."""
    pixels = np.full((40, 80), 255, np.uint8)
    pixels[6:-6, 26:-26] = 0
    Image.fromarray(pixels).save(tmp_path / "a.png")
    images = FileImages([tmp_path / "a.png"], [0], ("a",))
    photo, digit = (np.asarray(tile(images, 0, kind)) for kind in ("photos", "digits"))
    assert (digit[0] == 255).all() and (digit[TILE // 2, TILE // 2] == 0).all()
    assert (photo == 0).mean() > 2 * (digit == 0).mean()


def test_the_same_data_make_the_same_file_written_whole(tmp_path):
    images, _ = data(3)
    draw_contact_sheet(tmp_path / "a.png", images)
    draw_contact_sheet(tmp_path / "b.png", images)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.png", "b.png"]
    assert Image.open(tmp_path / "a.png").size == contact_sheet(images).size
