"""The split of images into those for training and those for validation."""

import unicodedata

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from googlenet.data.split import stratified_split


def parts(names, labels, *arguments):
    """The names on either side."""
    train, val = stratified_split(names, np.array(labels, np.int64), *arguments)
    return {names[i] for i in train}, {names[i] for i in val}


@settings(max_examples=40)
@given(
    labels=st.lists(st.integers(0, 3), max_size=60),
    share=st.floats(0, 1, exclude_min=True, exclude_max=True),
    seed=st.integers(0, 2**40),
)
def test_each_class_is_split_by_the_share(labels, share, seed):
    labels = np.array(labels, np.int64)
    train, val = stratified_split([str(i) for i in range(len(labels))], labels, share, seed)
    assert sorted([*train, *val]) == list(range(len(labels)))
    assert (np.diff(train) > 0).all() and (np.diff(val) > 0).all()
    for label in set(labels.tolist()):
        count, for_validation = (labels == label).sum(), (labels[val] == label).sum()
        assert min(1, count - 1) <= for_validation <= max(count - 1, 0)
        if 1 < for_validation < count - 1:
            assert abs(for_validation - share * count) <= 0.5 + 1e-9


@settings(max_examples=40)
@given(st.permutations(list(range(12))), st.integers(0, 5))
def test_the_order_of_the_files_does_not_matter(order, seed):
    names, labels = [f"{i}.jpg" for i in range(12)], [i % 2 for i in range(12)]
    again = parts([names[i] for i in order], [labels[i] for i in order], 0.3, seed)
    assert again == parts(names, labels, 0.3, seed)


def test_the_same_split_every_time():
    """In numbers, so that a run of today can be repeated with the next version."""
    train, val = stratified_split([f"{i:02}.jpg" for i in range(12)], np.arange(12) % 2, 0.25, 7)
    assert val.tolist() == [1, 4, 7, 10]
    assert train.tolist() == [0, 2, 3, 5, 6, 8, 9, 11]


def test_the_seed_and_the_class_decide():
    names = [f"{i:03}" for i in range(200)]
    labels = np.arange(200) // 100
    one, other = (stratified_split(names, labels, 0.2, seed)[1] for seed in (0, 1))
    assert set(one.tolist()) != set(other.tolist())
    assert set(one[one < 100].tolist()) != set((one[one >= 100] - 100).tolist())


def test_images_are_mixed():
    """Neither the first nor the last, and not every fifth."""
    _, val = stratified_split([f"{i:03}" for i in range(100)], np.zeros(100, np.int64), 0.2, 0)
    assert len(set(np.diff(val).tolist())) > 3
    assert val.min() < 50 <= val.max()


def test_names_in_either_form_of_unicode_are_split_alike():
    names = [f"{letter}{i}.jpg" for letter in "éze" for i in range(10)]
    decomposed = [unicodedata.normalize("NFD", name) for name in names]
    assert decomposed != names
    split, again = (parts(each, [0] * 30, 0.3, 1) for each in (names, decomposed))
    assert {unicodedata.normalize("NFC", name) for name in again[1]} == split[1]


def test_a_class_of_one_image_is_trained_on():
    assert parts(["a", "b", "c"], [0, 1, 1], 0.9) in [({"a", "b"}, {"c"}), ({"a", "c"}, {"b"})]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"labels": [0]}, ValueError, "stratified_split: there are 2 names, but 1 labels"),
        ({"val_share": 0}, ValueError, "val_share is 0, expected more than 0"),
        ({"val_share": 1}, ValueError, "stratified_split: val_share is 1, expected .* below 1"),
        ({"val_share": "0.2"}, TypeError, "stratified_split: val_share is '0.2', expected a number"),
        ({"seed": -1}, ValueError, "stratified_split: seed is -1, expected at least 0"),
    ],
)
def test_wrong_arguments_are_refused(arguments, error, message):
    with pytest.raises(error, match=message):
        stratified_split(**{"names": ["a", "b"], "labels": [0, 0], **arguments})
