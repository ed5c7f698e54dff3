"""What is told of a network by its arrays alone."""

import dataclasses

import numpy as np
import pytest

from googlenet.data.preprocessing import Preprocessing
from googlenet.weights.foreign import Foreign


def network(**arrays):
    state = {"fc.weight": np.ones((7, 1024)), "conv1.conv.weight": np.ones((64, 3, 5, 5)), **arrays}
    return Foreign("caffe", "paper", state, Preprocessing(224))


def test_what_the_shapes_tell():
    found = network()
    assert (found.num_classes, found.in_channels, found.aux_heads) == (7, 3, False)
    assert type(found.in_channels) is int
    assert network(**{"aux1.fc1.weight": np.ones((1024, 2048))}).aux_heads
    assert not network(**{"aux1.fc1.bias": np.ones(1024)}).aux_heads


def test_what_a_file_need_not_have():
    assert (network().classes, network().notes) == (None, ())


def test_it_stays_as_it_was_read():
    with pytest.raises(dataclasses.FrozenInstanceError):
        network().preset = "plain"
