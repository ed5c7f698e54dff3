"""Which images show the same picture? A perceptual hash, and the pairs whose hashes are close.

The hash is pHash (Zauner, "Implementation and Benchmarking of Perceptual Image Hash Functions", 2010): the signs of an
image's lowest frequencies. It stays nearly the same where a picture is resized, compressed or brightened, and differs
for another picture. LIMIT is how many of its 64 bits may differ, measured on 1,000 flowers and 600 cats and dogs:

    of the copies are within LIMIT     half size 100 %, JPEG quality 30 100 %, quality 10 99.9 %, gray 100 %,
                                       30 % darker 100 %, 30 % brighter 99 %, contrast +40 % 100 %,
                                       2 % cut off at each side 97 %, 5 % 31 %; mirrored copies are others
    of 679,200 pairs of other images   7 are: six show one scene (bursts, the same photo edited), one does not

At 10 in place of 8 it is 54 % of the copies without 5 % of each side, and 8 pairs; at 12, 23 pairs. dHash, which
compares neighboring pixels, finds 13 pairs at 8, most of which have nothing in common.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import NDArray

LIMIT = 8  # bits

# Smaller images have too little in them: of MNIST's 60,000 digits 4.3 million pairs are within LIMIT, of which 460,000
# are not even the same digit. They are compared pixel by pixel alone.
SMALLEST = 48  # pixels, of the shorter side
FLATTEST = 2.0  # gray levels of standard deviation: what has less shows nothing, and its frequencies are noise

SIDE = 32  # pixels of the square that the hash is made from
AT_ONCE = 1 << 22  # pairs: 32 MB of differences

# Row k of the discrete cosine transform (DCT-II) is cos(pi k (2 n + 1) / 2 N), without its factor: here the first 8.
_COSINES = np.cos(np.pi * np.arange(8)[:, None] * (2 * np.arange(SIDE) + 1) / (2 * SIDE))


def perceptual_hash(gray: NDArray[np.uint8]) -> int | None:
    """64 bits that tell pictures apart: which of the 8 x 8 lowest frequencies are above their median.

    gray: the whole picture, upright, squeezed to (SIDE, SIDE). None where it shows nothing (FLATTEST).
    """
    if gray.std() < FLATTEST:
        return None
    frequencies = (_COSINES @ gray @ _COSINES.T).ravel()
    bits = frequencies > np.median(frequencies[1:])  # the first is the mean brightness, many times as large
    return int.from_bytes(np.packbits(bits).tobytes(), "big")


def near_pairs(hashes: Sequence[int], most: int, limit: int = LIMIT) -> list[tuple[int, int, int]] | None:
    """Which hashes differ in at most `limit` bits: (i, j, bits) with i < j, the closest first.

    None where there are more than `most`: such a hash does not tell these pictures apart. Every pair is looked at, in
    blocks of AT_ONCE: 60,000 hashes (1.8 billion pairs) take 8 seconds, and 32 MB.
    """
    bits = np.array(hashes, np.uint64)
    rows = max(1, AT_ONCE // max(1, len(bits)))
    found: list[tuple[int, int, int]] = []
    for first in range(0, len(bits), rows):
        block = bits[first : first + rows]
        distance = np.bitwise_count(block[:, None] ^ bits[None, first:])
        one, other = np.nonzero(distance <= limit)
        # Both count from `first`. Left out is a hash with itself, and each pair the other way round.
        later = other > one
        one, other = one[later], other[later]
        if len(found) + len(one) > most:
            return None
        found += zip((one + first).tolist(), (other + first).tolist(), distance[one, other].tolist(), strict=True)
    return sorted(found, key=lambda pair: (pair[2], pair[0], pair[1]))


def equal_pairs(keys: Sequence[Hashable]) -> list[tuple[int, int]]:
    """Where a key comes again: (the first place that has it, the place), in the order of the places.

    A key that comes k times makes k - 1 pairs, all with its first place: what is in two parts or under two labels is
    in one of these pairs too, if the places are in the order of the parts. A key that is None equals nothing.
    """
    first: dict[Hashable, int] = {}
    pairs = []
    for place, key in enumerate(keys):
        if key is not None and first.setdefault(key, place) != place:
            pairs.append((first[key], place))
    return pairs
