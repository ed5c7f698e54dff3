"""Images with the channels last in memory: there and back, without a copy where none is needed."""

import numpy as np

from minicnn.functional.layout import channels_last, channels_second


def test_the_channels_of_a_pixel_are_neighbors():
    x = np.arange(24).reshape(1, 2, 3, 4)  # (N, C, H, W)
    last = channels_last(x)
    assert last.shape == (1, 3, 4, 2)
    assert last.flags.c_contiguous
    np.testing.assert_array_equal(last[0, 1, 2], x[0, :, 1, 2])
    np.testing.assert_array_equal(last.ravel()[:4], [0, 12, 1, 13])


def test_there_and_back_is_the_same_array_and_no_copy():
    last = np.arange(120).reshape(2, 3, 4, 5)
    x = channels_second(last)
    assert x.shape == (2, 5, 3, 4)
    assert np.shares_memory(x, last)
    assert np.shares_memory(channels_last(x), last)
    np.testing.assert_array_equal(channels_last(x), last)
    np.testing.assert_array_equal(channels_second(channels_last(x)), x)
