"""batch_norm, in numbers."""

import numpy as np
import pytest
from support import raises
from worked_examples import array, compared, example, trace

import minicnn as mc
import minicnn.functional as F
from minicnn import nn


def test_the_three_paths_of_the_gradient():
    e = example("batch_norm")
    assert array(e, "mean").tolist() == [3, 4] and array(e, "variance").tolist() == [4, 14]
    paths = [array(e, f"through {what}") for what in ("x", "mean", "variance")]
    assert np.allclose(sum(paths), array(e, "grad_x")) and not any(np.allclose(path, 0) for path in paths)
    value, parts = trace(e, "grad_x[3,1]")
    assert parts == pytest.approx([path[3, 1] for path in paths]) and value == pytest.approx(sum(parts))


def test_running_statistics_move_in_a_copy():
    mean, var = np.array([1.0, 2.0]), np.array([1.0, 4.0])
    x = np.array([[1.0, 0], [5, 2], [5, 4], [1, 10]])
    e = example(F.batch_norm, x, mean, var, training=True, momentum=0.5)
    assert trace(e, "running_mean[1]")[0] == pytest.approx(3)
    assert trace(e, "running_var[1]")[0] == pytest.approx(0.5 * 4 + 0.5 * 14 * 4 / 3)
    assert (mean.tolist(), var.tolist()) == ([1, 2], [1, 4])


def test_in_evaluation_there_is_one_path():
    e = example("batch_norm", training=False)
    assert len(trace(e, "grad_x[3,1]")[1]) == 1 and "one path" in str(e)
    assert array(e, "y")[3].tolist() == pytest.approx([0, 7], abs=1e-4)


@pytest.mark.parametrize("training", [True, False])
def test_a_layer(training):
    layer = nn.BatchNorm2d(3)
    layer.training = training
    e = example(layer, np.arange(24.0).reshape(2, 3, 2, 2) ** 1.5, at=(1, 2, 0, 1))
    assert trace(e, "grad_x[5,2]")
    assert layer.running_mean.data.tolist() == [0, 0, 0] and layer.weight.grad is None


def test_no_statistics_no_weight_no_bias():
    e = example(F.batch_norm, np.array([[1.0, 2], [3, 5]]), training=True)
    assert not any("running" in what for what in compared(e))


@pytest.mark.parametrize("x, arguments, says", [
    (np.ones((1, 2)), {}, "expected more than one value a channel"),
    (np.ones((4, 2)), {"eps": 0.0}, "variance + eps of a channel is not above 0"),
])  # fmt: skip
def test_what_cannot_be_normalized_is_refused(x, arguments, says):
    with raises(ValueError, "batch_norm: ...", says):
        mc.explain(F.batch_norm, x, training=True, **arguments)


@pytest.mark.parametrize("size, offset", [(1e-3, 0), (1, 1e6)])
def test_gradients_of_a_channel_add_up_to_0_but_for_rounding(size, offset):
    x = offset + size * np.random.default_rng(0).standard_normal((40, 2, 20, 1))
    e = example(F.batch_norm, x, weight=[1e3, 1], eps=1e-12, training=True)
    assert "the sum of grad_x over a channel" in compared(e)
