"""The digits in the repository are the official ones, chosen as documented, and a damaged file is refused."""

import gzip
import hashlib
import io
import os
import shutil
import struct
import subprocess
import sys
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest

from googlenet.data.digits import DIGITS_FILE, DIGITS_SHA256, load_digits
from googlenet.data.digits.make_digits import OFFICIAL_SHA256, choose, main, make_digits, pack, read_official

REPOSITORY = Path(__file__).resolve().parents[3]
MNIST = Path(os.environ.get("MINICNN_DATA", REPOSITORY.parent / "shared" / "data")) / "mnist"
needs_mnist = pytest.mark.skipif(
    not all((MNIST / name).exists() for name in OFFICIAL_SHA256),
    reason=f"the official MNIST files are not in {MNIST} (set MINICNN_DATA to the folder that holds mnist/)",
)


def idx(array):
    return struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.tobytes()


def sha256(content):
    return hashlib.sha256(content).hexdigest()


# --- what is in the repository


def test_counts_shapes_and_dtypes():
    digits = load_digits()
    assert digits.train_images.shape == (5000, 28, 28)
    assert digits.test_images.shape == (1000, 28, 28)
    assert digits.train_images.dtype == digits.test_images.dtype == np.uint8
    assert digits.train_labels.dtype == digits.test_labels.dtype == np.int64
    np.testing.assert_array_equal(np.bincount(digits.train_labels), [500] * 10)
    np.testing.assert_array_equal(np.bincount(digits.test_labels), [100] * 10)


def test_pixels_look_like_mnist():
    for images in (load_digits().train_images, load_digits().test_images):
        assert images.min() == 0
        assert images.max() == 255
        assert abs(images.mean() / 255 - 0.1307) < 0.005
        assert abs(images.std() / 255 - 0.3081) < 0.005
        assert images.any(axis=(1, 2)).all()  # no empty digit
        assert images[:, 4:24, 4:24].sum() > 0.95 * images.sum()  # 20x20 digits, centered by mass: about the middle


def test_classes_are_mixed_and_no_digit_is_in_both_sets():
    digits = load_digits()
    for labels in (digits.train_labels, digits.test_labels):
        assert len(set(labels[:50].tolist())) == 10
    assert not {i.tobytes() for i in digits.train_images} & {i.tobytes() for i in digits.test_images}


def test_images_belong_to_their_labels():
    # The nearest class mean, a classifier with nothing to train, is right for 82 % of MNIST's whole test set.
    digits = load_digits()
    train, test = (images.reshape(len(images), -1) / 255 for images in (digits.train_images, digits.test_images))
    means = np.stack([train[digits.train_labels == digit].mean(axis=0) for digit in range(10)])
    nearest = ((test[:, None] - means) ** 2).sum(axis=2).argmin(axis=1)
    assert (nearest == digits.test_labels).mean() > 0.78


def test_every_call_gives_new_arrays():
    load_digits().train_images[:] = 0
    assert load_digits().train_images.any()


def test_the_file_is_small_and_its_readme_names_it():
    size = DIGITS_FILE.stat().st_size
    readme = DIGITS_FILE.with_name("README.md").read_text(encoding="utf-8")
    assert size < 1_300_000
    assert f"{size:,} bytes" in readme
    assert all(sha256 in readme for sha256 in (DIGITS_SHA256, *OFFICIAL_SHA256.values()))


# --- a file that cannot be trusted


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"load_digits: .*none\.npz is missing; install again"):
        load_digits(tmp_path / "none.npz")


@pytest.mark.parametrize(
    "damage", [lambda b: b[:-1], lambda b: b + b"\0", lambda b: b[:5000] + b"!" + b[5001:], lambda b: b""]
)
def test_a_damaged_file_is_refused(tmp_path, damage):
    damaged = tmp_path / "digits.npz"
    damaged.write_bytes(damage(DIGITS_FILE.read_bytes()))
    with pytest.raises(ValueError, match=rf"load_digits: .*digits\.npz is damaged: .*, expected {DIGITS_SHA256}; in"):
        load_digits(damaged)


# --- making it again


@needs_mnist
def test_the_official_files_give_the_same_bytes_again():
    made = make_digits(MNIST)
    with np.load(io.BytesIO(made)) as arrays:
        for name, array in load_digits()._asdict().items():
            np.testing.assert_array_equal(arrays[name], array)
    if "zlib-ng" in zlib.ZLIB_RUNTIME_VERSION:
        pytest.skip("the same digits; zlib-ng compresses them into other bytes than zlib")
    assert sha256(made) == sha256(DIGITS_FILE.read_bytes())  # not the bytes: what differs would take minutes to show


@needs_mnist
@pytest.mark.parametrize(("split", "prefix", "per_class"), [("train", "train", 500), ("test", "t10k", 100)])
def test_every_digit_is_an_official_one_in_file_order_and_spread_over_the_file(split, prefix, per_class):
    # Parsed once more, in two lines and without read_idx.
    pixels = gzip.decompress((MNIST / f"{prefix}-images-idx3-ubyte.gz").read_bytes())[16:]
    labels = gzip.decompress((MNIST / f"{prefix}-labels-idx1-ubyte.gz").read_bytes())[8:]
    official = {(pixels[784 * i : 784 * (i + 1)], label): i for i, label in enumerate(labels)}
    digits = load_digits()._asdict()
    images, its_labels = digits[f"{split}_images"], digits[f"{split}_labels"].tolist()
    numbers = [official[image.tobytes(), label] for image, label in zip(images, its_labels, strict=True)]
    assert numbers == sorted(set(numbers))
    first_half = np.mean(np.array(numbers) < len(labels) / 2)
    assert 0.48 < first_half < 0.52


def test_choose_spreads_evenly_and_keeps_file_order():
    labels = np.array([0, 1, 2, 3, 4, 5, 6, 7, 8, 9] * 6, np.uint8)  # digit d stands at d, 10 + d, ..., 50 + d
    np.testing.assert_array_equal(choose(labels, 2), [*range(0, 10), *range(30, 40)])
    np.testing.assert_array_equal(choose(labels, 4), [*range(0, 20), *range(30, 50)])
    np.testing.assert_array_equal(choose(labels, 6), np.arange(60))
    with pytest.raises(ValueError, match="class 0 has 6 digits, 7 are needed"):
        choose(labels, 7)


def test_pack_writes_no_clock_and_no_system():
    arrays = {"a": np.arange(6, dtype=np.uint8).reshape(2, 3), "b": np.zeros(1, np.uint8)}
    content = pack(arrays)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert [entry.filename for entry in archive.infolist()] == ["a.npy", "b.npy"]
        for entry in archive.infolist():
            assert entry.date_time == (1980, 1, 1, 0, 0, 0)
            assert entry.create_system == 3
            assert entry.compress_type == zipfile.ZIP_DEFLATED
    with np.load(io.BytesIO(content), allow_pickle=False) as loaded:
        np.testing.assert_array_equal(loaded["a"], arrays["a"])


@pytest.fixture
def other_digits(tmp_path, monkeypatch):
    """A folder with four files as MNIST's, of 6,000 and 1,500 images of 1x2 pixels, taken for the official ones.

    Each image holds its own number: (image // 256, image % 256). Returns the folder and the labels.
    """
    labels = {}
    for prefix, count, seed in (("train", 6000, 0), ("t10k", 1500, 1)):
        labels[prefix] = np.random.default_rng(seed).permutation(np.arange(count) % 10).astype(np.uint8)
        images = np.arange(count, dtype=">u2").view(np.uint8).reshape(count, 1, 2)
        for name, array in (
            (f"{prefix}-images-idx3-ubyte.gz", images),
            (f"{prefix}-labels-idx1-ubyte.gz", labels[prefix]),
        ):
            (tmp_path / name).write_bytes(gzip.compress(idx(array)))
            monkeypatch.setitem(OFFICIAL_SHA256, name, hashlib.sha256(idx(array)).hexdigest())
    return tmp_path, labels


def test_digits_are_chosen_with_their_labels_from_their_own_files(other_digits):
    folder, labels = other_digits
    with np.load(io.BytesIO(make_digits(folder))) as made:
        for split, prefix, per_class in (("train", "train", 500), ("test", "t10k", 100)):
            chosen = choose(labels[prefix], per_class)
            np.testing.assert_array_equal(made[f"{split}_images"] @ [256, 1], chosen[:, np.newaxis])
            np.testing.assert_array_equal(made[f"{split}_labels"], labels[prefix][chosen])
            assert np.bincount(made[f"{split}_labels"]).tolist() == [per_class] * 10


def test_a_file_that_is_cut_off_is_named(other_digits):
    folder, _ = other_digits
    name = "t10k-labels-idx1-ubyte.gz"
    (folder / name).write_bytes((folder / name).read_bytes()[:-100])
    with pytest.raises(ValueError, match=rf"{name} is no whole gzip file"):
        read_official(folder, name)


# --- the command


def test_the_command_writes_where_it_is_told_to_and_says_that_the_bytes_are_others(other_digits, capsys):
    folder, _ = other_digits
    path = folder / "made.npz"
    assert main([str(folder), "--output", str(path)]) == 0
    assert sha256(path.read_bytes()) == sha256(make_digits(folder))
    output = capsys.readouterr()
    assert f"{path}: {path.stat().st_size} bytes, sha256 {sha256(path.read_bytes())}" in output.out
    assert f"note: load_digits expects sha256 {DIGITS_SHA256}" in output.err


@needs_mnist
def test_the_command_writes_the_file(tmp_path, capsys):
    assert main([str(MNIST), "--output", str(tmp_path / "digits.npz")]) == 0
    assert str(tmp_path / "digits.npz") in capsys.readouterr().out
    with np.load(tmp_path / "digits.npz") as arrays:
        np.testing.assert_array_equal(arrays["test_images"], load_digits().test_images)


def refused(arguments, capsys):
    """Run the command, expect exit status 2 and one line on standard error; return that line."""
    assert main(arguments) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.startswith("make_digits: ")
    assert output.err.count("\n") == 1
    return output.err


def test_the_command_refuses_an_empty_folder(tmp_path, capsys):
    assert "train-images-idx3-ubyte.gz" in refused([str(tmp_path), "--output", str(tmp_path / "d.npz")], capsys)
    assert not (tmp_path / "d.npz").exists()


def test_the_command_refuses_other_digits(tmp_path, capsys):
    with gzip.open(tmp_path / "train-images-idx3-ubyte.gz", "wb") as file:
        file.write(idx(np.zeros((60000, 28, 28), np.uint8)))
    line = refused([str(tmp_path), "--output", str(tmp_path / "d")], capsys)
    assert "train-images-idx3-ubyte.gz: not MNIST's file: its content has sha256" in line


def test_the_command_refuses_what_is_no_idx_file(tmp_path, capsys):
    (tmp_path / "train-images-idx3-ubyte.gz").write_bytes(b"<html>404</html>")
    assert "is no IDX file of unsigned bytes" in refused([str(tmp_path), "--output", str(tmp_path / "d")], capsys)


@needs_mnist
def test_the_command_refuses_a_file_cut_off(tmp_path, capsys):
    for name in OFFICIAL_SHA256:
        shutil.copyfile(MNIST / name, tmp_path / name)
    with open(tmp_path / "t10k-labels-idx1-ubyte.gz", "r+b") as file:
        file.truncate(4000)
    line = refused([str(tmp_path), "--output", str(tmp_path / "d")], capsys)
    assert "t10k-labels-idx1-ubyte.gz is no whole gzip file" in line


def test_the_command_run_as_a_module():
    command = [sys.executable, "-m", "googlenet.data.digits.make_digits"]
    wrong = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True)
    assert wrong.returncode == 2
    assert wrong.stderr.count("\n") == 1
    assert "FOLDER" in wrong.stderr
    usage = subprocess.run([*command, "--help"], cwd=REPOSITORY, capture_output=True, text=True)
    assert usage.returncode == 0
    assert "example: " in usage.stdout
