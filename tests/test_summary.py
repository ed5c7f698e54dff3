"""summary: a network as a table."""

import numpy as np
import pytest

import minicnn as mc
import minicnn.functional as F
from googlenet import GoogLeNet
from minicnn import Tensor, nn, rng


def small_network():
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1),
        nn.BatchNorm2d(8),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Sequential(nn.Flatten(), nn.Dropout(0.5), nn.Linear(8 * 4 * 4, 10)),
    )


def test_rows():
    table = mc.summary(small_network(), (3, 8, 8))
    assert [(row.name, row.kind, row.output_shape, row.params) for row in table.rows] == [
        ("0", "Conv2d", [-1, 8, 8, 8], 3 * 8 * 9 + 8),
        ("1", "BatchNorm2d", [-1, 8, 8, 8], 16),
        ("2", "ReLU", [-1, 8, 8, 8], 0),
        ("3", "MaxPool2d", [-1, 8, 4, 4], 0),
        ("4.0", "Flatten", [-1, 128], 0),
        ("4.1", "Dropout", [-1, 128], 0),
        ("4.2", "Linear", [-1, 10], 1290),
    ]
    assert table.total_params == sum(row.params for row in table.rows)


def test_rows_stand_in_the_order_of_the_calls():
    class Backwards(nn.Module):
        def __init__(self):
            self.last = nn.Linear(4, 2)
            self.first = nn.Linear(3, 4)

        def forward(self, x):
            return self.last(F.relu(self.first(x)))

    assert [row.name for row in mc.summary(Backwards(), (3,)).rows] == ["first", "last"]


def test_a_layer_used_twice_has_two_rows_and_its_parameters_count_once():
    class Shared(nn.Module):
        def __init__(self):
            self.layer = nn.Linear(3, 3)

        def forward(self, x):
            return self.layer(self.layer(x))

    table = mc.summary(Shared(), (3,))
    assert [row.name for row in table.rows] == ["layer", "layer"]
    assert table.total_params == 12


def test_a_layer_that_is_not_called_has_no_row_but_its_parameters_count():
    network = nn.Sequential(nn.Linear(3, 3))
    network.spare = nn.Linear(3, 3)
    network.forward = network[0].__call__
    table = mc.summary(network, (3,))
    assert [row.name for row in table.rows] == ["0"]
    assert table.total_params == 24


def test_a_single_layer():
    (row,) = mc.summary(nn.Conv2d(1, 2, 3), (1, 5, 5)).rows
    assert (row.kind, row.output_shape, row.params) == ("Conv2d", [-1, 2, 3, 3], 20)


def test_printed():
    text = str(mc.summary(small_network(), (3, 8, 8)))
    lines = text.splitlines()
    assert lines[0].split() == ["layer", "type", "output", "shape", "parameters"]
    assert len({len(line) for line in lines[:-1]}) == 1  # the columns are even
    conv = next(line for line in lines if "Conv2d" in line)
    assert conv.split("  ")[0] == "0"
    assert "[-1, 8, 8, 8]" in conv
    assert lines[-1] == f"parameters in all: {small_network_params():,}"


def small_network_params():
    return sum(p.data.size for p in small_network().parameters())


def test_the_module_is_left_as_it_was():
    network = small_network()
    network[1].running_mean.data[:] = 3
    before = {name: tensor.data.copy() for name, tensor in network.state_dict().items()}
    state, modes = rng.get_state(), [module.training for module in network.modules()]
    mc.summary(network, (3, 8, 8))
    for name, tensor in network.state_dict().items():
        np.testing.assert_array_equal(tensor.data, before[name], err_msg=name)
    assert rng.get_state() == state
    assert [module.training for module in network.modules()] == modes
    assert all(parameter.grad is None for parameter in network.parameters())
    assert all(not vars(module).get("_forward_hooks") for module in network.modules())


def test_the_module_is_left_as_it_was_after_an_error():
    network = small_network()
    before = network[1].running_mean.data.copy()
    state = rng.get_state()
    with pytest.raises(ValueError, match="conv2d: x has 4 channels"):
        mc.summary(network, (4, 8, 8))
    with pytest.raises(ValueError, match="linear"):
        mc.summary(network, (3, 6, 6))  # batch norm has run, the last layer fails
    np.testing.assert_array_equal(network[1].running_mean.data, before)
    assert network[1].num_batches_tracked.data == 0
    assert rng.get_state() == state
    assert all(not vars(module).get("_forward_hooks") for module in network.modules())


def test_hooks_of_the_users_own_stay():
    network, calls = small_network(), []
    network[0].register_forward_hook(lambda *_: calls.append(1))
    mc.summary(network, (3, 8, 8))
    network(Tensor(np.zeros((1, 3, 8, 8), np.float32)))
    assert len(calls) == 2


def test_a_network_in_float64():
    assert mc.summary(small_network().double(), (3, 8, 8)).rows[-1].output_shape == [-1, 10]


@pytest.fixture(scope="module")
def googlenet_table():
    return mc.summary(GoogLeNet(), (3, 224, 224))


def test_googlenet_in_numbers(googlenet_table):
    assert googlenet_table.total_params == 13_378_280
    assert sum(row.params for row in googlenet_table.rows) == 13_378_280
    without_heads = [row for row in googlenet_table.rows if not row.name.startswith("aux")]
    assert sum(row.params for row in without_heads) == 6_998_552
    assert sum(row.kind == "Conv2d" for row in googlenet_table.rows) == 57 + 2  # 3 + 9 * 6, and one in each head
    shapes = {row.name: row.output_shape for row in googlenet_table.rows}
    assert shapes["conv1.conv"] == [-1, 64, 112, 112]
    assert shapes["conv3.conv"] == [-1, 192, 56, 56]
    assert shapes["maxpool2"] == [-1, 192, 28, 28]
    assert shapes["inception3a.branch4.1.conv"] == [-1, 32, 28, 28]
    assert shapes["inception5b.branch2.1.conv"] == [-1, 384, 7, 7]
    assert shapes["fc"] == [-1, 1000]


def test_googlenet_without_heads():
    table = mc.summary(GoogLeNet(aux_heads=False), (3, 32, 32))
    assert table.total_params == 6_998_552
    assert not any(row.name.startswith("aux") for row in table.rows)


def test_googlenet_fits_on_a_screen_80_columns_wide(googlenet_table):
    lines = str(googlenet_table).splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[-1] == "parameters in all: 13,378,280"
    assert any(line.startswith("inception4e.branch3.1.conv") and "[-1, 128, 14, 14]" in line for line in lines)
