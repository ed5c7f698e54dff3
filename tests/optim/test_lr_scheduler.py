import json
import math

import numpy as np
import pytest
from schedules import SCHEDULES

from minicnn import Tensor, optim
from minicnn.optim import SGD, lr_scheduler
from minicnn.optim.lr_scheduler import (
    CosineAnnealingLR,
    LinearLR,
    LRScheduler,
    MultiStepLR,
    PolynomialLR,
    SequentialLR,
    StepLR,
)

BASE_LRS = [0.1, 2.0]


def optimizer(lrs=BASE_LRS):
    return SGD([{"params": [Tensor([1.0], requires_grad=True)], "lr": lr} for lr in lrs])


def rates(schedule, steps):
    """The groups' learning rates for t = 0, 1, ..., as the optimizer sees them."""
    found = []
    for _ in range(steps):
        groups = schedule.optimizer.param_groups
        found.append([group["lr"] for group in groups])
        assert schedule.get_last_lr() == pytest.approx(found[-1], rel=1e-15)
        schedule.step()
    return found


@pytest.mark.parametrize(
    ("name", "t", "factor"),
    [
        ("step", 0, 1),
        ("step", 7, 1),
        ("step", 8, 0.96),
        ("step", 24, 0.96**3),
        ("multistep", 4, 1),
        ("multistep", 5, 0.3),
        ("multistep", 54, 0.3**3),
        ("multistep, unsorted and twice", 3, 0.5),
        ("multistep, unsorted and twice", 20, 0.5**3),
        ("polynomial, Caffe's", 0, 1),
        ("polynomial, Caffe's", 30, 0.5),
        ("polynomial, Caffe's", 54, 0),
        ("polynomial, power 2", 30, 0.25),
        ("cosine", 0, 1),
        ("cosine", 25, 0.5),
        ("cosine", 10, (1 + math.cos(math.pi / 5)) / 2),
        ("cosine", 50, 0),
        ("linear", 0, 1 / 3),
        ("linear", 5, 1),
        ("linear, long", 15, 0.455),
        ("linear, long", 54, 0.9),
        ("sequence", 0, 0.1),
        ("sequence", 4, 0.82),
        ("sequence", 5, 1),
        ("sequence", 50, 0),
        ("sequence, cut short", 3, 0.37),
        ("sequence, cut short", 4, 1),
        ("sequence, cut short", 7, 0.1),
        ("sequence of three", 6, 1),
        ("sequence of three", 7, 1),
        ("sequence of three", 17, 0.25),
        ("sequence of three", 25, 1),
        ("sequence of three", 27, 0.5),
    ],
)
def test_values_worked_out_by_hand(name, t, factor):
    found = rates(SCHEDULES[name](lr_scheduler, optimizer()), t + 1)[t]
    assert found == pytest.approx([factor * lr for lr in BASE_LRS], rel=1e-14, abs=1e-16)


@pytest.mark.parametrize(("t", "lr"), [(0, 0.5), (3, 0.3), (6, 0.1), (9, 0.3), (12, 0.5)])
def test_a_cosine_swings_between_the_base_and_eta_min(t, lr):
    assert CosineAnnealingLR(optimizer([0.5]), T_max=6, eta_min=0.1).rate(0.5, t) == pytest.approx(lr, rel=1e-14)


def test_a_rate_is_a_pure_function_of_the_step():
    schedule = StepLR(optimizer(), 10, 0.5)
    assert schedule.rate(1.0, 25) == 0.25
    assert schedule.last_epoch == 0


def test_schedules_may_be_nested():
    o = optimizer([1.0])
    inner = SequentialLR(o, [LinearLR(o, 0.5, 1.0, 2), StepLR(o, 1, 0.5)], [2])
    schedule = SequentialLR(o, [StepLR(o, 1, 0.1), inner], [3])
    assert [rate for (rate,) in rates(schedule, 8)] == pytest.approx([1, 0.1, 0.01, 0.5, 0.75, 1, 0.5, 0.25])


def test_the_optimizer_steps_with_the_rate_of_the_schedule():
    o = optimizer([1.0])
    schedule = StepLR(o, 1, 0.5)
    (p,) = o.param_groups[0]["params"]
    for _ in range(3):
        p.grad = np.ones(1, np.float32)
        o.step()
        schedule.step()
    assert p.data[0] == 1 - 1 - 0.5 - 0.25
    assert o.param_groups[0]["initial_lr"] == 1.0


@pytest.mark.parametrize("cut", [0, 3, 5, 20])
@pytest.mark.parametrize("name", SCHEDULES)
def test_resumes_exactly(name, cut):
    straight = rates(SCHEDULES[name](lr_scheduler, optimizer()), 40)
    first = SCHEDULES[name](lr_scheduler, optimizer())
    for _ in range(cut):
        first.step()
    saved = json.loads(json.dumps([first.state_dict(), first.optimizer.state_dict()]))
    second = SCHEDULES[name](lr_scheduler, optimizer([7.0, 7.0]))
    second.load_state_dict(saved[0])
    assert second.get_last_lr() == straight[cut] == [group["lr"] for group in second.optimizer.param_groups]
    second.optimizer.load_state_dict(saved[1])
    assert rates(second, 40 - cut) == straight[cut:]


@pytest.mark.parametrize("name", ["step", "cosine", "linear, long", "polynomial, Caffe's"])
def test_last_epoch_starts_in_the_middle(name):
    straight = rates(SCHEDULES[name](lr_scheduler, optimizer()), 40)
    o = optimizer()
    for group in o.param_groups:
        group["initial_lr"] = group["lr"]
    schedule = SCHEDULES[name](lr_scheduler, o)
    again = type(schedule)(
        o, **{k: v for k, v in schedule.state_dict().items() if k not in ("base_lrs", "last_epoch")}, last_epoch=9
    )
    assert rates(again, 30) == straight[10:]


def test_the_constants_are_part_of_the_state():
    def make(gamma, start):
        o = optimizer()
        return SequentialLR(o, [LinearLR(o, start), StepLR(o, 2, gamma)], [5])

    first, second = make(0.5, 0.1), make(0.9, 0.7)
    second.load_state_dict(first.state_dict())
    assert rates(second, 20) == rates(first, 20)


def test_a_state_that_does_not_fit_is_refused():
    o = optimizer()
    schedule = StepLR(o, 3)
    with pytest.raises(ValueError, match="StepLR.load_state_dict: got .*'T_max'.*expected .*'step_size'"):
        schedule.load_state_dict(CosineAnnealingLR(o, 3).state_dict())
    with pytest.raises(ValueError, match="the state has 1 base_lrs, the optimizer 2 groups"):
        schedule.load_state_dict(StepLR(optimizer([1.0]), 3).state_dict())
    with pytest.raises(ValueError, match="StepLR.load_state_dict: got None"):
        schedule.load_state_dict(None)
    sequence = SequentialLR(o, [LinearLR(o), StepLR(o, 3)], [3])
    with pytest.raises(ValueError, match="SequentialLR.load_state_dict: 1 schedulers, expected 2"):
        sequence.load_state_dict(SequentialLR(o, [StepLR(o, 3)], []).state_dict())


def test_wrong_arguments():
    o = optimizer()
    line, steps = LinearLR(o), StepLR(o, 3)
    for make, error, message in [
        (lambda: StepLR([o], 3), TypeError, "StepLR: optimizer is a list"),
        (lambda: StepLR(o, 0), ValueError, "StepLR: step_size is 0"),
        (lambda: StepLR(o, 2.5), TypeError, "StepLR: step_size is 2.5, expected an int"),
        (lambda: StepLR(o, 3, gamma=-1), ValueError, "StepLR: gamma is -1"),
        (lambda: StepLR(optimizer(), 3, last_epoch=4), ValueError, 'StepLR: last_epoch is 4, .* no "initial_lr"'),
        (lambda: StepLR(o, 3, last_epoch=-2), ValueError, "last_epoch is -2"),
        (lambda: MultiStepLR(o, [3, -1]), ValueError, r"MultiStepLR: milestones\[1\] is -1"),
        (lambda: PolynomialLR(o, 0), ValueError, "PolynomialLR: total_iters is 0"),
        (lambda: PolynomialLR(o, 5, float("nan")), ValueError, "PolynomialLR: power is nan"),
        (lambda: CosineAnnealingLR(o, 0), ValueError, "CosineAnnealingLR: T_max is 0"),
        (lambda: LinearLR(o, 0.0), ValueError, "LinearLR: start_factor is 0.0"),
        (lambda: LinearLR(o, 0.5, 1.5), ValueError, "end_factor is 1.5"),
        (lambda: SequentialLR(o, [line, steps], [3, 4]), ValueError, "2 schedulers and 2 milestones"),
        (lambda: SequentialLR(o, [line, steps, line], [5, 4]), ValueError, r"milestones is \[5, 4\]"),
        (lambda: SequentialLR(o, [line, o], [5]), TypeError, r"schedulers\[1\] is a SGD"),
        (lambda: SequentialLR(optimizer(), [line], []), ValueError, r"schedulers\[0\] is for another optimizer"),
        (lambda: LRScheduler(o), NotImplementedError, None),
    ]:
        with pytest.raises(error, match=message):
            make()


def test_a_group_added_later_is_an_error():
    o = optimizer()
    schedule = StepLR(o, 3)
    o.add_param_group({"params": [Tensor([1.0], requires_grad=True)]})
    with pytest.raises(ValueError, match="StepLR: made for 2 parameter groups, the optimizer has 3 now"):
        schedule.step()


def test_the_names_are_where_pytorch_has_them():
    assert optim.lr_scheduler is lr_scheduler
