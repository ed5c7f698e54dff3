"""Image size, batch and epochs that suit small data."""

import numpy as np
import pytest

from googlenet.data.images import ArrayImages
from googlenet.data.source import ImageData
from googlenet.presets import presets
from googlenet.training.options import Options
from googlenet.training.sizes import EPOCHS, PIXELS, SIZES, sizes_for, sizes_for_loops


class Photos(ArrayImages):
    """So many of this size, that take no memory."""

    def __init__(self, count, height, width, mode="RGB"):
        shape = (count, height, width, 3) if mode == "RGB" else (count, height, width)
        super().__init__(np.broadcast_to(np.uint8(7), shape), np.zeros(count, np.int64), ("a", "b"), "photos")


def data(count=480, height=375, width=500, mode="RGB", kind="photos", name="photos"):
    images = Photos(count, height, width, mode)
    return ImageData(name, kind, "/photos", ("a", "b"), images, images)


def test_the_digits_keep_their_defaults():
    assert sizes_for(data(5000, 28, 28, "L", "digits", "digits"), {}) == {}


@pytest.mark.parametrize("count", [40, 480, 800, 5_000, 60_000, 1_000_000])
def test_a_run_is_neither_endless_nor_over_at_once(count):
    found = sizes_for(data(count), {})
    assert EPOCHS[0] <= found["epochs"] <= EPOCHS[1]
    assert found["image_size"] in SIZES
    seen = count * found["epochs"]
    assert seen * found["image_size"] ** 2 <= PIXELS or found["image_size"] == SIZES[0]
    larger = [size for size in SIZES if size > found["image_size"]]
    assert not larger or seen * larger[0] ** 2 > PIXELS  # the largest that can be afforded
    assert 8 <= found["batch_size"] <= Options.batch_size
    assert found["batch_size"] == 8 or count // found["batch_size"] >= 10
    Options(**found)


def test_some_real_sets():
    assert sizes_for(data(40), {}) == {
        "image_size": 128, "batch_size": 8, "epochs": 100, "channels": 3, "jitter": 0.2, "preset": "batchnorm",
    }  # fmt: skip
    assert sizes_for(data(800), {})["epochs"] == 44
    assert sizes_for(data(60_000, 28, 28, "L", "digits", "mnist"), {}) == {
        "image_size": 48, "batch_size": 32, "epochs": 5, "channels": 1,
    }  # fmt: skip


@pytest.mark.parametrize(("side", "size"), [(32, 32), (50, 48), (64, 64), (100, 96), (20, 32), (1, 32)])
def test_photos_are_not_blown_up(side, size):
    assert sizes_for(data(480, side, 2 * side), {})["image_size"] == size


def test_what_is_chosen_stays_and_the_rest_is_made_to_fit():
    assert "epochs" not in sizes_for(data(), {"epochs": 3})
    assert sizes_for(data(800), {"image_size": 77, "batch_size": 5, "preset": "paper", "augment": False}) == {
        "epochs": 44, "channels": 3,
    }  # fmt: skip
    assert sizes_for(data(60_000), {"epochs": 1})["image_size"] == 96
    assert sizes_for(data(60_000), {"limit_train": 100})["batch_size"] == 8


def test_gray_photos_need_one_channel():
    assert sizes_for(data(mode="L"), {})["channels"] == 1


def test_gray_digits_that_are_stored_as_colors_need_one_channel():
    assert sizes_for(data(kind="digits", mode="RGB"), {})["channels"] == 1


@pytest.mark.parametrize(("count", "preset"), [(300, "batchnorm"), (4999, "batchnorm"), (5000, "paper")])
def test_few_digits_get_the_network_that_learns_at_once(count, preset):
    found = sizes_for(data(count, 28, 28, "L", "digits"), {})
    assert (found.get("preset", Options.preset), "jitter" in found) == (preset, False)


def test_no_image_is_left_over_for_batch_norm():
    """33 photos, or 25, in batches of 8 would leave one."""
    for count in (25, 33, 321):
        assert count % sizes_for(data(count), {})["batch_size"] > 1
    assert sizes_for(data(33), {"preset": "paper"})["batch_size"] == 8


def test_a_network_that_needs_large_images_gets_them():
    smallest = presets["mnist"].smallest_image
    assert smallest > 64
    assert sizes_for(data(60_000, 28, 28, "L", "digits", "mnist"), {"preset": "mnist"})["image_size"] == smallest


def test_operations_that_may_be_loops_get_few_and_small_images():
    digits = data(5000, 28, 28, "L", "digits", "digits")
    found = sizes_for_loops(digits, {"seed": 3, "epochs": 1})
    assert found == {
        "preset": "batchnorm", "image_size": 32, "batch_size": 16, "lr": 0.002, "channels": 1,
        "limit_train": 480, "limit_test": 200,
    }  # fmt: skip
    few = sizes_for_loops(data(40), {})
    assert (few["limit_train"], few["limit_test"], few["channels"]) == (40, 40, 3)
