"""Learning-rate schedules. Each is a formula: `rate(base_lr, t)` is the learning rate after t steps of the schedule.

    schedule = StepLR(optimizer, step_size=8, gamma=0.96)
    for epoch in range(epochs):
        for x, targets in loader:
            ...
            optimizer.step()
        schedule.step()                      # once an epoch, or once a batch: what a step is, the caller decides

PyTorch computes most rates from the rate before; the formulas here give the same values from t alone, so that a
schedule can be drawn, checked and resumed at any t, and rounding errors do not add up.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from minicnn.arguments import number, whole_number
from minicnn.optim.optimizer import Optimizer


class LRScheduler:
    """Writes the learning rates of an optimizer's parameter groups; a subclass gives the formula, `rate`.

    A group's base_lr is its "lr" when its first schedule is made, and is kept as "initial_lr" in the group.
    `last_epoch` counts the steps; making a schedule sets the rates for t = last_epoch + 1, which is 0 by default.
    Raises TypeError where `optimizer` is none, ValueError where last_epoch >= 0 and a group has no "initial_lr" yet.
    """

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        name = type(self).__name__
        if not isinstance(optimizer, Optimizer):
            raise TypeError(f"{name}: optimizer is a {type(optimizer).__name__}, expected an Optimizer")
        self.optimizer = optimizer
        self.last_epoch = whole_number(name, "last_epoch", last_epoch, minimum=-1)
        for i, group in enumerate(optimizer.param_groups):
            if last_epoch >= 0 and "initial_lr" not in group:
                raise ValueError(
                    f'{name}: last_epoch is {last_epoch}, but param_groups[{i}] has no "initial_lr"; '
                    "load the optimizer's state first"
                )
            group.setdefault("initial_lr", group["lr"])
        self.base_lrs: list[float] = [group["initial_lr"] for group in optimizer.param_groups]
        self.step()

    def rate(self, base_lr: float, t: int) -> float:
        """The learning rate after t steps, t = 0, 1, 2, ..."""
        raise NotImplementedError

    def step(self) -> None:
        """Go on by one step, and set every group's learning rate."""
        self.last_epoch += 1
        self._set_rates()

    def get_last_lr(self) -> list[float]:
        """The learning rates that the last step has set, one for each parameter group."""
        return [self.rate(base_lr, self.last_epoch) for base_lr in self.base_lrs]

    def state_dict(self) -> dict[str, Any]:
        """Everything but the optimizer, as numbers and lists."""
        return {name: value for name, value in vars(self).items() if name != "optimizer"}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Go on from a `state_dict`, with its constants (gamma, ...) and its step, and set the learning rates.

        Raises ValueError where it is another schedule's, or the number of parameter groups differs.
        """
        name = type(self).__name__
        if not isinstance(state_dict, Mapping) or set(state_dict) != set(self.state_dict()):
            found = sorted(state_dict) if isinstance(state_dict, Mapping) else state_dict
            raise ValueError(f"{name}.load_state_dict: got {found}, expected {sorted(self.state_dict())}")
        groups = len(self.optimizer.param_groups)
        if len(state_dict["base_lrs"]) != groups:
            saved = len(state_dict["base_lrs"])
            raise ValueError(f"{name}.load_state_dict: the state has {saved} base_lrs, the optimizer {groups} groups")
        vars(self).update(state_dict)
        self._set_rates()

    def _set_rates(self) -> None:
        rates, groups = self.get_last_lr(), self.optimizer.param_groups
        if len(rates) != len(groups):
            raise ValueError(
                f"{type(self).__name__}: made for {len(rates)} parameter groups, the optimizer has {len(groups)} now"
            )
        for group, lr in zip(groups, rates, strict=True):
            group["lr"] = lr


class StepLR(LRScheduler):
    """Times gamma every `step_size` steps:  lr = base_lr gamma^floor(t / step_size).

    GoogLeNet's paper has gamma 0.96 every 8 epochs.
    """

    def __init__(self, optimizer: Optimizer, step_size: int, gamma: float = 0.1, last_epoch: int = -1) -> None:
        self.step_size = whole_number("StepLR", "step_size", step_size, minimum=1)
        self.gamma = number("StepLR", "gamma", gamma)
        super().__init__(optimizer, last_epoch)

    def rate(self, base_lr: float, t: int) -> float:
        return base_lr * self.gamma ** (t // self.step_size)


class MultiStepLR(LRScheduler):
    """Times gamma at each milestone:  lr = base_lr gamma^k,  k = how many milestones are at most t."""

    def __init__(
        self, optimizer: Optimizer, milestones: Iterable[int], gamma: float = 0.1, last_epoch: int = -1
    ) -> None:
        self.milestones = sorted(_milestones("MultiStepLR", milestones))
        self.gamma = number("MultiStepLR", "gamma", gamma)
        super().__init__(optimizer, last_epoch)

    def rate(self, base_lr: float, t: int) -> float:
        return base_lr * self.gamma ** bisect_right(self.milestones, t)


class PolynomialLR(LRScheduler):
    """Down to 0 at T = total_iters:  lr = base_lr (1 - t / T)^power,  and 0 from then on.

    Caffe's quick GoogLeNet recipe has power 0.5 and T = 2,400,000.
    """

    def __init__(self, optimizer: Optimizer, total_iters: int = 5, power: float = 1.0, last_epoch: int = -1) -> None:
        self.total_iters = whole_number("PolynomialLR", "total_iters", total_iters, minimum=1)
        self.power = number("PolynomialLR", "power", power)
        super().__init__(optimizer, last_epoch)

    def rate(self, base_lr: float, t: int) -> float:
        left = 1 - min(t, self.total_iters) / self.total_iters
        return base_lr * math.pow(left, self.power)


class CosineAnnealingLR(LRScheduler):
    """Half a cosine wave down to eta_min:  lr = eta_min + (base_lr - eta_min) (1 + cos(pi t / T_max)) / 2.

    After T_max steps it climbs again, as the cosine does.
    Source: Loshchilov and Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts", 2017, without the restarts.
    """

    def __init__(self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0, last_epoch: int = -1) -> None:
        self.T_max = whole_number("CosineAnnealingLR", "T_max", T_max, minimum=1)
        self.eta_min = number("CosineAnnealingLR", "eta_min", eta_min)
        super().__init__(optimizer, last_epoch)

    def rate(self, base_lr: float, t: int) -> float:
        return self.eta_min + (base_lr - self.eta_min) * (1 + math.cos(math.pi * t / self.T_max)) / 2


class LinearLR(LRScheduler):
    """A straight line from start_factor to end_factor, mostly to warm up:

    lr = base_lr (start_factor + (end_factor - start_factor) min(t, T) / T),   T = total_iters
    """

    def __init__(
        self,
        optimizer: Optimizer,
        start_factor: float = 1.0 / 3,
        end_factor: float = 1.0,
        total_iters: int = 5,
        last_epoch: int = -1,
    ) -> None:
        self.start_factor = number("LinearLR", "start_factor", start_factor)
        self.end_factor = number("LinearLR", "end_factor", end_factor)
        self.total_iters = whole_number("LinearLR", "total_iters", total_iters, minimum=1)
        if not 0 < self.start_factor <= 1 or self.end_factor > 1:
            raise ValueError(
                f"LinearLR: start_factor is {start_factor} and end_factor is {end_factor}, "
                "expected above 0 to 1, and 0 to 1"
            )
        super().__init__(optimizer, last_epoch)

    def rate(self, base_lr: float, t: int) -> float:
        way = min(t, self.total_iters) / self.total_iters
        return base_lr * (self.start_factor + (self.end_factor - self.start_factor) * way)


class SequentialLR(LRScheduler):
    """One schedule after the other, each counting from 0 when its turn comes: schedule k from milestone k on.

        lr = schedulers[k].rate(base_lr, t - milestones[k - 1]),   k = how many milestones are at most t

        SequentialLR(optimizer, [LinearLR(optimizer), CosineAnnealingLR(optimizer, T_max=95)], milestones=[5])

    Raises ValueError where the schedules are of different optimizers, or there is not one milestone between each two.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        schedulers: Sequence[LRScheduler],
        milestones: Sequence[int],
        last_epoch: int = -1,
    ) -> None:
        self.schedulers = list(schedulers)
        self.milestones = _milestones("SequentialLR", milestones)
        for i, scheduler in enumerate(self.schedulers):
            if not isinstance(scheduler, LRScheduler):
                raise TypeError(f"SequentialLR: schedulers[{i}] is a {type(scheduler).__name__}, expected a schedule")
            if scheduler.optimizer is not optimizer:
                raise ValueError(f"SequentialLR: schedulers[{i}] is for another optimizer")
        if len(self.milestones) != len(self.schedulers) - 1:
            raise ValueError(
                f"SequentialLR: {len(self.schedulers)} schedulers and {len(self.milestones)} milestones, "
                "expected one scheduler more than milestones"
            )
        if self.milestones != sorted(self.milestones):
            raise ValueError(f"SequentialLR: milestones is {self.milestones}, expected rising numbers")
        super().__init__(optimizer, last_epoch)

    def rate(self, base_lr: float, t: int) -> float:
        k = bisect_right(self.milestones, t)
        return self.schedulers[k].rate(base_lr, t - self.milestones[k - 1] if k else t)

    def state_dict(self) -> dict[str, Any]:
        return {**super().state_dict(), "schedulers": [scheduler.state_dict() for scheduler in self.schedulers]}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        saved = state_dict.get("schedulers", []) if isinstance(state_dict, Mapping) else []
        if len(saved) != len(self.schedulers):
            raise ValueError(f"SequentialLR.load_state_dict: {len(saved)} schedulers, expected {len(self.schedulers)}")
        for scheduler, state in zip(self.schedulers, saved, strict=True):
            scheduler.load_state_dict(state)
        super().load_state_dict({**state_dict, "schedulers": self.schedulers})


def _milestones(owner: str, milestones: Iterable[int]) -> list[int]:
    return [whole_number(owner, f"milestones[{i}]", value, minimum=0) for i, value in enumerate(milestones)]
