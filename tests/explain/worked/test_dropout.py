"""dropout, in numbers."""

import numpy as np
import pytest
from worked_examples import array, compared, example, trace

import minicnn as mc
import minicnn.functional as F
from minicnn import nn, rng
from minicnn.tensor import Tensor

X = np.arange(1.0, 13).reshape(3, 4)


def test_the_mask_is_that_of_the_librarys_next_dropout():
    mc.manual_seed(3)
    F.dropout(Tensor(X))
    state = rng.get_state()
    e = example(F.dropout, X, 0.4)
    assert rng.get_state() == state
    assert "draw 2 of seed 3" in str(e)
    assert np.array_equal(array(e, "y"), F.dropout(Tensor(X), 0.4).data)
    assert np.array_equal(array(e, "kept"), array(e, "uniform") >= 0.4)


def test_the_average_and_the_gradient():
    mc.manual_seed(0)
    e = example("dropout")
    assert trace(e, "average of y[1,2]") == (-1, [0, -1])
    assert np.array_equal(array(e, "grad_x"), array(e, "grad_y") * array(e, "mask"))
    assert set(np.unique(array(e, "mask"))) == {0, 1.25}


@pytest.mark.parametrize("p, training", [(0.5, False), (0, True)])
def test_where_there_is_nothing_to_do(p, training):
    e = example(F.dropout, X, p, training)
    assert compared(e) == {"y": ["x", "F.dropout"], "grad_x": ["grad_y", "F.dropout's backward"]}


def test_all_is_dropped():
    assert not array(example(F.dropout, X, 1), "y").any()


def test_a_layer_in_evaluation():
    assert "Nothing to do" in str(example(nn.Dropout(0.4).eval(), X))
