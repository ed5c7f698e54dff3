"""The experiment on reductions."""

import copy
import tracemalloc

import numpy as np
import pytest
from lab_runs import HIGH, LOW, NOISY, fabricated, runs

from googlenet.inception import Inception, NaiveInception
from googlenet.lab import reduction


def data(naive=LOW, reduced=HIGH):
    found = copy.deepcopy(fabricated()["reduction"])
    found["runs"] = {"naive": runs(naive, cpu=50.0), "reduced": runs(reduced, cpu=10.0)}
    return found


def test_what_is_varied(measured, monkeypatch):
    seen = []
    monkeypatch.setattr(reduction, "figures", lambda block, image, rounds: seen.append((type(block), image, rounds)))
    monkeypatch.setattr(reduction, "size_of", lambda model, image: (model.arguments[1].reductions, image))
    found, calls = measured(reduction, train={"accuracy": 0.5})
    images = (192, 28, 28), (480, 14, 14), (832, 7, 7)
    assert seen == [(kind, image, 5) for image in images for kind in (NaiveInception, Inception)]
    made = [(a[0], a[1].name, a[1].reductions) for name, a, _ in calls if name == "network"]
    assert made[2:] == [(seed, "plain", with_them) for seed in (0, 1) for with_them in (False, True)]
    assert [(a[2], o) for name, a, o in calls if name == "train"] == [(s, {"epochs": 2}) for s in (0, 0, 1, 1)]
    assert found["network"] == {"naive": (False, (1, 32, 32)), "reduced": (True, (1, 32, 32))}
    assert found["runs"] == {"naive": 2 * [{"accuracy": 0.5}], "reduced": 2 * [{"accuracy": 0.5}]}


def test_multiply_adds_and_weights_are_counted_in_the_block():
    found = reduction.figures(NaiveInception(8, 2, 3, 4), (8, 5, 5), rounds=1)
    weights = 8 * (2 * 1 + 3 * 9 + 4 * 25)
    assert (found["multiply_adds"], found["weights"]) == (25 * weights, weights + 2 + 3 + 4)
    assert found["cpu"] > 0


def test_the_fastest_round_counts(monkeypatch):
    times = iter([0.0, 5.0, 10.0, 12.0, 20.0, 23.0])
    monkeypatch.setattr(reduction.time, "process_time", lambda: next(times))
    assert reduction.figures(NaiveInception(1, 1, 1, 1), (1, 3, 3), rounds=3)["cpu"] == 2.0


def test_the_peak_is_what_a_call_has_at_most_at_once():
    def call():
        first = np.ones(1_000_000, np.uint8)
        del first
        return np.ones(3_000_000, np.uint8)[:1].copy()

    before = np.ones(5_000_000, np.uint8)
    assert 3_000_000 <= reduction.peak(call) < 3_900_000 < before.nbytes
    assert not tracemalloc.is_tracing()


def test_the_table():
    rows = reduction.table(data()).rows
    assert rows[0] == ["block 3a at 28x28", "2.0", "2.0", "2.0", "2.0"]
    assert rows[3] == ["network, training", "2.0", "2.0", "5.0", ""]
    assert rows[4] == ["test %", "naive 81.0 ± 1.0", "reduced 91.0 ± 1.0", "", ""]


def test_what_the_naive_block_costs():
    found = data()
    found["blocks"]["3a"]["naive"] = {"multiply_adds": 25, "weights": 1, "cpu": 0.5, "memory": 90}
    assert reduction.sentences(found)[0] == (
        "The naive block 3a at 28x28 does 2.5 times the multiply-adds of the reduced one, in 1/4.0 of its CPU time and "
        "with 3.0 times its memory."
    )


@pytest.mark.parametrize(
    "naive, reduced, said",
    [(LOW, HIGH, "10.0 points below that of the reduced one, beyond"), (HIGH, LOW, "10.0 points above that of the red"),
     (NOISY, LOW, "4.0 points above that of the reduced one, which is within the noise")],
)  # fmt: skip
def test_accuracies_are_compared(naive, reduced, said):
    second = reduction.sentences(data(naive, reduced))[1]
    assert "adds up to 2.0 times the weights and 5.0 times the CPU time of training" in second and said in second
