"""The experiment on dropout."""

import pytest
from lab_runs import HIGH, LOW, NOISY, runs

from googlenet.lab import dropout


def data(accuracies=(LOW, HIGH, NOISY), trained=(0.99, 0.99, 0.99)):
    return {str(p): runs(a, train_accuracy=t) for p, a, t in zip(dropout.SHARES, accuracies, trained, strict=True)}


def test_what_is_varied(measured):
    found, calls = measured(dropout, train={"accuracy": 0.5})
    made = [(a[0], a[1].name, a[1].dropout, a[1].aux_dropout) for name, a, _ in calls if name == "network"]
    assert made == [(seed, "plain", p, p) for seed in (0, 1) for p in (0.0, 0.4, 0.7)]
    assert all(o == {"images": 200, "epochs": 20} for name, _, o in calls if name == "train")
    assert [a[2] for name, a, _ in calls if name == "train"] == 3 * [0] + 3 * [1]
    assert found == {p: 2 * [{"accuracy": 0.5}] for p in ("0.0", "0.4", "0.7")}


def test_the_table():
    assert dropout.table(data()).rows[0] == ["0.0", "99.0 ± 0.0", "81.0 ± 1.0", "18.0 ± 1.0", "0.50 ± 0.00"]


@pytest.mark.parametrize(
    "accuracies, trained, said",
    [((LOW, LOW, HIGH), 0.99, "10.0 points below that without dropout, beyond"),
     ((HIGH, LOW, LOW), 0.99, "10.0 points above that without dropout, beyond"),
     ((LOW, HIGH, NOISY), 0.99, "4.0 points below that without dropout, which is within the noise"),
     ((LOW, LOW, LOW), 0.89, "10.0 points below that without dropout, beyond")],
)  # fmt: skip
def test_the_gap_is_between_training_and_test(accuracies, trained, said):
    first = dropout.sentences(data(accuracies, (0.99, 0.99, trained)))[0]
    assert first.startswith("The gap between training and test with p = 0.7 is") and said in first


@pytest.mark.parametrize(
    "accuracies, said",
    [((LOW, HIGH, NOISY), "at p = 0.4, is 10.0 points above that without, beyond"),
     ((HIGH, LOW, NOISY), "at p = 0.7, is 6.0 points below that without, which is within the noise"),
     ((LOW, NOISY, LOW), "at p = 0.4, is 4.0 points above that without, which is within the noise")],
)  # fmt: skip
def test_the_best_p_is_compared_with_none(accuracies, said):
    second = dropout.sentences(data(accuracies))[1]
    assert said in second and second.endswith("chosen, as the best of 2, by the same test digits.")
