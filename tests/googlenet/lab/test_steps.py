"""The steps from the definition of a convolution to the fast one compute the same."""

import numpy as np
import pytest
from support import channels_last

from googlenet.lab import steps


@pytest.mark.parametrize("arrange", [np.ascontiguousarray, channels_last])
@pytest.mark.parametrize("step", [*steps.ONE_THREAD, *steps.ALL_THREADS], ids=lambda step: step.name)
def test_every_step_is_the_same_convolution(step: steps.Step, arrange) -> None:
    rng = np.random.default_rng(0)
    x, weight = rng.standard_normal((2, 3, 5, 4)), rng.standard_normal((4, 3, 3, 3))
    expected = np.zeros((2, 4, 5, 4))
    for n, k, i, j in np.ndindex(expected.shape):
        for c, u, v in np.ndindex(weight.shape[1:]):
            row, column = i + u - 1, j + v - 1
            if 0 <= row < 5 and 0 <= column < 4:
                expected[n, k, i, j] += weight[k, c, u, v] * x[n, c, row, column]
    y = step.compute(arrange(x), arrange(weight))
    assert y.shape == expected.shape
    np.testing.assert_allclose(y, expected, rtol=1e-12, atol=1e-12)


def test_a_step_that_computes_something_else_is_an_error() -> None:
    wrong = steps.Step("wrong", lambda x, weight: steps.blocks(x, weight) * 1.01, True, None, images=1)
    with pytest.raises(AssertionError, match="Mismatched elements"):
        steps.step_works([wrong])


def test_only_the_part_that_is_computed_counts() -> None:
    quick = steps.ONE_THREAD[0]._replace(compute=steps.blocks)  # the definition takes its time
    whole, part = steps.step_works([steps.ONE_THREAD[-1], quick])
    assert whole.amount == pytest.approx(2e-9 * 16 * 28 * 28 * 128 * 96 * 3 * 3)
    assert part.amount == pytest.approx(2e-9 * 1 * 28 * 28 * 2 * 96 * 3 * 3)
