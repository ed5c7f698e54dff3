"""The results of all operations are noted while the context lasts, and nothing is afterwards."""

import numpy as np
import pytest
from support import leaf, threads

import minicnn as mc
import minicnn.functional as F
from minicnn import nn
from minicnn.explain import recording
from minicnn.function import Function

CALL = Function.__call__


def test_every_result_is_noted_in_order():
    with recording() as results:
        y = (F.tanh(leaf([1.0, -1.0])) * 2).sum()
    assert [type(function).__name__ for function in results] == ["Tanh", "Mul", "Sum"]
    np.testing.assert_allclose(list(results.values())[1], 2 * np.tanh([1, -1]))
    assert results[y.creator] == y.data


def test_a_result_that_is_overwritten_is_noted_as_it_was():
    with recording() as results:
        h = leaf([1.0, -1.0]) * 3
        F.relu(h, inplace=True)
    assert [list(y) for y in results.values()] == [[3, -3], [3, 0]]


def test_without_a_graph_and_on_threads_too():
    layers = nn.Sequential(nn.Linear(2, 2), nn.ReLU())
    with threads(2), recording() as results, mc.no_grad():
        nn.in_shares(layers, mc.Tensor(np.ones((8, 2), np.float32)))
    assert sorted(type(function).__name__ for function in results) == ["Joined", *["Linear"] * 2, *["ReLU"] * 2]


def test_afterwards_all_is_as_before_also_after_an_error():
    assert Function.__call__ is CALL
    with pytest.raises(ZeroDivisionError), recording() as results:
        assert Function.__call__ is not CALL
        raise ZeroDivisionError
    assert Function.__call__ is CALL
    F.relu(leaf([1.0]))
    assert not results


def test_recordings_in_each_other():
    with recording() as outer:
        with recording() as inner:
            F.relu(leaf([1.0]))
        F.tanh(leaf([1.0]))
    assert (len(outer), len(inner)) == (2, 1) and Function.__call__ is CALL
