"""The operations behind tensors, and the memory that they hold, against what Python has allocated."""

import gc
import tracemalloc

import numpy as np
import pytest
from support import leaf, put, raises, tensor, threads

import minicnn as mc
import minicnn.functional as F
from minicnn import nn
from minicnn.explain.picture.operations import arrays_in, operations


def listed(y):
    return [(one.kind, one.inputs, one.shape) for one in operations([y])]


def test_inputs_come_first_and_parameters_stand_in_their_operation():
    layer, x = nn.Linear(3, 2), mc.Tensor(np.ones((4, 3), np.float32), requires_grad=True)
    found = operations([F.relu(layer(x)) + 1])
    assert [(one.kind, one.inputs) for one in found] == [("Input", ()), ("Linear", (0,)), ("ReLU", (1,)), ("Add", (2,))]
    assert found[1].parameters == (layer.weight, layer.bias) and found[1].shape == (4, 2)
    assert found[0].at == (x,)


def test_windows_in_words():
    x = tensor(1, 2, 9, 9, requires_grad=True)
    y = F.max_pool2d(F.avg_pool2d(F.max_pool2d(x, 3, 1), 2), (2, 1), (2, 1))
    assert [one.window for one in operations([y])] == ["", "3x3", "2x2, stride 2", "2x1, stride 2x1"]


def test_several_outputs_share_what_is_behind_them():
    x = leaf([1.0, 2.0])
    h = x.exp()
    assert listed(h) == [("Input", (), (2,)), ("Exp", (0,), (2,))]
    found = operations([h * 2, h + 1, h, x])
    assert [(one.kind, one.inputs) for one in found] == [("Input", ()), ("Exp", (0,)), ("Mul", (1,)), ("Add", (1,))]


def test_a_leaf_is_all_there_is():
    assert listed(leaf([1.0, 2.0])) == listed(nn.Parameter(np.ones(2))) == [("Input", (), (2,))]


def block(x):
    """Convolutions, whose results a concat keeps for them; a pool, in place, reshapes, a loss."""
    conv = F.conv2d(x, tensor(4, 3, 3, 3, requires_grad=True), padding=1, relu=True)
    y = F.concat([conv, F.max_pool2d(x, 3, 1, 1), F.local_response_norm(conv, 3)])
    y = F.relu(y * 2, inplace=True)
    return F.cross_entropy(F.dropout(F.flatten(y), 0.5), np.zeros(len(x), int)) + (y.mean() / 3)


def test_bytes_are_those_that_stay_allocated():
    x = tensor(10, 3, 16, 16, requires_grad=True)
    block(x)
    gc.freeze()  # what was there before is not searched: among all that a long run of tests keeps, that takes a while
    tracemalloc.start()
    try:
        y = block(x)
        gc.collect()
        allocated = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
        gc.unfreeze()
    kept = sum(one.kept for one in operations([y]))
    assert kept - x.data.nbytes == pytest.approx(allocated, rel=0.03)


def test_memory_is_counted_once_and_parameters_are_not():
    w = nn.Parameter(np.ones((50, 50)))
    x = leaf(np.ones((50, 50)))
    product = x @ w
    assert [one.kept for one in operations([product])] == [0, x.data.nbytes]
    twice = x * x
    assert [one.kept for one in operations([twice * twice])] == [0, x.data.nbytes, twice.data.nbytes]
    view = x.reshape(2500)
    assert [one.kept for one in operations([view * x.reshape(2500)])][-1] == x.data.nbytes


def test_arrays_are_found_in_tuples_lists_and_dicts():
    a, b, c = np.ones(1), np.ones(2), np.ones(3)
    assert list(arrays_in({"x": a, "y": [1, (b, None)], "z": {"deep": c}, "n": "text"})) == [a, b, c]


class Shared(nn.Module):
    def __init__(self):
        self.layers = nn.Sequential(nn.Conv2d(2, 4, 3), nn.ReLU(), nn.MaxPool2d(2))

    def forward(self, x):
        return F.flatten(nn.in_shares(self.layers, x))


@pytest.mark.parametrize("requires_grad", [True, False])
def test_shares_are_opened_as_if_one_thread_had_done_all(requires_grad):
    network = Shared()
    x = tensor(9, 2, 6, 6, dtype=np.float32, requires_grad=requires_grad)
    with threads(1):
        alone = operations([network(x)])
    with threads(2):
        y = network(x)
        together = operations([y])
    for field in ("kind", "inputs", "shape", "parameters", "window"):
        assert [getattr(one, field) for one in together] == [getattr(one, field) for one in alone], field
    assert [len(one.at) for one in together] == [1] * requires_grad + [2, 2, 2, 1]
    kept = [sum(one.kept for one in found) for found in (together, alone)]
    assert kept[0] == pytest.approx(kept[1], rel=0.1)
    assert [one.kind for one in operations([y], open_shares=False)] == ["Input"] * requires_grad + ["Joined", "Reshape"]


def test_what_has_no_graph_any_more_is_refused():
    x = leaf([1.0, 2.0])
    h = x * 2
    one, other = (h * 3).sum(), (h * 4).sum()
    one.backward()
    with raises(ValueError, "graph: the graph was freed by backward() (at mul)", "retain_graph=True"):
        operations([other])


def test_on_a_device(device):
    x = mc.Tensor(put(np.ones((3, 4), np.float32), device), requires_grad=True)
    assert [one.kept for one in operations([(x * x).sum()])] == [0, 48, 0]
