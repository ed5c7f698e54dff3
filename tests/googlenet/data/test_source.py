"""What --data names: names, folders, IDX files; split where it has no part for validation."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from googlenet.data.idx import idx_content
from googlenet.data.images import ArrayImages, FileImages
from googlenet.data.source import NAMED, open_data
from googlenet.data.split import stratified_split

REPOSITORY = Path(__file__).resolve().parents[3]
DATA = Path(os.environ.get("MINICNN_DATA", REPOSITORY.parent / "shared" / "data"))


def touch(root, *names):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()


def put(folder, prefix, labels, shape=(4, 4)):
    """A pair of IDX files; image i is filled with i."""
    x = np.zeros((len(labels), *shape), np.uint8)
    x += np.arange(len(labels), dtype=np.uint8).reshape(-1, *[1] * len(shape))
    (folder / f"{prefix}images-idx3-ubyte").write_bytes(idx_content(x))
    (folder / f"{prefix}labels-idx1-ubyte").write_bytes(idx_content(np.array(labels, np.uint8)))


def names(images):
    return [path.name for path in images.paths]


def test_nothing_is_the_digits():
    data = open_data()
    assert (data.name, data.kind, data.where, data.notes) == ("digits", "digits", "", ())
    assert (len(data.train), len(data.val)) == (5000, 1000)
    assert data.classes == data.train.classes == data.val.classes == tuple("0123456789")
    assert NAMED == ("digits", "mnist", "fashion-mnist")


def test_train_and_val_are_taken_as_they_are(tmp_path, monkeypatch):
    touch(tmp_path, "pets/train/cat/1.jpg", "pets/train/dog/2.jpg", "pets/train/dog/3.jpg", "pets/val/dog/4.jpg")
    monkeypatch.chdir(tmp_path)
    data = open_data("pets", val_share=0.5)
    assert (data.name, data.kind, data.where) == ("pets", "photos", str(tmp_path / "pets"))
    assert (data.classes, data.drawn) == (("cat", "dog"), False)
    assert isinstance(data.train, FileImages) and isinstance(data.val, FileImages)
    assert data.train.paths == [tmp_path / "pets" / "train" / name for name in ("cat/1.jpg", "dog/2.jpg", "dog/3.jpg")]
    assert data.train.labels.tolist() == [0, 1, 1] and data.val.labels.tolist() == [1]
    assert data.notes == (f"no images of 'cat' in {tmp_path / 'pets' / 'val'}: trained, but not validated",)


def test_what_has_no_part_for_validation_is_split(tmp_path):
    relative = sorted(f"{name}/{i}.jpg" for name in "ab" for i in range(12)) + ["c/1.jpg"]
    touch(tmp_path, *relative)
    data = open_data(str(tmp_path), val_share=0.425, seed=3)
    assert (len(data.train), len(data.val)) == (15, 10)
    assert np.bincount(data.val.labels).tolist() == [5, 5]
    assert data.notes == (
        "42.5% of each class are for validation, drawn with seed 3: 15 and 10",
        "of these classes there is one image, which is trained and not validated: 'c'",
    )
    train, val = stratified_split(relative, np.array([0] * 12 + [1] * 12 + [2]), 0.425, 3)
    assert data.train.paths == [tmp_path / relative[i] for i in train]
    assert data.val.paths == [tmp_path / relative[i] for i in val]


def test_where_no_share_is_asked_for_nothing_is_split_off(tmp_path):
    """A single image of each class will do then."""
    touch(tmp_path, "a/1.jpg", "b/1.jpg")
    data = open_data(str(tmp_path), val_share=0)
    assert (len(data.train), len(data.val), data.drawn, data.notes) == (2, 0, False, ())


@pytest.mark.parametrize(
    ("mode", "suffix", "side", "kind"),
    [
        ("L", "png", 28, "digits"), ("RGB", "jpg", 28, "digits"), ("1", "png", 28, "digits"),
        ("L", "png", 64, "digits"), ("L", "png", 65, "photos"), ("colors", "png", 28, "photos"),
    ],
)  # fmt: skip
def test_small_gray_images_are_seen_as_digits_are(tmp_path, mode, suffix, side, kind):
    """A mirrored 2 is no 2. Whether gray is stored as colors does not matter, nor that a file is damaged."""
    touch(tmp_path, *(f"{name}/{i}.{suffix}" for name in "12" for i in range(3)))
    for number, path in enumerate(sorted(tmp_path.glob("*/[12].*"))):
        image = Image.new("RGB", (side, 20), (50 * number,) * 3).convert("RGB" if mode == "colors" else mode)
        if mode == "colors" and number == 3:
            image.putpixel((5, 5), (0, 200, 0))
        image.save(path)
    data = open_data(str(tmp_path))
    assert (data.kind, data.drawn) == (kind, True)
    told = "all are gray and at most 64 pixels: taken whole and never mirrored, as digits are"
    assert (told in data.notes) == (kind == "digits")


def test_the_split_is_the_same_wherever_the_folder_lies(tmp_path):
    splits = []
    for place in ("here", "zz/there"):
        touch(tmp_path / place, *(f"{name}/{i}.jpg" for name in "ab" for i in range(20)))
        splits.append(names(open_data(str(tmp_path / place), seed=1).val))
    assert splits[0] == splits[1]
    assert names(open_data(str(tmp_path / "here"), seed=2).val) != splits[0]


def test_one_image_of_each_class_is_too_few(tmp_path):
    touch(tmp_path, "a/1.jpg", "b/1.jpg")
    with pytest.raises(ValueError, match=f"{tmp_path} has one image of each class, expected at least two"):
        open_data(str(tmp_path))


def test_idx_pairs_are_read(tmp_path):
    put(tmp_path, "letters-train-", [7, 3, 7, 200])
    put(tmp_path, "letters-test-", [200, 3])
    for what in (tmp_path, tmp_path / "letters-train-images-idx3-ubyte"):
        data = open_data(str(what))
        assert (data.name, data.kind, data.where) == ("letters", "digits", str(what))
        assert data.classes == data.val.classes == ("3", "7", "200")
        assert isinstance(data.train, ArrayImages) and data.train.labels.tolist() == [1, 0, 1, 2]
        assert data.val.labels.tolist() == [2, 0] and data.val.pixels[:, 0, 0].tolist() == [0, 1]
        assert data.notes == (
            f"no images of '7' in {tmp_path / 'letters-test-labels-idx1-ubyte'}: trained, but not validated",
        )
        assert data.train.name(2) == f"{tmp_path / 'letters-train-images-idx3-ubyte'}[2]"


def test_one_pair_is_split(tmp_path):
    folder = tmp_path / "shapes"
    folder.mkdir()
    put(folder, "", [0, 1] * 10)
    data = open_data(str(folder), val_share=0.2, seed=0)
    assert (data.name, len(data.train), len(data.val)) == ("shapes", 16, 4)
    for images in (data.train, data.val):
        assert images.numbers.tolist() == images.pixels[:, 0, 0].tolist()
        assert images.labels.tolist() == (images.numbers % 2).tolist()
    assert len(data.notes) == 1


@pytest.mark.parametrize(
    ("shape", "kind"), [((64, 28), "digits"), ((65, 28), "photos"), ((28, 65), "photos"), ((8, 8, 3), "photos")]
)
def test_large_and_color_images_in_arrays_are_photos(tmp_path, shape, kind):
    put(tmp_path, "", [0, 1, 0, 1], shape)
    assert open_data(str(tmp_path)).kind == kind


@pytest.mark.parametrize(
    ("train", "val", "message"),
    [
        (([5, 5], (4, 4)), None, "train-labels-idx1-ubyte has one class alone, 5, expected at least two"),
        (([0, 1], (4, 4)), ([0, 2], (4, 4)), "test-labels-idx1-ubyte has what .*train-labels.* does not have: '2'"),
        (([0, 1], (4, 4)), ([0, 1], (4, 4, 3)), "one is gray and one in color"),
    ],
)
def test_idx_pairs_that_do_not_fit_are_refused(tmp_path, train, val, message):
    put(tmp_path, "train-", *train)
    if val:
        put(tmp_path, "test-", *val)
    with pytest.raises(ValueError, match=message):
        open_data(str(tmp_path))


def test_what_cannot_be_data_is_refused_in_one_line(tmp_path):
    Image.new("RGB", (4, 4)).save(tmp_path / "a.jpg")
    (tmp_path / "notes.txt").write_text("notes")
    (tmp_path / "empty").mkdir()
    for name, error, message in (
        ("a.jpg", ValueError, "is one image, expected a folder of images for each class"),
        ("notes.txt", ValueError, "is a file of another kind, expected a folder"),
        ("empty", ValueError, "has no images in it, expected a folder"),
        ("nowhere", FileNotFoundError, "is not there and none of digits, mnist, fashion-mnist, expected a folder"),
        ("a" * 300, FileNotFoundError, "is not there"),
    ):
        with pytest.raises(error, match=f"^{tmp_path / name} {message}") as caught:
            open_data(str(tmp_path / name))
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("kind", ["zip", "gztar"])
def test_archives_are_looked_into(tmp_path, monkeypatch, kind):
    monkeypatch.setenv("MINICNN_CACHE", str(tmp_path / "cache"))
    for name in ("train/cat.0.jpg", "train/dog.0.jpg", "val/dog.1.jpg", "val/cat.1.jpg"):
        (tmp_path / "top" / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (4, 4), "red").save(tmp_path / "top" / name)
    (tmp_path / "top" / "run.py").write_text("print()")
    archive = shutil.make_archive(str(tmp_path / "my pets"), kind, tmp_path, "top")
    data = open_data(archive)
    assert (data.name, data.kind, data.classes) == ("my pets", "photos", ("cat", "dog"))
    assert Path(data.where).parent == tmp_path / "cache"
    assert [path.relative_to(data.where).as_posix() for path in data.val.paths] == [
        "top/val/cat.1.jpg",
        "top/val/dog.1.jpg",
    ]
    assert len(data.notes) == 2 and ".py" in data.notes[0] and "the classes are taken from" in data.notes[1]


def test_archives_of_nothing_are_named(tmp_path, monkeypatch):
    monkeypatch.setenv("MINICNN_CACHE", str(tmp_path / "cache"))
    (tmp_path / "top").mkdir()
    Image.new("RGB", (4, 4)).save(tmp_path / "top" / "a.png")
    archive = shutil.make_archive(str(tmp_path / "pets"), "tar", tmp_path, "top")
    with pytest.raises(ValueError, match=f"^{archive}, unpacked: .* has one class alone, 'top', expected"):
        open_data(archive)


def test_the_home_folder_may_be_written_as_a_tilde(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    touch(tmp_path, "pets/a/1.jpg", "pets/a/2.jpg", "pets/b/1.jpg")
    assert open_data("~/pets").where == str(tmp_path / "pets")


@pytest.mark.parametrize(
    ("name", "classes", "train", "val"),
    [("flowers", 5, 800, 200), ("catsdogs", 2, 480, 120), ("mnist", 10, 60000, 10000)],
)
def test_real_data(name, classes, train, val):
    if not (DATA / name).is_dir():
        pytest.skip(f"{name} is not in {DATA} (set MINICNN_DATA to the folder that holds {name}/)")
    data = open_data("mnist" if name == "mnist" else str(DATA / name), DATA)
    assert (len(data.classes), len(data.train), len(data.val)) == (classes, train, val)
    assert data.notes == () and data.where == str(DATA / name)
    assert np.bincount(data.val.labels).min() >= 40
    data.val.open(0).load()
