"""The digits: shapes, dtypes, labels, and augmentation that depends on the generator alone."""

import os
from pathlib import Path

import numpy as np
import pytest

from googlenet.data import DigitsDataset
from googlenet.data.digits import load_digits
from googlenet.data.transforms import (
    normalize,
    random_affine,
    resize,
)
from minicnn.data import DataLoader, Dataset

REPOSITORY = Path(__file__).resolve().parents[3]
DATA = Path(os.environ.get("MINICNN_DATA", REPOSITORY.parent / "shared" / "data"))


@pytest.fixture(scope="module")
def test_set():
    return DigitsDataset(train=False, size=32)


@pytest.fixture(scope="module")
def augmented():
    return DigitsDataset(train=False, size=32, augment=True)


@pytest.mark.parametrize(("train", "length"), [(True, 5000), (False, 1000)])
def test_it_holds_the_digits_in_their_order(train, length):
    dataset = DigitsDataset(train=train)
    digits = load_digits()
    images, labels = (digits.train_images, digits.train_labels) if train else (digits.test_images, digits.test_labels)
    assert isinstance(dataset, Dataset)
    assert len(dataset) == length
    for index in (0, 1, length - 1):
        image, label = dataset[index]
        assert image.shape == (1, 64, 64)
        assert image.dtype == np.float32
        np.testing.assert_array_equal(image[0], normalize(resize(images[index : index + 1], 64)[0]))
        assert type(label) is int
        assert label == labels[index]


@pytest.mark.parametrize(("limit", "length"), [(0, 1000), (1, 1), (7, 7), (1000, 1000), (5000, 1000)])
def test_the_first_so_many_and_no_others_are_resized(monkeypatch, test_set, limit, length):
    resized = []
    monkeypatch.setattr(
        "googlenet.data.digits_dataset.resize", lambda images, size: resized.append(len(images)) or resize(images, size)
    )
    dataset = DigitsDataset(train=False, size=32, limit=limit)
    assert resized == [len(dataset)] == [length]
    np.testing.assert_array_equal(dataset.images, test_set.images[:length])
    np.testing.assert_array_equal(dataset.labels, test_set.labels[:length])


def test_classes_are_the_labels_names(test_set):
    assert test_set.classes == tuple(str(digit) for digit in range(10))
    assert {test_set[i][1] for i in range(len(test_set))} == set(range(len(test_set.classes)))


def test_images_stay_uint8_in_memory_and_are_normalized_on_access(test_set):
    assert test_set.images.dtype == np.uint8
    assert test_set.images.shape == (1000, 32, 32)
    pixels = np.stack([test_set[i][0] for i in range(len(test_set))])
    assert abs(pixels.mean()) < 0.05
    assert abs(pixels.std() - 1) < 0.1
    image, _ = test_set[0]
    image[:] = 0  # the caller's own
    assert test_set[0][0].any()


def test_sample_without_augmentation_is_the_digit_itself_and_draws_nothing(test_set):
    rng = np.random.default_rng(0)
    before = rng.bit_generator.state
    image, label = test_set.sample(3, rng)
    np.testing.assert_array_equal(image, test_set[3][0])
    assert label == test_set[3][1]
    assert rng.bit_generator.state == before


def test_sample_augments_as_the_generator_says(augmented, test_set):
    once, again, other = (augmented.sample(3, np.random.default_rng(seed))[0] for seed in (0, 0, 1))
    assert once.shape == (1, 32, 32)
    assert once.dtype == np.float32
    np.testing.assert_array_equal(once, again)
    assert (once != other).any()
    np.testing.assert_array_equal(once[0], normalize(random_affine(test_set.images[3], np.random.default_rng(0))))
    assert augmented.sample(3, np.random.default_rng(0))[1] == test_set[3][1]


def test_indexing_never_augments(augmented, test_set):
    augmented.sample(3, np.random.default_rng(0))
    np.testing.assert_array_equal(augmented[3][0], test_set[3][0])


def test_pixels_stay_in_the_range_of_normalized_pixels(augmented):
    darkest, brightest = normalize(np.array([0, 255], np.uint8))
    for index in range(50):
        image, _ = augmented.sample(index, np.random.default_rng(index))
        assert darkest <= image.min()
        assert image.max() <= brightest


def test_an_index_beyond_the_end_is_an_index_error(test_set):
    for index in (1000, -1001):
        with pytest.raises(IndexError):
            test_set[index]


@pytest.mark.parametrize("num_workers", [0, 2])
def test_a_loader_gives_augmented_batches_anew_in_every_epoch(augmented, test_set, num_workers):
    loader = DataLoader(augmented, batch_size=100, shuffle=True, num_workers=num_workers, seed=3)
    (images, labels), (next_images, next_labels) = (next(iter(loader.batches(epoch))) for epoch in (0, 1))
    assert images.shape == (100, 1, 32, 32)
    assert images.dtype == np.float32
    assert labels.shape == (100,)
    assert labels.dtype == np.int64
    index = int(np.random.default_rng((3, 0, 1000)).permutation(1000)[0])  # as DataLoader documents: (seed, epoch, ...)
    np.testing.assert_array_equal(images[0], augmented.sample(index, np.random.default_rng((3, 0, index)))[0])
    assert labels[0] == test_set[index][1]
    assert (labels != next_labels).any()
    assert (images != next_images).any()


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"train": "test"}, TypeError, "DigitsDataset: train is 'test', expected True or False"),
        ({"train": False, "augment": 1}, TypeError, "DigitsDataset: augment is 1, expected True or False"),
        ({"train": False, "size": 0}, ValueError, "size is 0"),
        ({"train": False, "size": 6.5}, TypeError, "size is 6.5"),
        ({"train": False, "limit": -1}, ValueError, "DigitsDataset: limit is -1, expected at least 0"),
        ({"train": False, "limit": 2.0}, TypeError, "DigitsDataset: limit is 2.0, expected an int"),
    ],
)
def test_wrong_arguments_are_refused(arguments, error, message):
    with pytest.raises(error, match=message):
        DigitsDataset(**arguments)
