"""Which images show the same picture."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageEnhance

from googlenet.data.duplicates import LIMIT, SIDE, SMALLEST, equal_pairs, near_pairs, perceptual_hash
from googlenet.data.transforms import whole

FLOWERS = Path("/work/shared/data/flowers/val")


def picture(seed, width=120, height=90):
    """Something like a photo: large smooth spots."""
    spots = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), np.uint8)
    return Image.fromarray(spots).resize((width, height), Image.Resampling.BICUBIC)


def hashed(image):
    return perceptual_hash(np.asarray(whole(image, SIDE).convert("L")))


def bits(one, other):
    return (hashed(one) ^ hashed(other)).bit_count()


COPIES = {
    "smaller": lambda image: image.resize((60, 45)),
    "squeezed": lambda image: image.resize((64, 64)),
    "darker": lambda image: ImageEnhance.Brightness(image).enhance(0.7),
    "more contrast": lambda image: ImageEnhance.Contrast(image).enhance(1.3),
    "gray": lambda image: image.convert("L"),
    "a little cropped": lambda image: image.crop((1, 1, image.width - 1, image.height - 1)),
}


@pytest.mark.parametrize("copy", COPIES)
def test_a_copy_is_near(copy):
    assert max(bits(picture(seed), COPIES[copy](picture(seed))) for seed in range(10)) <= LIMIT


def test_other_pictures_are_far():
    hashes = [hashed(picture(seed)) for seed in range(60)]
    assert near_pairs(hashes, most=100) == []
    assert all(0 < value < 1 << 64 for value in hashes)


@pytest.mark.parametrize("level", [0, 128, 255])
def test_what_shows_nothing_has_no_hash(level):
    assert hashed(Image.new("RGB", (100, 100), (level, level, level))) is None


def test_the_hash_is_the_signs_of_the_lowest_frequencies():
    """Against the definition of the transform, sum for sum."""
    gray = np.asarray(whole(picture(3), SIDE).convert("L"))
    n = np.arange(SIDE)
    frequencies = np.array([
        [np.sum(gray * np.outer(np.cos(np.pi * u * (2 * n + 1) / 64), np.cos(np.pi * v * (2 * n + 1) / 64)))
         for v in range(8)] for u in range(8)
    ]).ravel()  # fmt: skip
    expected = "".join("1" if value > np.median(frequencies[1:]) else "0" for value in frequencies)
    assert f"{perceptual_hash(gray):064b}" == expected


# ---- pairs ---


def naive(hashes, limit):
    found = [
        ((hashes[i] ^ hashes[j]).bit_count(), i, j) for j in range(len(hashes)) for i in range(j)
    ]  # fmt: skip
    return [(i, j, distance) for distance, i, j in sorted(found) if distance <= limit]


@pytest.mark.parametrize("at_once", [1, 50, 1 << 22])
def test_pairs_are_those_of_two_loops(monkeypatch, at_once):
    monkeypatch.setattr("googlenet.data.duplicates.AT_ONCE", at_once)
    rng = np.random.default_rng(0)
    hashes = [int(value) for value in rng.integers(0, 1 << 16, 40)]
    hashes += [(1 << 64) - 1, (1 << 64) - 2, hashes[3]]
    expected = naive(hashes, 4)
    assert len(expected) > 10
    assert near_pairs(hashes, most=1000, limit=4) == expected
    assert near_pairs(hashes, most=len(expected), limit=4) == expected
    assert near_pairs(hashes, most=len(expected) - 1, limit=4) is None


def test_the_limit_is_eight_bits():
    assert near_pairs([0, 0xFF, 0x1FF], most=10) == [(1, 2, 1), (0, 1, 8)]
    assert near_pairs([], most=10) == near_pairs([5], most=0) == []


def test_equal_keys_are_paired_with_the_first():
    assert equal_pairs(["a", "b", "a", None, "a", None, "b"]) == [(0, 2), (0, 4), (1, 6)]


@pytest.mark.everything("photos")
@pytest.mark.skipif(not FLOWERS.is_dir(), reason=f"{FLOWERS} is not there")
def test_real_photos_are_told_apart_and_their_copies_found():
    """The figures in duplicates.py, on a part of the photos."""
    photos = [Image.open(path).convert("RGB") for path in sorted(FLOWERS.rglob("*.jpg"))]
    hashes = [hashed(photo) for photo in photos]
    assert len(near_pairs(hashes, most=100)) <= 2  # of 19,900: one burst
    for copy, share in (("squeezed", 0.99), ("darker", 0.99), ("more contrast", 0.98), ("gray", 1)):
        assert np.mean([bits(photo, COPIES[copy](photo)) <= LIMIT for photo in photos]) >= share
    assert min(min(photo.size) for photo in photos) >= SMALLEST
