from dataclasses import replace

import numpy as np
import pytest
from explorer_networks import small_run

from googlenet.explorer.opening import as_map, channels_of, consumers, first_channel, open_channels, sources, strongest
from googlenet.explorer.run import Place, Run
from minicnn.explain import Node


def opened(run=None, channels=4, full=False, chosen=None):
    run = run or small_run()
    return open_channels(run, {p.number for p in run.places} if chosen is None else chosen, channels, full)


def named(name, operation):
    return next(p for p in small_run().places if p.node.name == name and p.node.operation == operation)


def test_channels_are_followed_until_they_are_mixed():
    """What a place needs of the places before it is open there, where it is made of one channel."""
    run, found = small_run(), opened()
    for place in run.places:
        if place.node.operation not in ("Conv2d", "Linear", "Input", "CrossEntropy"):
            needed = {source for c in found[place.number] for source in sources(run, place, c)}
            assert needed == {(n, c) for n in place.node.inputs for c in found[n] if (n, c) in needed}
            for number in place.node.inputs:
                if place.node.operation != "GetItem":
                    assert [c for n, c in sorted(needed) if n == number] == found[number]


def test_how_many_there_are():
    found = opened()
    assert found[0] == [0, 1, 2]  # the picture has all
    assert len(found[named("conv1.conv", "Conv2d").number]) == 4
    assert found[named("maxpool1", "MaxPool2d").number] == found[named("conv1.conv", "Conv2d").number]
    assert len(found[named("inception3a", "Concat").number]) == 4  # one of each branch
    assert len(found[named("inception3a.branch2.0.conv", "Conv2d").number]) == 3  # all that it has
    assert opened(channels=2)[named("fc", "Linear").number] == [0, 1, 2]  # logits
    flat = named("aux1.0", "Conv2d").number + 1
    assert len(found[flat]) == 4 * len(found[flat - 1]) == 12  # four pixels of each channel
    assert found[len(found) - 1] == [0]


def test_all_of_them_and_none():
    run = small_run()
    assert opened(full=True) == {p.number: list(range(len(as_map(p.y)))) for p in run.places}
    some = opened(chosen={3, 5})
    assert some[3] == opened()[3] and some[5] == opened()[5] and not any(some[n] for n in some if n not in (3, 5))


def a_place(y, total=None):
    return Place(0, Node("Conv2d", "", (), y.shape), None, y, {"total": y if total is None else total}, {}, None)


@pytest.mark.parametrize(
    ("picture", "size", "count"),
    [(224, 112, 2), (224, 56, 2), (224, 28, 2), (224, 14, 8), (64, 32, 8), (128, 64, 2), (128, 32, 6), (32, 1, 8)],
)
def test_fewer_of_large_maps(picture, size, count):
    run = Run([a_place(np.zeros((3, picture, picture)))], {}, {}, 0, False)
    assert channels_of(a_place(np.zeros((9, size, size))), run, 8) == count
    assert channels_of(a_place(np.zeros((9, size, size))), run, 3) == min(count, 3)


def test_the_strongest_by_result_and_by_gradient_in_turn():
    y, gradient = np.zeros((6, 2, 2)), np.zeros((6, 2, 2))
    y[:, 1, 0], gradient[:, 0, 1] = [1, -9, 3, 2, 0, 0], [0, 7, 1, 2, -8, 0]
    found = [strongest(a_place(y, gradient), n) for n in (1, 2, 3, 4)]
    assert found == [[1], [1, 4], [1, 2, 4], [1, 2, 3, 4]]


def test_batch_norm_and_relu_tell_the_strength_of_a_convolution():
    run, conv = small_run(), named("inception3a.branch2.1.conv", "Conv2d")
    relu = run.places[conv.number + 2]
    assert relu.node.operation == "ReLU"
    for channel in range(4):
        y = np.zeros_like(relu.y)
        y[channel] = 1
        places = [replace(p, y=y) if p is relu else p for p in run.places]
        assert opened(replace(run, places=places))[conv.number] == [channel]


def test_where_channels_come_from():
    run = small_run()
    concat = named("inception3a", "Concat")
    sizes = [len(run.places[n].y) for n in concat.node.inputs]
    assert sources(run, concat, sizes[0]) == [(concat.node.inputs[1], 0)]
    assert sources(run, concat, sum(sizes) - 1) == [(concat.node.inputs[3], sizes[3] - 1)]
    taken = [p for p in run.places if p.node.operation == "GetItem"]
    assert [first_channel(p) for p in taken] == [0, 1, 2]
    assert sources(run, taken[2], 0) == [(0, 2)]
    flat = run.places[named("aux1.0", "Conv2d").number + 1]
    assert [sources(run, flat, c)[0][1] for c in (0, 3, 4, 5, 11)] == [0, 0, 1, 1, 2]
    assert [len(consumers(run)[p.number]) for p in (concat, taken[0], run.places[-1])] == [5, 1, 0]


def test_as_map():
    assert [as_map(np.zeros(shape)).shape for shape in ((), (5,), (2, 3, 4))] == [(1, 1, 1), (5, 1, 1), (2, 3, 4)]
