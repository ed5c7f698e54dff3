"""The experiment on local response normalization."""

import pytest
from lab_runs import HIGH, LOW, NOISY, runs

from googlenet.lab import lrn
from googlenet.presets import presets


def data(with_lrn, without, cpu=12.0):
    return {"with LRN": runs(with_lrn, (2.0, 0.3), cpu=cpu), "without": runs(without, (2.0, 0.4), cpu=10.0)}


def test_what_is_varied(measured):
    found, calls = measured(lrn, train={"accuracy": 0.5})
    made = [(a[0], a[1].name, a[1].local_response_norm) for name, a, _ in calls if name == "network"]
    assert made == [(seed, "paper", with_it) for seed in (0, 1) for with_it in (True, False)]
    others = {a[1].pool4 for name, a, _ in calls if name == "network"}
    assert others == {presets["paper"].pool4}
    assert [a[2] for name, a, _ in calls if name == "train"] == [0, 0, 1, 1]
    assert found == {"with LRN": 2 * [{"accuracy": 0.5}], "without": 2 * [{"accuracy": 0.5}]}


def test_the_table():
    assert lrn.table(data(HIGH, NOISY)).rows == [
        ["with LRN", "91.0 ± 1.0", "0.30 ± 0.00", "1.20"], ["without", "85.0 ± 13.2", "0.40 ± 0.00", "1.00"],
    ]  # fmt: skip


@pytest.mark.parametrize(
    "with_lrn, without, said",
    [(HIGH, LOW, "10.0 points above that without, beyond"), (LOW, HIGH, "10.0 points below that without, beyond"),
     (NOISY, LOW, "4.0 points above that without, which is within the noise"), (LOW, LOW, "is equal to that without.")],
)  # fmt: skip
def test_what_it_does_for_accuracy(with_lrn, without, said):
    assert said in lrn.sentences(data(with_lrn, without))[0]


def test_what_it_costs():
    assert lrn.sentences(data(HIGH, LOW, cpu=9.0))[1] == (
        "Training takes 0.90 times the CPU time with LRN; the last training loss is 0.3 with it and 0.4 without."
    )
