"""Split images into those to train on and those to validate with."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from minicnn.arguments import number, whole_number


def stratified_split(
    names: Sequence[str], labels: NDArray[np.int64], val_share: float = 0.2, seed: int = 0
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Which images are for training, and which for validation: of each class the same share, drawn at random.

    Returns two arrays of indices in ascending order; together they are all of 0 to N - 1. Of n images of a class,
    val_share * n, rounded, are for validation, but at least one and never all. A class of one image is trained on: it
    says nothing about how well the network knows what it has not seen, but without it the class could not be learned.

    The draw is a function of (seed, class), and of the images' names alone: their order does not matter, as each disk
    has its own, nor whether an "é" in a name is one character or two, as Macs write it.

    names (N,), different from each other; labels (N,), 0 or above. Raises ValueError where the lengths differ, or for
    a val_share that is not between 0 and 1; TypeError and ValueError for a seed that is no whole number from 0 on.
    """
    labels = np.asarray(labels)
    if len(names) != len(labels):
        raise ValueError(f"stratified_split: there are {len(names)} names, but {len(labels)} labels")
    share = number("stratified_split", "val_share", val_share, below=1)
    if share == 0:
        raise ValueError("stratified_split: val_share is 0, expected more than 0 and less than 1")
    seed = whole_number("stratified_split", "seed", seed, minimum=0)
    for_validation = np.zeros(len(labels), bool)
    for label in np.unique(labels):
        members = sorted(np.flatnonzero(labels == label), key=lambda i: unicodedata.normalize("NFC", names[int(i)]))
        count = min(max(int(share * len(members) + 0.5), 1), len(members) - 1)
        drawn = np.random.default_rng((seed, int(label))).permutation(len(members))[:count]
        for_validation[np.array(members, np.intp)[drawn]] = True
    return np.flatnonzero(~for_validation), np.flatnonzero(for_validation)
