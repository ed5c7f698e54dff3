import itertools

import numpy as np
import pytest

from minicnn.functional.windows import Windows, sliding_max, sliding_max_backward, sliding_sum, sliding_sum_backward


def windows(size, kernel, stride, padding, ceil_mode=False):
    w = Windows("pool", kernel, stride, padding, ceil_mode)
    w.fit(np.empty((1, 1, *size)))
    return w


GEOMETRIES = [
    ((4, 5), (2, 2), (1, 1), (0, 0)),
    ((4, 5), (3, 3), (1, 1), (1, 1)),
    ((5, 7), (3, 3), (2, 2), (0, 0)),
    ((5, 6), (3, 2), (2, 3), (1, 0)),
    ((3, 4), (4, 5), (3, 2), (2, 1)),
]


@pytest.mark.parametrize(("size", "kernel", "stride", "padding"), GEOMETRIES)
def test_phases_hold_the_padded_image_dealt_out_by_the_stride(size, kernel, stride, padding):
    """phases[s, r, p, a, b] = padded[p, a*SH + r, b*SW + s], and image() puts them together again."""
    w = windows(size, kernel, stride, padding, ceil_mode=True)
    planes = np.random.default_rng(0).standard_normal((2, *size))
    phases = w.phases(planes, fill=-99.0)
    inside = 0
    for s, r, p, a, b in np.ndindex(phases.shape):
        row, column = a * stride[0] + r - padding[0], b * stride[1] + s - padding[1]
        in_image = 0 <= row < size[0] and 0 <= column < size[1]
        assert phases[s, r, p, a, b] == (planes[p, row, column] if in_image else -99.0)
        inside += in_image
    assert inside == planes.size, "a pixel is missing"
    np.testing.assert_array_equal(w.image(phases), planes)


def test_stride_one_without_a_frame_copies_nothing():
    w = windows((4, 5), (2, 3), (1, 1), (0, 0))
    planes = np.ones((3, 4, 5))
    assert np.shares_memory(w.phases(planes, 0), planes)
    assert np.shares_memory(w.image(w.phases(planes, 0)), planes)


def test_the_frame_on_the_right_is_narrower_by_the_one_on_the_left():
    """What runs over the end of a row finds the frame at the start of the next."""
    assert windows((5, 7), (3, 5), (1, 1), (1, 2)).phase_size == (6, 9)
    assert windows((6, 8), (5, 5), (2, 2), (2, 2)).phase_size == (4, 5)


@pytest.mark.parametrize("kernel", [3, 5])
def test_one_pixel_in_a_wide_frame(kernel):
    """Most offsets in the window are beyond the end of the memory."""
    x = np.full((1, 1, 1), 7.0)
    w = windows((1, 1), (kernel, kernel), (1, 1), (kernel // 2, kernel // 2))
    row_sums = sliding_sum(w.phases(x, 0), kernel, step=1)
    np.testing.assert_array_equal(w.kept(sliding_sum(row_sums, kernel, step=w.phase_size[1])), x)
    row_maxima = sliding_max(w.phases(x, -np.inf), kernel, step=1)
    np.testing.assert_array_equal(w.kept(sliding_max(row_maxima, kernel, step=w.phase_size[1])), x)


def test_kept_and_spread_are_adjoint():
    w = windows((5, 7), (3, 3), (2, 2), (1, 1))
    everywhere = np.random.default_rng(0).standard_normal((2, *w.phase_size))
    y = np.random.default_rng(1).standard_normal((2, *w.places))
    assert (w.kept(everywhere) * y).sum() == pytest.approx((everywhere * w.spread(y)).sum())


@pytest.mark.parametrize(("length", "stride"), list(itertools.product([1, 2, 3, 5], [1, 2, 3])))
def test_sliding(length, stride):
    """Along one row: with stride S, offset u of window i is element i + u // S of phase u % S."""
    n = 8
    x = np.random.default_rng(0).integers(-3, 4, (stride, n)).astype(float)
    elements = {i: [x[u % stride, i + u // stride] for u in range(length)] for i in range(n - (length - 1) // stride)}
    maxima, sums = sliding_max(x, length, step=1), sliding_sum(x, length, step=1)
    for i, window in elements.items():
        assert maxima[i] == max(window)
        assert sums[i] == sum(window)

    grad_y = np.zeros(n)
    grad_y[: len(elements)] = np.random.default_rng(1).integers(1, 9, len(elements))
    grad_of_sum, grad_of_max = np.zeros_like(x), np.zeros_like(x)
    for i, window in elements.items():
        for u in range(length):
            grad_of_sum[u % stride, i + u // stride] += grad_y[i]
        first = window.index(max(window))
        grad_of_max[first % stride, i + first // stride] += grad_y[i]
    np.testing.assert_array_equal(sliding_sum_backward(grad_y, length, stride, step=1), grad_of_sum)
    np.testing.assert_array_equal(sliding_max_backward(grad_y.copy(), maxima, x, length, step=1), grad_of_max)
