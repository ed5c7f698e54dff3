"""The images of a run: checked before the first epoch, prepared as asked, and the very same when it goes on."""

import json
import shutil

import numpy as np
import pytest
from PIL import Image

from googlenet.data.source import open_data
from googlenet.data.transforms import IMAGENET_MEAN, IMAGENET_STD, MNIST_MEAN, MNIST_STD
from googlenet.training import run_data
from googlenet.training.options import Options
from googlenet.training.run_data import DATA, augmentation_of, data_of, prepare, read_data, readable, write_data


@pytest.fixture
def photos(tmp_path):
    """Six photos of each of two classes, to be split."""
    for label, name in enumerate(("cats", "dogs")):
        (tmp_path / "photos" / name).mkdir(parents=True)
        for number in range(6):
            pixels = np.full((40, 50, 3), (100 * label, 20 * number, 200), np.uint8)
            Image.fromarray(pixels).save(tmp_path / "photos" / name / f"{number}.png")
    return tmp_path / "photos"


def options(photos, **others):
    return Options(**{"data": str(photos), "channels": 3, "threads": 1, **others})


def prepared(photos, **others):
    return prepare(options(photos, **others), *readable(options(photos, **others), data_of(options(photos, **others))))


def names(data):
    return [[part.name(i) for i in range(len(part))] for part in (data.images.train, data.images.val)]


# ---- what cannot be read ------------------------------------------------------------------------------------------


def spoil(folder, *files):
    for name in files:
        (folder / name).write_bytes(b"no image")


def test_what_cannot_be_read_is_left_out_and_told(photos):
    before = prepared(photos)
    assert (before.unreadable, before.notes[1:]) == ({}, ())
    trained = names(before)[0][0]
    spoil(photos, trained)
    data = prepared(photos)
    assert names(data) == [names(before)[0][1:], names(before)[1]]
    assert list(data.unreadable) == [trained]
    reason = data.unreadable[trained]
    assert data.notes[-2:] == ("images that cannot be read, and are left out: 1", f"  {trained}: {reason}")
    np.testing.assert_array_equal(data.images.train.labels, before.images.train.labels[1:])


def test_only_the_first_few_are_named_on_the_screen(photos, monkeypatch):
    monkeypatch.setattr(run_data, "SHOWN", 2)
    spoil(photos, "cats/1.png", "cats/2.png", "cats/5.png", "dogs/0.png")
    data = prepared(photos)
    assert len(data.unreadable) == 4
    assert [note.startswith("  ") for note in data.notes[-4:]] == [False, True, True, True]
    assert data.notes[-1] == "  and 2 more: see data.json"


def test_strict_stops(photos):
    spoil(photos, "dogs/3.png")
    with pytest.raises(ValueError, match=r"--strict: .*dogs/3\.png: .* \(images that cannot be read: 1\)"):
        prepared(photos, strict=True)


def test_nothing_left_of_a_class(photos):
    spoil(photos, *(f"dogs/{number}.png" for number in range(6)))
    with pytest.raises(ValueError, match=r"no image of class 'dogs' can be read to train with; .*dogs/"):
        prepared(photos)


def test_nothing_left_to_validate_with(photos):
    spoil(photos, *names(prepared(photos))[1])
    with pytest.raises(ValueError, match="no image can be read to validate with"):
        prepared(photos)


# ---- when the run goes on -----------------------------------------------------------------------------------------


@pytest.fixture
def run(photos, tmp_path):
    """run(): the data of a run that goes on, whose first part saw `photos` as they were."""
    spoil(photos, "cats/0.png")
    folder, wanted = tmp_path / "run", options(photos)
    folder.mkdir()
    first = prepared(photos)
    write_data(folder, first, wanted)

    def again():
        return read_data(folder, wanted)

    again.first, again.folder = first, folder
    return again


def test_it_has_the_same_images(run):
    found = run()
    assert names(found) == names(run.first)
    assert found.preprocessing == run.first.preprocessing
    assert found.unreadable == run.first.unreadable != {}
    assert found.notes == ()
    assert found.images.classes == ("cats", "dogs")


def test_new_images_make_no_difference(run, photos):
    Image.new("RGB", (9, 9)).save(photos / "cats" / "9.png")
    assert names(run()) == names(run.first)


def test_what_was_read_before_is_not_read_again(run, monkeypatch):
    read = []
    monkeypatch.setattr(run_data.FileImages, "open", lambda images, index: read.append(index))
    run()
    assert read == []


def test_images_that_are_gone(run, photos):
    shutil.rmtree(photos / "dogs")
    with pytest.raises(
        ValueError, match=r"--resume: 6 of the run's images are gone or damaged, such as .*dogs.*Put them"
    ):
        run()


def test_images_that_have_changed_are_told(run, photos):
    Image.new("RGB", (7, 7)).save(photos / "cats" / "3.png")
    assert run().notes == ("1 images are not the files that they were when the run began",)
    spoil(photos, "cats/3.png")
    with pytest.raises(ValueError, match=r"1 of the run's images are gone or damaged, such as .*cats/3\.png"):
        run()


def test_arrays_that_have_changed(tmp_path, monkeypatch):
    wanted = Options(threads=1)
    write_data(tmp_path, prepare(wanted, data_of(wanted), {}, {}), wanted)
    assert names(read_data(tmp_path, wanted))[0][7] == "the training digits[7]"
    other = open_data()
    other.train.labels[0] += 1
    monkeypatch.setattr(run_data, "data_of", lambda options: other)
    with pytest.raises(ValueError, match="--resume: digits has other images now than when the run began"):
        read_data(tmp_path, wanted)


@pytest.mark.parametrize("text", ["", "{", "[]", "3", "{}", '{"train": []}'])
def test_a_record_that_is_no_good(run, text):
    (run.folder / DATA).write_text(text)
    with pytest.raises(ValueError, match=r"data\.json is damaged .*: the images of this run are not known any more"):
        run()


def test_what_the_weights_say_of_the_data_is_there(run, photos):
    record = json.loads((run.folder / DATA).read_text())
    assert run.first.origin(options(photos)).items() <= record.items()
    assert (record["what"], record["name"], record["seed"], record["val_share"]) == (str(photos), "photos", 0, 0.2)


# ---- how they are prepared ----------------------------------------------------------------------------------------


def test_photos_have_imagenet_s_mean(photos):
    usual = prepared(photos).preprocessing
    assert (usual.mean, usual.std, usual.order, usual.crop) == (IMAGENET_MEAN, IMAGENET_STD, "RGB", "center")
    gray = prepared(photos, channels=1).preprocessing  # measured: ImageNet has none
    assert (gray.order, gray.crop) == ("L", "center")
    assert prepared(photos, mean_std="none").preprocessing.mean == (0, 0, 0)


def test_digits_have_mnist_s():
    usual = prepare(Options(threads=1), open_data(), {}, {}).preprocessing
    assert (usual.mean, usual.std, usual.order, usual.crop) == ((MNIST_MEAN,), (MNIST_STD,), "L", "whole")
    weighted = prepare(Options(threads=1, mean_std="imagenet"), open_data(), {}, {}).preprocessing
    assert weighted.mean == (round(0.299 * 0.485 + 0.587 * 0.456 + 0.114 * 0.406, 4),)
    assert weighted.std == (round(0.299 * 0.229 + 0.587 * 0.224 + 0.114 * 0.225, 4),)


def test_measured(photos):
    data = prepared(photos, mean_std="measure", image_size=32)
    images = data.images.train
    pixels = np.stack([np.asarray(images.open(i))[0, 0] for i in range(len(images))]) / 255
    np.testing.assert_allclose(data.preprocessing.mean, pixels.mean(axis=0), atol=1e-4)
    np.testing.assert_allclose(data.preprocessing.std[:2], pixels.std(axis=0)[:2], atol=1e-4)
    assert data.preprocessing.std[2] == 0.001  # blue is the same in all: no division by 0


def test_what_is_changed_at_random(photos):
    images = open_data(str(photos))
    assert augmentation_of(options(photos, augment=False), images) is None
    usual = augmentation_of(options(photos), images)
    assert usual.crop and usual.flip and not usual.degrees
    digits = augmentation_of(Options(), open_data())
    assert digits.degrees and not digits.flip
    asked = augmentation_of(options(photos, jitter=0.3, lighting=0.1, cutout=0.5, mixup=0.2), images)
    assert (asked.jitter, asked.lighting, asked.cutout, asked.mixup, asked.crop) == (0.3, 0.1, 0.5, 0.2, True)
