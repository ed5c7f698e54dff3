"""Samples are what preprocessing and augmentation make of an image, functions of (seed, epoch, sample) alone."""

import numpy as np
import pytest
from PIL import Image
from pixels import random_images
from support import raises

from googlenet.data.augmentation import Augmentation
from googlenet.data.dataset import ImageDataset
from googlenet.data.images import ArrayImages, FileImages
from googlenet.data.preprocessing import Preprocessing
from minicnn.data import DataLoader

COLOR = Preprocessing(12)
LABELS = [0, 1, 2, 1, 0, 2, 2]


def images():
    return ArrayImages(random_images(7, 20, 30, 3), LABELS, ("cat", "dog", "owl"), "animals")


def dataset(augmentation=None, **options):
    return ImageDataset(images(), COLOR, augmentation, **options)


def batches(augmentation, epoch=0, **options):
    return list(DataLoader(dataset(augmentation), 3, shuffle=True, seed=5, **options).batches(epoch))


def test_without_augmentation_it_is_the_preprocessing():
    data = dataset()
    assert len(data) == 7
    assert data.classes == ("cat", "dog", "owl")
    for index in range(7):
        for x, label in (data[index], data.sample(index, np.random.default_rng(0))):
            np.testing.assert_array_equal(x, COLOR(images().open(index)))
            assert (x.shape, x.dtype) == ((3, 12, 12), np.float32)
            assert (label, type(label)) == (LABELS[index], int)


def test_with_augmentation_only_samples_are_changed():
    augmentation = Augmentation(crop=True, flip=True, jitter=0.4)
    data = dataset(augmentation)
    np.testing.assert_array_equal(data[3][0], COLOR(images().open(3)))
    x, label = data.sample(3, np.random.default_rng(4))
    pixels = augmentation.apply(images().open(3), COLOR, np.random.default_rng(4))
    np.testing.assert_array_equal(x, COLOR.normalize(pixels))
    assert (label, type(label)) == (1, int)
    assert (x != data[3][0]).any()


@pytest.mark.parametrize("limit", [1, 4, 100])
def test_limit(limit):
    data = dataset(limit=limit)
    assert len(data) == min(limit, 7)
    np.testing.assert_array_equal(data[0][0], dataset()[0][0])


# --- mixup


def test_mixup_mixes_two_images_and_their_labels():
    """Read backwards: the row says which two classes, and with which share the pixels must have been mixed."""
    data, plain = dataset(Augmentation(mixup=1.0)), [dataset()[i][0] for i in range(7)]
    mixed_with = set()
    for seed in range(40):
        x, row = data.sample(0, np.random.default_rng(seed))
        assert (row.shape, row.dtype, x.dtype) == ((3,), np.float32, np.float32)
        assert row.sum() == pytest.approx(1, abs=1e-6)
        for other in range(7):
            difference = plain[0] - plain[other]
            share = float(((x - plain[other]) * difference).sum() / (difference**2).sum()) if other else 1.0
            if np.abs(share * plain[0] + (1 - share) * plain[other] - x).max() < 1e-4:
                expected = np.zeros(3)
                expected[LABELS[0]] += share
                expected[LABELS[other]] += 1 - share
                np.testing.assert_allclose(row, expected, atol=1e-4)
                mixed_with.add(other)
                break
        else:
            pytest.fail(f"seed {seed}: it is no mixture of image 0 and another one")
    assert mixed_with == set(range(7))


def test_both_images_are_augmented_before_they_are_mixed():
    augmentation = Augmentation(crop=True, mixup=1.0)
    x, row = dataset(augmentation).sample(2, np.random.default_rng(8))
    rng = np.random.default_rng(8)
    one = COLOR.normalize(augmentation.apply(images().open(2), COLOR, rng))
    other = int(rng.integers(7))
    two = COLOR.normalize(augmentation.apply(images().open(other), COLOR, rng))
    share = rng.beta(1.0, 1.0)
    np.testing.assert_allclose(x, share * one + (1 - share) * two, atol=1e-5)
    assert row[LABELS[2]] >= share - 1e-6


def test_without_chance_nothing_is_mixed():
    x, label = dataset(Augmentation(mixup=1.0))[2]
    np.testing.assert_array_equal(x, COLOR(images().open(2)))
    assert (label, type(label)) == (2, int)


EVERYTHING = Augmentation(crop=True, interpolation="random", flip=True, jitter=0.4, lighting=0.1, cutout=0.3, mixup=0.4)


@pytest.mark.parametrize("workers", [1, 3])
def test_the_number_of_workers_changes_nothing(workers):
    for plain, threaded in zip(batches(EVERYTHING), batches(EVERYTHING, num_workers=workers), strict=True):
        np.testing.assert_array_equal(plain[0], threaded[0])
        np.testing.assert_array_equal(plain[1], threaded[1])


def test_another_epoch_is_another_one_and_batches_have_rows_of_probabilities():
    first, second = batches(EVERYTHING), batches(EVERYTHING, epoch=1)
    assert [(x.shape, y.shape, y.dtype) for x, y in first[:2]] == [((3, 3, 12, 12), (3, 3), np.float32)] * 2
    assert not any((one[0] == other[0]).all() for one, other in zip(first, second, strict=True))


def test_an_epoch_may_begin_in_its_middle():
    loader = DataLoader(dataset(EVERYTHING), 3, shuffle=True, seed=5)
    np.testing.assert_array_equal(next(loader.batches(4, start=1))[0], list(loader.batches(4))[1][0])


# --- files that are broken


def test_a_broken_file_is_named_once(tmp_path):
    for number in range(2):
        Image.fromarray(random_images(20, 30, 3)).save(tmp_path / f"{number}.png")
    (tmp_path / "1.png").write_bytes((tmp_path / "1.png").read_bytes()[:60])
    files = FileImages([tmp_path / "0.png", tmp_path / "1.png"], [0, 1], ("cat", "dog"))
    for augmentation in (None, EVERYTHING):
        data = ImageDataset(files, COLOR, augmentation)
        data[0]
        with raises(OSError, f"{tmp_path / '1.png'} cannot be read: ...Replace the file, or remove it"):
            data.sample(1, np.random.default_rng(0))
