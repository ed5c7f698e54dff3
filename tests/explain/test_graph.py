"""The graph as nodes: what has run, in what order, with which windows; and the module that each operation ran in."""

import numpy as np
import pytest
from support import raises

import minicnn as mc
import minicnn.functional as F
from minicnn import nn
from minicnn.explain import graph, names_of_functions


def image(channels=2, size=6):
    return mc.Tensor(np.zeros((2, channels, size, size), np.float32), requires_grad=True)


def operations(nodes):
    return [(node.operation, node.inputs) for node in nodes]


def test_branches_come_in_the_order_in_which_they_are_taken():
    x = image()
    nodes = graph(F.concat([F.relu(x), F.max_pool2d(F.sigmoid(x), 3, 1, 1), x]))
    assert operations(nodes) == [
        ("Input", ()), ("ReLU", (0,)), ("Sigmoid", (0,)), ("MaxPool2d", (2,)), ("Concat", (1, 3, 0))
    ]  # fmt: skip
    assert [node.shape for node in nodes] == [(2, 2, 6, 6)] * 4 + [(2, 6, 6, 6)]


def test_windows_options_and_parameters():
    layers = nn.Sequential(nn.Conv2d(2, 5, (3, 1), (2, 1), (1, 0), relu=True), nn.BatchNorm2d(5),
                           nn.AvgPool2d(2), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.3),
                           nn.Linear(5, 3, bias=False))  # fmt: skip
    y = layers(image())
    conv, norm, pool, adaptive, flatten, dropout, linear, scale = graph(0.5 * y)[1:]
    assert (conv.kernel, conv.stride, conv.padding) == ((3, 1), (2, 1), (1, 0))
    assert (pool.kernel, pool.stride, pool.padding) == ((2, 2), (2, 2), (0, 0))
    assert (norm.kernel, norm.stride, norm.padding) == (None, None, None)
    assert [node.parameters for node in (conv, norm, pool, linear)] == [5 * 2 * 3 + 5, 10, 0, 15]
    assert conv.options["relu"] is True and dropout.options == {"p": 0.3} and scale.options == {"factor": 0.5}
    assert adaptive.options == {} and adaptive.shape == (2, 5, 1, 1)
    assert flatten.operation == "Reshape" and (linear.shape, scale.shape) == ((2, 3), (2, 3))


def test_a_parameter_that_two_layers_share_counts_in_both():
    layer = nn.Linear(4, 4)
    nodes = graph(layer(layer(mc.Tensor(np.zeros((1, 4), np.float32), requires_grad=True))))
    assert operations(nodes) == [("Input", ()), ("Linear", (0,)), ("Linear", (1,))]
    assert [node.parameters for node in nodes] == [0, 20, 20]


def test_a_product_of_two_results_has_no_factor():
    x = image()
    assert graph(F.relu(x) * F.sigmoid(x))[-1].options == {}


def test_what_has_no_graph_is_refused():
    with raises(ValueError, "graph: nothing is remembered", "must require a gradient"):
        graph(F.relu(mc.Tensor(np.zeros(3, np.float32))))


def test_a_graph_may_be_deep():
    y = x = mc.Tensor(np.zeros(1, np.float32), requires_grad=True)
    for _ in range(5000):
        y = F.relu(y)
    assert len(graph(y)) == 5001 and x.grad is None


class Inner(nn.Module):
    def __init__(self):
        self.conv = nn.Conv2d(2, 2, 1)

    def forward(self, x):
        return {"kept": [F.sigmoid(self.conv(F.tanh(x)))]}


class Outer(nn.Module):
    def __init__(self):
        self.inner = Inner()

    def forward(self, x):
        x = F.exp(x)
        return self.inner(x)["kept"][0] + x


def test_each_operation_has_the_innermost_module_that_it_ran_in():
    network = Outer()
    with names_of_functions(network) as names:
        y = F.relu(network(image()))
    found = [(node.operation, node.name) for node in graph(y, names)]
    assert found == [
        ("Input", ""), ("Exp", ""), ("Tanh", "inner"), ("Conv2d", "inner.conv"), ("Sigmoid", "inner"), ("Add", ""),
        ("ReLU", ""),
    ]  # fmt: skip
    assert not network.has_hooks()


def test_hooks_go_when_the_network_fails():
    network = Outer()
    with pytest.raises(ValueError), names_of_functions(network):
        network(image(channels=3))
    assert not network.has_hooks()
