"""What is computed inside leaves random state and running statistics as they were, also after an error."""

import numpy as np
import pytest
from support import fetch

import minicnn as mc
import minicnn.functional as F
from minicnn import nn, rng
from minicnn.nn.undisturbed import undisturbed


def test_after_an_error_all_is_as_it_was(device):
    layer = nn.BatchNorm2d(3).to(device)
    x = mc.tensor(np.arange(24, dtype=np.float32).reshape(2, 3, 2, 2), device=device)
    arrays = [buffer.data for _, buffer in layer.named_buffers()]
    before, random_state = [fetch(array).copy() for array in arrays], rng.get_state()
    with pytest.raises(ZeroDivisionError), undisturbed(layer):
        F.dropout(layer(x), 0.5, training=True)
        assert rng.get_state() != random_state
        assert not np.array_equal(fetch(layer.running_mean.data), before[0])
        raise ZeroDivisionError
    assert rng.get_state() == random_state
    for (_, buffer), array, expected in zip(layer.named_buffers(), arrays, before, strict=True):
        assert buffer.data is array
        np.testing.assert_array_equal(fetch(buffer.data), expected)
