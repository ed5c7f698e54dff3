"""The paths of operations: by their parameters, as noted while the network ran, or numbered."""

import numpy as np
import pytest
from support import raises

import minicnn as mc
import minicnn.functional as F
from googlenet import GoogLeNet, Inception
from minicnn import nn
from minicnn.explain import names_of_functions
from minicnn.explain.picture.blocks import blocks
from minicnn.explain.picture.operations import operations
from minicnn.explain.picture.paths import in_common, paths_of


def image(*shape):
    return mc.Tensor(np.zeros(shape, np.float32), requires_grad=True)


def paths(y, names):
    listed = operations([y])
    found = blocks([one.inputs for one in listed], [bool(one.parameters) for one in listed])
    return [(one.kind, path) for one, path in zip(listed, paths_of(listed, found, names), strict=True)]


def test_an_inception_block_by_its_parameters():
    network = nn.Sequential(Inception(2, 1, 1, 1, 1, 1, 1, batch_norm=True), nn.ReLU())
    found = paths(network(image(2, 2, 4, 4)), network)
    assert found[0] == ("Input", "") and found[-2:] == [("Concat", "0"), ("ReLU", "")]
    assert ("MaxPool2d", "0.branch4") in found and ("BatchNorm", "0.branch2.1.bn") in found
    assert [path for kind, path in found if kind == "ReLU"] == ["0.branch1", *["0.branch2"] * 2, *["0.branch3"] * 2,
                                                               "0.branch4", ""]  # fmt: skip


def test_operations_between_layers_of_a_module_are_its_own():
    network = nn.Sequential(nn.Sequential(nn.Linear(3, 3), nn.ReLU(), nn.Dropout(0.5), nn.Linear(3, 3)), nn.ReLU())
    found = paths(network(image(2, 3)), network)
    assert found == [("Input", ""), ("Linear", "0.0"), ("ReLU", "0"), ("Dropout", "0"), ("Linear", "0.3"), ("ReLU", "")]


def test_a_layer_gives_its_path_to_nothing_else():
    layer = nn.Sequential(nn.Linear(3, 3))
    y = layer(F.relu(layer(F.tanh(layer(image(2, 3))))))
    assert [path for _, path in paths(y, layer)] == ["", "0", "", "0", "", "0"]


def test_a_bare_layer_has_no_path_and_neither_has_a_foreign_one():
    layer = nn.Linear(3, 3)
    assert paths(layer(image(2, 3)), layer) == paths(layer(image(2, 3)), nn.ReLU()) == [("Input", ""), ("Linear", "")]


def test_what_was_noted_is_taken_as_it_is():
    network = nn.Sequential(nn.Linear(3, 3), nn.ReLU())
    x = image(2, 3)
    with names_of_functions(network) as names:
        y = network(x)
    assert paths(y, {**names, x: "x"}) == [("Input", "x"), ("Linear", "0"), ("ReLU", "1")]


def test_blocks_are_numbered_where_nothing_is_known():
    block = Inception(2, 1, 1, 1, 1, 1, 1)
    found = dict.fromkeys(path for _, path in paths(block(F.relu(image(2, 2, 4, 4))), None))
    assert list(found) == ["", *(f"block 1.branch {n}" for n in (1, 2, 3, 4)), "block 1"]


@pytest.mark.everything("whole networks")
@pytest.mark.parametrize("preset", ["paper", "batchnorm"])
def test_all_of_googlenet_is_where_it_ran_by_its_parameters_too(preset):
    """Except what stands alone at the edge of its module: the ReLU behind batch norm, the pool before a head."""
    network = GoogLeNet(10, preset, 3)
    with names_of_functions(network) as names:
        y = network(image(2, 3, 64, 64))
    for one in y:
        exact, guessed = paths(one, names), paths(one, network)
        for (kind, path), (_, by_parameters) in zip(exact, guessed, strict=True):
            top = by_parameters.partition(".")[0]
            assert top in ("", path.partition(".")[0]), (kind, path, by_parameters)
            if kind in ("Conv2d", "Linear", "Concat"):
                assert by_parameters == path
            if path.startswith("inception"):
                assert by_parameters.split(".")[:2] == path.split(".")[:2]


def test_other_names_are_refused():
    with raises(TypeError, "names: got int, expected the network"):
        paths(image(1), 2)


def test_in_common():
    assert in_common([("a", "b", "c"), None, ("a", "b")]) == ("a", "b")
    assert in_common([("a",), ("b",)]) == () and in_common([None]) is None and in_common([]) is None
