"""What predictions tell of single classes and single images."""

import numpy as np
import pytest

from googlenet.report.scores import ClassScore, class_scores, confident_mistakes, most_confused, uncertain_hits

CONFUSION = np.array([[6, 2, 0, 0], [1, 3, 4, 0], [0, 0, 0, 0], [0, 0, 0, 2]])


def test_scores_by_hand():
    before = CONFUSION.copy()
    assert class_scores(CONFUSION) == [
        ClassScore(8, 6, 6 / 8, 6 / 7, pytest.approx(2 * (6 / 8) * (6 / 7) / (6 / 8 + 6 / 7)), 1),
        ClassScore(8, 3, 3 / 8, 3 / 5, pytest.approx(2 * (3 / 8) * (3 / 5) / (3 / 8 + 3 / 5)), 2),
        ClassScore(0, 0, None, 0.0, 0.0, None),
        ClassScore(2, 2, 1.0, 1.0, 1.0, None),
    ]
    np.testing.assert_array_equal(CONFUSION, before)


def test_a_class_that_nobody_has_seen_or_guessed():
    assert class_scores(np.zeros((1, 1), int)) == [ClassScore(0, 0, None, None, None, None)]


def test_of_equals_the_first_is_most_confused_with():
    assert class_scores(np.array([[0, 2, 2], [0, 0, 0], [0, 0, 0]]))[0].confused_with == 1


def test_most_confused_pairs():
    before = CONFUSION.copy()
    assert most_confused(CONFUSION, 10) == [(1, 2, 4), (0, 1, 2), (1, 0, 1)]
    assert most_confused(CONFUSION, 2) == [(1, 2, 4), (0, 1, 2)]
    np.testing.assert_array_equal(CONFUSION, before)
    assert most_confused(np.array([[0, 5], [5, 0]]), 1) == [(0, 1, 5)]


LABELS = np.array([0, 1, 0, 1, 0, 1])
PROBABILITIES = np.array([[0.6, 0.4], [0.9, 0.1], [0.2, 0.8], [0.1, 0.9], [0.3, 0.7], [0.4, 0.6]], np.float32)


def test_mistakes_and_hits():
    assert confident_mistakes(LABELS, PROBABILITIES, 9) == [1, 2, 4]
    assert confident_mistakes(LABELS, PROBABILITIES, 2) == [1, 2]
    assert uncertain_hits(LABELS, PROBABILITIES, 9) == [0, 5, 3]
    assert uncertain_hits(LABELS, PROBABILITIES, 1) == [0]


def test_none_are_none():
    right = np.eye(2, dtype=np.float32)
    assert confident_mistakes(np.array([0, 1]), right, 5) == []
    assert uncertain_hits(np.array([1, 0]), right, 5) == []
