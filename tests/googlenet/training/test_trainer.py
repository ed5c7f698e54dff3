"""The optimizer and the learning rate of a run, and what a checkpoint may say of its progress."""

import numpy as np
import pytest
from rows import row

from googlenet.training.options import Options
from googlenet.training.trainer import Progress, Trainer, make_optimizer, make_schedule
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


# ---- another number of epochs at resume ---------------------------------------------------------------------------


class Resumed:
    """What of a Trainer has to do with the learning rate, with ten steps an epoch."""

    next_lr, what_becomes_of_the_lr = Trainer.next_lr, Trainer.what_becomes_of_the_lr

    def __init__(self, progress, **options):
        self.options, self.progress = Options(**{"lr": 0.1, "warmup": 0.0, **options}), progress
        self.train_loader = range(10)
        self.schedule = make_schedule(self.options, optim.SGD([Tensor(np.zeros(1), requires_grad=True)], 0.1), 10)


@pytest.mark.parametrize(
    ("options", "progress", "way"),
    [
        ({"epochs": 8}, {"epoch": 4}, "up"),
        ({"epochs": 5}, {"epoch": 4}, "up"),
        ({"epochs": 8, "schedule": "poly"}, {"epoch": 3, "step": 7}, "up"),
        ({"epochs": 3}, {"epoch": 2, "step": 5}, "down"),
    ],
)
def test_what_becomes_of_the_learning_rate_is_told(options, progress, way):
    epoch, step = progress["epoch"], progress.get("step", 0)
    before = rates(schedule=options.get("schedule", "cosine"))[10 * epoch + step - 1]  # four epochs were planned
    rows = [row(number, lr=before if step == 0 else 0.5) for number in range(1, epoch + 1)]
    trainer = Resumed(Progress(**progress, rows=rows, sums={"lr": before} if step else {}), **options)
    after = rates(**options)[10 * epoch + step]
    assert (after > before) == (way == "up")
    name = options.get("schedule", "cosine")
    assert trainer.what_becomes_of_the_lr() == (
        f"the learning rate goes {way} from {before:.2g} to {after:.2g}: {name} over {options['epochs']} epochs"
    )


@pytest.mark.parametrize("options", [{"schedule": "constant"}, {"schedule": "step"}, {}])
def test_nothing_is_told_where_it_does_not_jump(options):
    progress = Progress(epoch=2, rows=[row(1), row(2)]) if options else Progress()
    assert Resumed(progress, epochs=9, **options).what_becomes_of_the_lr() == ""


# ---- progress -----------------------------------------------------------------------------------------------------


SUMS = {"lr": 0.1, "images": 16, "right": 3, "seconds": 1.5, "total": 2.3, "main": 2.3}


@pytest.mark.parametrize(
    "progress", [{}, {"epoch": 2, "rows": [row(1), row(2)], "best": 0.5}, {"step": 10, "sums": SUMS}, {"best": 1}]
)
def test_progress_as_a_run_writes_it(progress):
    Progress(**progress).check(steps=10)


@pytest.mark.parametrize(
    ("progress", "message"),
    [
        ({"epoch": "2"}, "epoch is '2'"),
        ({"step": None}, "step is None"),
        ({"sums": []}, r"sums is \[\]"),
        ({"rows": {}}, "rows is {}"),
        ({"best": "high"}, "best is 'high'"),
        ({"epoch": -1}, "-1 epochs"),
        ({"epoch": 1}, "1 epochs and 0 of 10 steps are done, with 0 rows"),
        ({"rows": [row()]}, "0 epochs and 0 of 10 steps are done, with 1 rows"),
        ({"step": 11, "sums": SUMS}, "11 of 10 steps"),
        ({"step": -1, "sums": SUMS}, "-1 of 10 steps"),
        ({"epoch": 1, "rows": [3]}, "a row does not have the columns epoch, lr"),
        ({"epoch": 1, "rows": [{"epoch": 1}]}, "a row does not have the columns epoch, lr"),
        ({"step": 3, "sums": {"lr": 0.1, "total": 2.0}}, "images, main, right, seconds missing in the sums"),
    ],
)
def test_progress_that_no_run_writes(progress, message):
    with pytest.raises(ValueError, match=message):
        Progress(**progress).check(steps=10)
