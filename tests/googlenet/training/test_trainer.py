"""The optimizer and the learning rate of a run."""

import numpy as np
import pytest

from googlenet.training.options import Options
from googlenet.training.trainer import make_optimizer, make_schedule
from minicnn import Tensor, nn, optim


def rates(**options):
    """The learning rate of every step of a run with ten steps an epoch."""
    options = Options(**{"epochs": 4, "lr": 0.1, "warmup": 0.0, **options})
    optimizer = optim.SGD([Tensor(np.zeros(1), requires_grad=True)], 0.1)
    schedule = make_schedule(options, optimizer, 10)
    found = []
    for step in range(10 * options.epochs):
        schedule.last_epoch = step - 1  # as Trainer does
        schedule.step()
        found.append(optimizer.param_groups[0]["lr"])
    return np.array(found)


def test_schedules():
    t = np.arange(40)
    np.testing.assert_allclose(rates(schedule="constant"), 0.1)
    np.testing.assert_allclose(rates(schedule="cosine"), 0.05 * (1 + np.cos(np.pi * t / 40)), atol=1e-9)
    np.testing.assert_allclose(rates(schedule="poly"), 0.1 * (1 - t / 40) ** 0.5, atol=1e-9)
    np.testing.assert_allclose(rates(schedule="step", epochs=20), 0.1 * 0.96 ** (np.arange(200) // 80))


@pytest.mark.parametrize("schedule", ["constant", "cosine", "poly", "step"])
def test_warm_up_climbs_to_the_rate_and_then_the_schedule_begins(schedule):
    found = rates(schedule=schedule, warmup=0.5)
    assert found[0] > 0
    np.testing.assert_allclose(np.diff(found[:6]), np.diff(found[:6])[0])  # a line
    assert found[5] == pytest.approx(0.1)
    assert found.max() == pytest.approx(0.1)
    np.testing.assert_array_equal(found[:5], np.sort(found[:5]))
    assert (found > 0).all()


@pytest.mark.parametrize(("name", "kind"), [("sgd", optim.SGD), ("adam", optim.Adam), ("adamw", optim.AdamW)])
def test_optimizers(name, kind):
    options = Options(optimizer=name, lr=0.03, momentum=0.8, weight_decay=1e-3)
    optimizer = make_optimizer(options, nn.Linear(2, 2))
    assert type(optimizer) is kind
    group = optimizer.param_groups[0]
    assert (group["lr"], group["weight_decay"]) == (0.03, 1e-3)
    if name == "sgd":
        assert group["momentum"] == 0.8
