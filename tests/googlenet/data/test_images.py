"""Images with labels, in files and in arrays: opened, named, chosen."""

import numpy as np
import pytest
from PIL import Image

from googlenet.data.images import ArrayImages, FileImages, Images

PIXELS = np.arange(6 * 4 * 5, dtype=np.uint8).reshape(6, 4, 5)
LABELS = [0, 0, 1, 1, 2, 2]
CLASSES = ("a", "b", "c")


@pytest.fixture
def images(tmp_path, request):
    if request.param == "array":
        return ArrayImages(PIXELS, LABELS, CLASSES, "images.idx")
    paths = [tmp_path / f"{number}.png" for number in range(6)]
    for path, pixels in zip(paths, PIXELS, strict=True):
        Image.fromarray(pixels).save(path)
    return FileImages(paths, LABELS, CLASSES)


both = pytest.mark.parametrize("images", ["array", "files"], indirect=True)


@both
def test_each_is_opened_and_has_its_label(images):
    assert len(images) == 6
    assert images.classes == CLASSES
    np.testing.assert_array_equal(images.labels, LABELS)
    assert images.labels.dtype == np.int64
    for index in range(6):
        with images.open(index) as image:
            np.testing.assert_array_equal(np.asarray(image), PIXELS[index])


@both
def test_some_of_them(images):
    chosen = images.subset([4, 1])
    assert type(chosen) is type(images)
    assert list(chosen.labels) == [2, 0]
    for index, number in enumerate([4, 1]):
        np.testing.assert_array_equal(np.asarray(chosen.open(index)), PIXELS[number])
        assert str(number) in chosen.name(index)
        assert chosen.name(index) == images.name(number)
    assert chosen.subset([1]).name(0) == images.name(1)
    assert len(images.subset([])) == 0


@pytest.mark.parametrize(("images", "first"), [("array", [0, 1, 2]), ("files", [0, 2, 4])], indirect=["images"])
def test_a_few_for_a_try(images, first):
    """Files lie class by class: the first few would be of one class."""
    assert [images.limited(3).name(i) for i in range(3)] == [images.name(i) for i in first]
    for all_of_them in (0, 6, 99):
        assert [images.limited(all_of_them).name(i) for i in range(6)] == [images.name(i) for i in range(6)]
    assert len(images.limited(0)) == len(images.limited(99)) == 6


def test_arrays_of_colors():
    colors = np.arange(2 * 3 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3, 3)
    image = ArrayImages(colors, [0, 1], "ab", "x").open(1)
    assert image.mode == "RGB"
    np.testing.assert_array_equal(np.asarray(image), colors[1])


def test_the_names(tmp_path):
    assert FileImages([tmp_path / "x y.jpg"], [0], "a").name(0) == str(tmp_path / "x y.jpg")
    assert ArrayImages(PIXELS, LABELS, CLASSES, "images.idx").name(3) == "images.idx[3]"


@pytest.mark.parametrize("method", ["open", "name", "subset"])
def test_what_a_kind_of_its_own_must_have(method):
    with pytest.raises(NotImplementedError, match=f"Images has no {method}"):
        getattr(Images(), method)(0)
