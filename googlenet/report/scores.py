"""What predictions tell of single classes and single images: for report.html."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.int64]


class ClassScore(NamedTuple):
    """How one class fares. Shares are 0 to 1, None where nothing is there to divide by."""

    images: int  # of this class
    right: int  # of these, taken for what they are
    recall: float | None  # right / images
    precision: float | None  # right / images that were taken for this class
    f1: float | None  # the harmonic mean of both
    confused_with: int | None  # the class that most of the others were taken for; the first of equals


def class_scores(confusion: Counts) -> list[ClassScore]:
    """One for each class of a confusion matrix, rows the true classes, columns what they were taken for."""
    scores = []
    for i, row in enumerate(confusion):
        count, taken, right = int(row.sum()), int(confusion[:, i].sum()), int(row[i])
        wrong = row.copy()
        wrong[i] = 0
        scores.append(
            ClassScore(
                count,
                right,
                right / count if count else None,
                right / taken if taken else None,
                2 * right / (count + taken) if count + taken else None,
                int(wrong.argmax()) if wrong.any() else None,
            )
        )
    return scores


def most_confused(confusion: Counts, most: int) -> list[tuple[int, int, int]]:
    """(true class, taken for, how often): the most frequent mistakes first, of equals the first."""
    mistakes = confusion.copy()
    np.fill_diagonal(mistakes, 0)
    first = np.argsort(-mistakes, axis=None, kind="stable")[:most]
    pairs = ((int(i), int(j)) for i, j in zip(*np.unravel_index(first, mistakes.shape), strict=True))
    return [(i, j, int(mistakes[i, j])) for i, j in pairs if mistakes[i, j]]


def confident_mistakes(labels: Counts, probabilities: NDArray[np.float32], most: int) -> list[int]:
    """The numbers of images that were taken for another class, with the highest probability first."""
    predicted, certainty = probabilities.argmax(axis=1), probabilities.max(axis=1)
    wrong = np.flatnonzero(predicted != labels)
    return wrong[np.argsort(-certainty[wrong], kind="stable")][:most].tolist()


def uncertain_hits(labels: Counts, probabilities: NDArray[np.float32], most: int) -> list[int]:
    """The numbers of images that were taken for what they are, with the lowest probability first."""
    predicted, certainty = probabilities.argmax(axis=1), probabilities.max(axis=1)
    right = np.flatnonzero(predicted == labels)
    return right[np.argsort(certainty[right], kind="stable")][:most].tolist()
