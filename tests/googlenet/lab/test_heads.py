"""The experiment on the auxiliary heads."""

import pytest
from lab_runs import HIGH, LOW, NOISY, looked, runs

from googlenet.lab import heads


def data(accuracies=(LOW, HIGH, NOISY), before=(1.0, 3.0, 9.0), after=(1.0, 0.4, 1.0)):
    """For weights 0, 0.3 and 1; before, after: how many times that of the main loss the gradient at 3a is."""
    return {
        name: runs(a, before=seen(b), after=seen(c))
        for name, a, b, c in zip(heads.WEIGHTS, accuracies, before, after, strict=True)
    }


def seen(times):
    """What `look` has seen; only 3a has such a gradient."""
    found = looked(main=2.0)
    found["3a"]["gradient"] = 2.0 * times
    found["3a"]["heads"] = 0.25
    return found


def test_what_is_varied(measured):
    found, calls = measured(heads, look={"3a": {}}, train={"accuracy": 0.5})
    made = [(a[0], a[1].name, options["heads"]) for name, a, options in calls if name == "network"]
    assert made == [(seed, "plain", with_heads) for seed in (0, 1) for with_heads in (False, True, True)]
    assert [options["aux_weight"] for name, _, options in calls if name == "train"] == 2 * [0.0, 0.3, 1.0]
    assert [options["aux_weight"] for name, _, options in calls if name == "look"] == 2 * [0.0, 0.0, 0.3, 0.3, 1.0, 1.0]
    assert [name for name, _, _ in calls[:4]] == ["network", "look", "train", "look"]
    assert found["0.3"] == 2 * [{"accuracy": 0.5, "before": {"3a": {}}, "after": {"3a": {}}}]


def test_the_table():
    assert heads.table(data()).rows[1] == ["0.3", "91.0 ± 1.0", "0.50 ± 0.00", "6.0", "25%", "0.8", "25%"]


@pytest.mark.parametrize(
    "accuracies, said",
    [
        ((LOW, HIGH, LOW), ["0.3 is 10.0 points above that without, beyond", "1 is equal to that without"]),
        ((HIGH, LOW, NOISY), ["0.3 is 10.0 points below that without, beyond", "1 is 6.0 points below that with"]),
        ((LOW, NOISY, HIGH), ["0.3 is 4.0 points above that without, which is within", "1 is 10.0 points above"]),
    ],
)  # fmt: skip
def test_heads_are_said_to_help_where_they_do(accuracies, said):
    first = heads.sentences(data(accuracies))[0]
    assert all(text in first for text in said)


def test_the_gradient_is_compared_with_that_of_the_main_loss():
    second = heads.sentences(data())[1]
    assert second == (
        "The gradient that reaches 3a with heads of weight 0.3 is 3.0 times that of the main loss alone before "
        "training and 1/2.5 of it after; with heads of weight 1 is 9.0 times that of the main loss alone before "
        "training and 1.0 times it after."
    )
