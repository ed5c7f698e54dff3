"""The solutions of chapter 4 agree with the library, and with its gradient check."""

import numpy as np
import pytest

import minicnn as mc
import minicnn.functional as F
from exercises.catalog import find_exercise
from minicnn.functional.pooling import Windows


def tensor(*shape):
    return mc.Tensor(np.random.default_rng(0).standard_normal(shape), requires_grad=True)


@pytest.mark.parametrize(("kernel", "stride"), [(2, 2), (3, 1), (3, 2), (1, 2)])
@pytest.mark.parametrize("name", ["max_pool2d", "avg_pool2d"])
def test_pools(name, kernel, stride):
    answer, x = find_exercise(name).solution, tensor(2, 3, 6, 7)
    np.testing.assert_allclose(answer(kernel, stride)(x).data, getattr(F, name)(x, kernel, stride).data)
    assert mc.gradcheck(lambda t: answer(kernel, stride)(t), x)


def test_global_avg_pool():
    answer, x = find_exercise("global_avg_pool").solution, tensor(2, 3, 4, 5)
    np.testing.assert_allclose(answer()(x).data, F.adaptive_avg_pool2d(x, 1).data)
    assert mc.gradcheck(lambda t: answer()(t), x)


@pytest.mark.parametrize("name", ["concat", "wrong_seam"])
def test_concat(name):
    answer, tensors = find_exercise(name).solution, [tensor(2, c, 3, 2) for c in (2, 1, 3)]
    options = (1,) if name == "concat" else ()
    np.testing.assert_array_equal(answer(*options)(*tensors).data, F.concat(tensors).data)
    assert mc.gradcheck(lambda *t: answer(*options)(*t), tensors)


def test_split():
    answer, x = find_exercise("split").solution, tensor(2, 4, 3, 2)
    np.testing.assert_array_equal(answer(1, 3)(x).data, x.data[:, 1:3])
    assert mc.gradcheck(lambda t: answer(1, 3)(t), x)


@pytest.mark.parametrize("ceil_mode", [False, True])
def test_ceil_mode_has_the_library_s_windows(ceil_mode):
    answer = find_exercise("ceil_mode").solution
    for size, kernel, stride in np.ndindex(12, 4, 4):
        size, kernel, stride = size + 4, kernel + 1, stride + 1
        for padding in range(kernel // 2 + 1):
            windows = Windows("pool", (kernel, 1), (stride, 1), (padding, 0), ceil_mode)
            windows.fit(np.zeros((1, 1, size, 1)))
            expected = np.zeros((windows.places[0], size), bool)
            for (_, outputs), (_, pixels) in windows.rows:
                expected[np.arange(len(expected))[outputs], np.arange(size)[pixels]] = True
            found = np.zeros_like(expected)
            for row, (start, stop) in zip(found, answer(size, kernel, stride, padding, ceil_mode), strict=True):
                row[start:stop] = True
            np.testing.assert_array_equal(found, expected)
