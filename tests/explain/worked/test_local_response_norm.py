"""local_response_norm, in numbers."""

import numpy as np
import pytest
from worked_examples import array, example, trace

import minicnn.functional as F
from minicnn import nn
from minicnn.tensor import Tensor


def test_the_example():
    e = example("local_response_norm")
    assert trace(e, "the sum of squares at [1,2]") == (13, [4, 9, 0])
    assert trace(e, "s[1,2]") == (7.5, [1, 6.5])
    assert trace(e, "y[1,2]")[0] == pytest.approx(3 * 7.5**-0.75)
    assert len(trace(e, "grad_x[1,2]")[1]) == 1 + 3  # directly, and through s of three channels


@pytest.mark.parametrize("size, forward, backward", [(1, 1, 1), (2, 2, 2), (4, 3, 4), (9, 5, 5)])
def test_the_way_back_has_the_window_seen_from_the_other_side(size, forward, backward):
    """Channel 1 of 5: an even window reaches one channel further down than up."""
    x = np.arange(1.0, 11).reshape(1, 5, 1, 2)
    e = example(F.local_response_norm, x, size, 0.5, 0.75, 2.0, at=(0, 1, 0, 1))
    assert len(trace(e, "the sum of squares at [1,1]")[1]) == forward
    assert len(trace(e, "grad_x[1,1]")[1]) == 1 + backward
    assert trace(e, "y[1,1]")[0] == pytest.approx(
        F.local_response_norm(Tensor(x), size, 0.5, 0.75, 2.0).data[0, 1, 0, 1]
    )


def test_a_layer_with_the_numbers_of_googlenet():
    e = example(nn.LocalResponseNorm(5), np.ones((1, 7, 3)))
    assert "alpha is divided by size, as in Caffe and PyTorch: 0.0001 / 5 = 2e-05" in str(e).replace("\n", " ")
    assert array(e, "sums of x^2").max() == 5
