"""The experiment on batch norm."""

import pytest
from lab_runs import HIGH, LOW, NOISY, runs

from googlenet.lab import batchnorm

LEARNED, STUCK, BLOWN_UP = (2.0, 0.5), (2.4, 2.3), (None,)


def data(without, with_it, accuracies=(LOW, HIGH)):
    """The losses at each rate, without batch norm and with it."""
    return {
        name: {str(rate): runs(accuracy, losses) for rate, losses in zip(batchnorm.RATES, of_rates, strict=True)}
        for name, of_rates, accuracy in zip(batchnorm.PRESETS, (without, with_it), accuracies, strict=True)
    }


def test_what_is_varied(measured):
    found, calls = measured(batchnorm, train={"accuracy": 0.5})
    kinds = [(rate, preset) for rate in batchnorm.RATES for preset in ("plain", "batchnorm")]
    assert [(a[0], a[1].name) for name, a, _ in calls if name == "network"] == [
        (s, p) for s in (0, 1) for _, p in kinds
    ]
    trained = [(a[2], o["lr"], o["epochs"]) for name, a, o in calls if name == "train"]
    assert trained == [(seed, rate, 3) for seed in (0, 1) for rate, _ in kinds]
    assert found["without"] == {str(rate): 2 * [{"accuracy": 0.5}] for rate in batchnorm.RATES}


def test_the_table():
    rows = batchnorm.table(data((LEARNED, STUCK, BLOWN_UP), 3 * (LEARNED,))).rows
    assert rows[0] == ["without", "0.0005", "81.0 ± 1.0", "2.00 ± 0.00", "0.50 ± 0.00"]
    assert rows[2] == ["without", "0.0125", "81.0 ± 1.0", "none", "none"]
    assert rows[5][:3] == ["with batch norm", "0.0125", "91.0 ± 1.0"]


@pytest.mark.parametrize(
    "without, with_it, said",
    [((LEARNED, STUCK, BLOWN_UP), (LEARNED, LEARNED, LEARNED), "with it 0.0005 and 0.0025 and 0.0125; without 0.0005."),
     ((LEARNED, LEARNED, LEARNED), (LEARNED, STUCK, STUCK), "with it 0.0005; without 0.0005 and 0.0025 and 0.0125."),
     ((STUCK, STUCK, STUCK), (STUCK, LEARNED, BLOWN_UP), "with it 0.0025; without none.")],
)  # fmt: skip
def test_which_rates_are_borne(without, with_it, said):
    assert batchnorm.sentences(data(without, with_it))[1].endswith(said)


def test_a_rate_is_borne_where_every_seed_has_learned():
    found = data(3 * (LEARNED,), 3 * (LEARNED,))
    found["without"]["0.0125"][1]["losses"] = [2.0, 1.5]
    assert batchnorm.borne(found["without"]) == [0.0005, 0.0025]


@pytest.mark.parametrize(
    "accuracies, said",
    [((LOW, HIGH), "10.0 points above that without at 0.0005, beyond"),
     ((HIGH, LOW), "10.0 points below that without at 0.0005, beyond"),
     ((LOW, NOISY), "4.0 points above that without at 0.0005, which is within the noise")],
)  # fmt: skip
def test_accuracies_are_compared_at_the_usual_rate_and_each_at_its_best(accuracies, said):
    found = data(3 * (LEARNED,), 3 * (LEARNED,), accuracies)
    for name in found:
        found[name]["0.0025"] = found[name]["0.0125"] = runs((0.1, 0.1, 0.1))
    found["with batch norm"]["0.0125"] = runs((0.99, 0.99, 0.99))
    usual, at_best = batchnorm.sentences(found)[0].split("; each at its best, chosen by the same test digits: ")
    assert usual.startswith("The test accuracy with batch norm at the rate 0.0005 is") and said in usual
    assert at_best.startswith("the test accuracy with batch norm at the rate 0.0125 is ")
    assert "above that without at 0.0005" in at_best
