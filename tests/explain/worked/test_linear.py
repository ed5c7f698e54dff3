"""linear, in numbers."""

import numpy as np
import pytest
from support import raises
from worked_examples import array, compared, example, trace

import minicnn as mc
import minicnn.functional as F
from minicnn import nn


def test_the_example():
    e = example("linear")
    assert array(e, "y").tolist() == [[-2, 3], [6, 4]]
    assert trace(e, "y[1,1]") == (4, [-2, 0, 3, 3])
    assert trace(e, "grad_x[1,1]") == (10, [1, 9])
    assert trace(e, "grad_weight[1,1]") == (7, [4, 3])
    assert trace(e, "grad_bias[1]") == (5, [2, 3])
    assert compared(e)["grad_weight"] == ["matrix product", "F.linear's backward", "differences"]


def test_a_layer_and_more_axes():
    x, layer = mc.Tensor(np.arange(24).reshape(2, 4, 3) / 8), nn.Linear(3, 2)
    e = example(layer, x, at=(1, 2, 0))
    assert trace(e, "y[6,0]")[0] == pytest.approx(layer(mc.Tensor(x.data.astype(np.float32))).data[1, 2, 0], rel=1e-6)
    assert layer.weight.grad is None


def test_one_row_and_no_bias():
    e = example(F.linear, [1.0, 2.0], [[3.0, 4.0]])
    assert trace(e, "y[0,0]") == (11, [3, 8])
    assert "grad_bias" not in compared(e)


@pytest.mark.parametrize("given, shape", [({"x": np.ones((2, 5))}, (2, 2)), ({"weight": np.ones((4, 2))}, (2, 4))])
def test_the_rest_of_the_example_fits_what_is_given(given, shape):
    assert array(example("linear", **given), "y").shape == shape


def test_what_does_not_fit_is_refused():
    with raises(ValueError, "linear: x has shape (1, 3), weight (1, 2)"):
        mc.explain(F.linear, np.ones((1, 3)), np.ones((1, 2)))
    with raises(ValueError, "linear: at is (0, 5), but the output has shape (1, 2)"):
        mc.explain(F.linear, np.ones((1, 3)), np.ones((2, 3)), at=(0, 5))
    with raises(ValueError, "linear: x has an inf or a nan"):
        mc.explain(F.linear, np.array([[np.nan, 1]]), np.ones((1, 2)))
