"""The learning rates of a run, for the tests of its parts."""

import numpy as np

from googlenet.training.optimization import make_schedule
from googlenet.training.options import Options
from minicnn import Tensor, optim


def rates(**options):
    """The learning rate of every step of a run with ten steps an epoch."""
    options = Options(**{"epochs": 4, "lr": 0.1, "warmup": 0.0, **options})
    optimizer = optim.SGD([Tensor(np.zeros(1), requires_grad=True)], options.lr)
    schedule = make_schedule(options, optimizer, 10)
    found = []
    for step in range(10 * options.epochs):
        schedule.last_epoch = step - 1  # as Trainer does
        schedule.step()
        found.append(optimizer.param_groups[0]["lr"])
    return np.array(found)
