"""A data set as data.json has it: written, read, and told from another."""

import json
from pathlib import Path

import numpy as np
import pytest

from googlenet.data.images import ArrayImages, FileImages
from googlenet.data.record import has_files, images_of, is_same, record_of
from googlenet.data.source import ImageData

CLASSES = ("a", "b")
PIXELS = np.arange(4 * 3 * 3, dtype=np.uint8).reshape(4, 3, 3)


def files(*names, labels=(0, 1)):
    return FileImages([Path("/photos", name) for name in names], labels, CLASSES)


FILES = ImageData("photos", "photos", "/photos", CLASSES, files("a/1 x.jpg", "b/ü.png"), files("b/3.jpg", labels=[1]))
ARRAYS = ImageData(
    "idx", "digits", "/idx", CLASSES,
    ArrayImages(PIXELS, [0, 1, 1, 0], CLASSES, "x"), ArrayImages(PIXELS[:2], [1, 0], CLASSES, "y"),
)  # fmt: skip


def through_json(images):
    return json.loads(json.dumps(record_of(images)))


def test_files_come_back():
    record = through_json(FILES)
    assert record["train"] == [["a/1 x.jpg", 0], ["b/ü.png", 1]]
    assert has_files(record)
    found = images_of(record)
    assert (found.name, found.kind, found.where, found.classes) == ("photos", "photos", "/photos", CLASSES)
    for part, expected in ((found.train, FILES.train), (found.val, FILES.val)):
        assert part.paths == expected.paths
        np.testing.assert_array_equal(part.labels, expected.labels)
        assert part.classes == CLASSES
    assert is_same(record, found)


def test_arrays_are_known_by_their_contents():
    record = through_json(ARRAYS)
    assert not has_files(record)
    assert record["train"]["images"] == 4
    assert is_same(record, ARRAYS)


def changed(pixels=PIXELS, labels=(0, 1, 1, 0), classes=CLASSES):
    train = ArrayImages(pixels, labels, classes, "x")
    return ImageData("idx", "digits", "/idx", classes, train, ARRAYS.val)


@pytest.mark.parametrize(
    "other",
    [
        changed(pixels=PIXELS[::-1]), changed(labels=[1, 0, 1, 0]), changed(classes=("a", "c")),
        changed(PIXELS[:3], [0, 1, 1]), FILES,
    ],
    ids=["pixels", "labels", "classes", "fewer", "files"],
)  # fmt: skip
def test_other_images_are_told(other):
    assert not is_same(through_json(ARRAYS), other)


def test_a_view_is_the_same_as_its_copy():
    assert is_same(through_json(changed(PIXELS[::-1])), changed(PIXELS[::-1].copy()))


@pytest.mark.parametrize("label", [2, -1])
def test_a_label_that_is_no_class(label):
    record = through_json(FILES)
    record["val"][0][1] = label
    with pytest.raises(ValueError, match="a label that is none of 2 classes"):
        images_of(record)
