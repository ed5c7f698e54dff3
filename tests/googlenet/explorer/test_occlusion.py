"""A patch slides over the picture."""

import numpy as np
import pytest

from googlenet.explorer import occlusion as room
from googlenet.explorer.occlusion import box, occlusion, positions
from minicnn import nn


class Corner(nn.Module):
    """Sees class 1 by how bright the first channel is in the top left corner, 8x16 pixels; counts the batches."""

    def __init__(self):
        self.batches = []

    def forward(self, x):
        assert not self.training
        self.batches.append(x.shape[0])
        bright = x[:, 0, :8, :16].mean((1, 2)).reshape(-1, 1)
        return bright * np.array([[0.0, 1]], np.float32)


@pytest.fixture
def picture():
    """32x48, dark but for its top left corner."""
    x = np.zeros((1, 3, 32, 48), np.float32)
    x[:, :, :8, :16] = 4
    return x


def sigmoid(value):
    return 1 / (1 + np.exp(-value))


def test_the_class_is_less_probable_where_its_part_is_covered(picture):
    before = picture.copy()
    found = occlusion(Corner().train(), picture, 1)
    assert np.array_equal(picture, before)
    assert found.without == pytest.approx(sigmoid(4)) and found.patch == (8, 12)
    p = found.probabilities
    assert p.shape == (16, 16) and p.dtype == np.float32
    # The parts are 2x3 pixels, the patch reaches 4 rows and 6 columns from the middle of one.
    covered = np.zeros((16, 16), bool)
    covered[:6, :7] = True
    assert (p[covered] < sigmoid(4) - 1e-4).all() and p[~covered] == pytest.approx(sigmoid(4))
    rows, columns = 7, 10  # of the corner, under the patch around (5, 4.5) of 8x12, at (1, -2)
    share = rows * columns / (8 * 16)
    assert p[2, 1] == pytest.approx(sigmoid(share * picture.mean() + (1 - share) * 4), rel=1e-5)


def test_each_channel_gets_its_own_mean():
    x = np.ones((1, 2, 8, 8), np.float32) * np.array([2.0, -3]).reshape(1, 2, 1, 1).astype(np.float32)
    found = occlusion(Corner(), x, 0)
    assert found.probabilities == pytest.approx(found.without)  # nothing changes where all is of one color


def test_of_the_class_that_is_asked_for(picture):
    assert occlusion(Corner(), picture, 0).without == pytest.approx(sigmoid(-4))


def test_in_batches_that_can_be_watched(picture):
    model, seen = Corner(), []

    def watch(batches):
        for batch in batches:
            yield batch
            seen.append(batch)

    occlusion(model, picture, 1, watch)
    assert model.batches == [16] * 16 + [1] and len(seen) == 16


def test_a_picture_of_one_pixel():
    found = occlusion(Corner(), np.ones((1, 3, 1, 1), np.float32), 1)
    assert found.probabilities.shape == (1, 1) and found.patch == (1, 1)


def test_as_many_positions_as_there_is_time_for():
    assert positions(64, 64) == room.MOST == 16 and positions(5, 9) == 5
    assert positions(224, 224) == 15 and positions(512, 512) == 6 and positions(5000, 5000) == room.FEWEST
    for side in (64, 224, 512):
        assert positions(side, side) ** 2 * side**2 <= room.PIXELS


def test_boxes_lie_around_the_middle_of_their_part_and_are_cut_off():
    assert [box(i, 4, 16, 4) for i in range(4)] == [slice(0, 4), slice(4, 8), slice(8, 12), slice(12, 16)]
    assert box(0, 4, 16, 8) == slice(0, 6) and box(3, 4, 16, 8) == slice(10, 18)
    assert box(0, 1, 1, 1) == slice(0, 1)
