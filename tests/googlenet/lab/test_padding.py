"""The experiment on pools that round up or down."""

import copy

import pytest
from lab_runs import HIGH, LOW, NOISY, fabricated, runs

from googlenet.lab import padding
from googlenet.model import GoogLeNet
from minicnn import nn


def data(ceil=HIGH, floor=LOW):
    return {**copy.deepcopy(fabricated()["padding"]), "runs": {"ceil": runs(ceil), "floor": runs(floor)}}


def test_what_is_varied(measured, monkeypatch):
    monkeypatch.setattr(padding, "edges", lambda model, size: [[size, model.arguments[1].ceil_mode]])
    found, calls = measured(padding, train={"accuracy": 0.5})
    made = [(a[0], a[1].name, a[1].ceil_mode) for name, a, _ in calls if name == "network"]
    assert made[-4:] == [(seed, "plain", ceil) for seed in (0, 1) for ceil in (True, False)]
    assert [(a[2], o) for name, a, o in calls if name == "train"] == [(s, {"size": 48}) for s in (0, 0, 1, 1)]
    assert found["sizes"] == {s: {"ceil": [[int(s), True]], "floor": [[int(s), False]]} for s in ("224", "48")}
    assert found["runs"] == {"ceil": 2 * [{"accuracy": 0.5}], "floor": 2 * [{"accuracy": 0.5}]}


@pytest.mark.parametrize("ceil, expected", [(True, [[7, 3, 0], [3, 1, 0]]), (False, [[7, 3, 0], [3, 1, 0]])])
def test_odd_sizes_lose_nothing(ceil, expected):
    assert padding.edges(Pools(ceil), 7)[:2] == expected


@pytest.mark.parametrize("ceil, expected", [(True, [[8, 4, 0], [4, 2, 0]]), (False, [[8, 3, 1], [3, 1, 0]])])
def test_even_sizes_lose_a_row_where_it_is_rounded_down(ceil, expected):
    assert padding.edges(Pools(ceil), 8)[:2] == expected


class Pools(nn.Module):
    """Two of the network's pools, and one of no account between them."""

    def __init__(self, ceil):
        self.maxpool1, self.maxpool2 = (nn.MaxPool2d(3, 2, ceil_mode=ceil) for _ in range(2))
        self.between = nn.MaxPool2d(3, 1, 1)

    def forward(self, x):
        return self.maxpool2(self.between(self.maxpool1(x)))


@pytest.mark.everything("long runs")
def test_the_pools_are_the_network_s(small_blocks):
    assert {name for name, _ in GoogLeNet(10, "plain", 1).named_children()} >= set(padding.POOLS)


def test_the_table():
    rows = padding.table(data()).rows
    assert rows[0] == ["maxpool1 at 224", "112 to 56", "112 to 55", "1"]
    assert rows[-1] == ["test % at 48", "91.0 ± 1.0", "81.0 ± 1.0", ""]


def test_what_is_lost():
    found = data()
    found["sizes"]["48"]["floor"] = found["sizes"]["48"]["ceil"]
    assert padding.sentences(found)[0] == (
        "Rounding down at 224x224 leaves out rows and columns (maxpool1 1 of 112, maxpool4 1 of 13) and ends with 6x6 "
        "in place of 7x7; at 48x48 leaves out nothing and ends with 7x7 in place of 7x7."
    )


@pytest.mark.parametrize(
    "ceil, floor, said",
    [(HIGH, LOW, "10.0 points above that with floor, beyond"), (LOW, HIGH, "10.0 points below that with floor, beyond"),
     (NOISY, LOW, "4.0 points above that with floor, which is within the noise")],
)  # fmt: skip
def test_accuracies_are_compared(ceil, floor, said):
    assert said in padding.sentences(data(ceil, floor))[1]
