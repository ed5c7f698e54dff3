"""The images of a run: checked before the first epoch, prepared as asked, and the very same when it goes on."""

import json
import os
import shutil
import tarfile
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from googlenet.data.dataset import ImageDataset
from googlenet.data.preprocessing import Preprocessing
from googlenet.data.source import open_data
from googlenet.data.transforms import IMAGENET_MEAN, IMAGENET_STD, MNIST_MEAN, MNIST_STD
from googlenet.training import run_data
from googlenet.training.options import Options
from googlenet.training.run_data import (
    DATA,
    augmentation_of,
    data_of,
    data_of_run,
    prepare,
    read_data,
    readable,
    write_data,
)


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
    with pytest.raises(ValueError, match=r"data\.json is damaged .*\. Remove it: --resume finds"):
        run()


def test_the_folder_is_gone(run, photos):
    photos.rename(photos.with_name("moved"))
    with pytest.raises(ValueError, match=rf"--resume: {photos}, where the run's images were, is gone\. Put it back"):
        run()
    photos.symlink_to("moved")
    assert (names(run()), run().notes) == (names(run.first), ())


@pytest.mark.parametrize("cleared", ["all", "a part", "elsewhere"])
def test_an_archive_is_unpacked_again(photos, tmp_path, monkeypatch, cleared):
    monkeypatch.setenv("MINICNN_CACHE", str(tmp_path / "cache"))
    with tarfile.open(tmp_path / "photos.tar", "w") as archive:
        archive.add(photos, "photos")
    wanted = options(tmp_path / "photos.tar")
    first = prepared(tmp_path / "photos.tar")
    write_data(tmp_path, first, wanted)
    assert (names(read_data(tmp_path, wanted)), read_data(tmp_path, wanted).notes) == (names(first), ())
    if cleared == "elsewhere":
        monkeypatch.setenv("MINICNN_CACHE", str(tmp_path / "other"))
    shutil.rmtree(next((tmp_path / "cache").glob("photos-*")) / "photos" / ("dogs" if cleared == "a part" else ""))
    again = read_data(tmp_path, wanted)
    assert again.notes == (f"{tmp_path / 'photos.tar'} was unpacked again",)
    assert again.digest == first.digest  # the same images, wherever they are
    assert all(os.path.isfile(name) for part in names(again) for name in part)


def test_without_a_record_the_images_are_found_anew(run, photos):
    (run.folder / DATA).unlink()
    assert names(data_of_run(run.folder, options(photos), run.first.digest)) == names(run.first)
    assert names(run()) == names(run.first)


def test_other_images_than_the_checkpoint_s(run, photos):
    """A record of another run, or images that were added when it was lost: trained ones would be validated with."""
    assert data_of_run(run.folder, options(photos), run.first.digest).digest == run.first.digest
    with pytest.raises(ValueError, match=r"--resume: .*/data\.json has other images than this run was trained with"):
        data_of_run(run.folder, options(photos), prepared(photos, seed=1).digest)
    (run.folder / DATA).unlink()
    Image.new("RGB", (9, 9)).save(photos / "cats" / "9.png")
    with pytest.raises(ValueError, match=r"--resume: .*data\.json is gone, and .*/photos has other images than"):
        data_of_run(run.folder, options(photos), run.first.digest)
    assert not (run.folder / DATA).exists()


def test_names_that_are_no_text(photos, tmp_path):
    """Bytes that are not UTF-8, as of an old disk, and what a terminal would obey."""
    try:
        os.rename(photos / "dogs", os.fsencode(photos) + b"/caf\xe9")
        os.rename(photos / "cats" / "0.png", photos / "cats" / "a\n\x1b[31mb.png")
    except OSError:
        pytest.skip("this file system takes no such names")
    data = prepared(photos)
    write_data(tmp_path, data, options(photos))
    assert names(read_data(tmp_path, options(photos))) == names(data)
    spoil(photos, "cats/a\n\x1b[31mb.png")
    assert prepared(photos).notes[-1].isprintable()


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


# ---- how the weights to begin with expect them ----------------------------------------------------------------------

CAFFE = Preprocessing(224, 3, (104 / 255, 117 / 255, 123 / 255), (1 / 255,) * 3, "BGR", "center")
FOLDED = Preprocessing(224, 3, (0.5,) * 3, (0.5,) * 3)  # torchvision's weights without batch norm: images in [-1, 1]


@pytest.fixture
def begun(photos, monkeypatch):
    """begun(preprocessing, **options): the data of a run whose weights to begin with have seen images prepared so."""

    def run(weights, **others):
        monkeypatch.setattr(run_data, "preprocessing_of_weights", lambda path: weights)
        return prepared(photos, init="imported.safetensors", image_size=32, **others)

    return run


@pytest.mark.parametrize("weights", [CAFFE, FOLDED], ids=["Caffe", "torchvision"])
def test_images_come_as_the_weights_to_begin_with_expect_them(begun, weights):
    """In the run's size, though, and cut as the run's are."""
    data = begun(replace(weights, crop="whole"))
    assert data.preprocessing == replace(weights, image_size=32)
    means, stds = {"BGR": ("0.4078 0.4588 0.4824", "0.003922"), "RGB": ("0.5 0.5 0.5", "0.5")}[weights.order]
    line = f"images as these weights expect them: {weights.order}, mean {means}, std {' '.join([stds] * 3)}"
    assert data.notes[-1] == line


def test_to_the_network_they_are_what_they_were_to_caffe(begun, photos):
    data = begun(CAFFE)
    x, _ = ImageDataset(data.images.train, data.preprocessing)[0]
    with data.images.train.open(0) as image:
        red, green, blue = np.asarray(image)[0, 0].astype(float)
    np.testing.assert_allclose(x[:, 0, 0], [blue - 104, green - 117, red - 123], atol=1e-3)


def test_what_the_command_line_says_wins_but_the_order_stays(begun):
    data = begun(CAFFE, mean_std="imagenet")
    found = data.preprocessing
    assert (found.order, found.mean, found.std) == ("BGR", IMAGENET_MEAN[::-1], IMAGENET_STD[::-1])
    assert data.notes[-1].startswith("images in the order of these weights, BGR, with mean 0.406 0.456 0.485, std ")
    assert data.notes[-1].endswith(" in place of their mean 0.4078 0.4588 0.4824, std 0.003922 0.003922 0.003922")
    assert begun(CAFFE, mean_std="none").preprocessing.mean == (0, 0, 0)
    measured = begun(CAFFE, mean_std="measure").preprocessing
    plain = begun(replace(CAFFE, order="RGB"), mean_std="measure").preprocessing
    assert measured.mean == plain.mean[::-1] != plain.mean


@pytest.mark.parametrize("weights", [CAFFE, None], ids=["color", "unknown"])
def test_for_other_channels_the_run_has_its_own(begun, weights):
    data = begun(weights, channels=1, mean_std="imagenet")
    assert (data.preprocessing.order, len(data.preprocessing.mean)) == ("L", 1)
    assert not any("these weights" in note for note in data.notes)


def test_when_the_run_goes_on_they_are_the_same(begun, photos, tmp_path, monkeypatch):
    """From data.json, wherever the weights are by then; and where that is gone, from the weights."""
    first, wanted = begun(CAFFE), options(photos, init="imported.safetensors", image_size=32)
    write_data(tmp_path, first, wanted)
    assert data_of_run(tmp_path, wanted, first.digest).preprocessing == first.preprocessing
    (tmp_path / DATA).unlink()
    assert data_of_run(tmp_path, wanted, first.digest).preprocessing == first.preprocessing
    (tmp_path / DATA).unlink()
    monkeypatch.setattr(run_data, "preprocessing_of_weights", lambda path: FOLDED)
    with pytest.raises(ValueError, match="is gone, and .* has other images than this run was trained with"):
        data_of_run(tmp_path, wanted, first.digest)
