"""Optimizers, schedules and weight averages beside PyTorch's, over 50 steps."""

import itertools
import warnings

import numpy as np
import pytest
from schedules import SCHEDULES
from support import both_dtypes, needs_torch, threads, torch

from minicnn import Tensor, backend, optim

pytestmark = [pytest.mark.parity, needs_torch]

SHAPES = [(3, 4), (5,), (), (30, 7)]
STEPS = 50
BASE_LRS = [0.02, 0.1]
TOLERANCE = {np.float64: {"rtol": 1e-12, "atol": 1e-14}, np.float32: {"rtol": 5e-6, "atol": 2e-6}}

SGD_OPTIONS = [
    {"momentum": momentum, "dampening": dampening, "weight_decay": weight_decay, "nesterov": nesterov}
    for momentum, dampening, weight_decay, nesterov in itertools.product((0, 0.9), (0, 0.2), (0, 0.01), (False, True))
    if not nesterov or (momentum and not dampening)
]
ADAM_OPTIONS = [
    {},
    *(
        {"betas": betas, "eps": eps, "weight_decay": weight_decay}
        for betas, eps, weight_decay in itertools.product(
            [(0.9, 0.999), (0.5, 0.8), (0.0, 0.9)], [1e-8, 1e-2], [0, 0.1]
        )
    ),
]
OPTIMIZERS = [
    *(("SGD", options) for options in SGD_OPTIONS),
    *((name, options) for name in ("Adam", "AdamW") for options in ADAM_OPTIONS),
]
WITH_SCHEDULES = [
    ("SGD", {"momentum": 0.9, "weight_decay": 0.01}),
    ("SGD", {"momentum": 0.9, "nesterov": True}),
    ("Adam", {"weight_decay": 0.1}),
    ("AdamW", {}),
]


@pytest.fixture(autouse=True)
def small_cache(monkeypatch):
    """Pretend that the cache is tiny, so that the last of the shapes is walked in several blocks."""
    monkeypatch.setattr(backend.blocks, "CACHE_BYTES", 256)


class Training:
    """Parameters that are drawn towards other random targets in every step, with an optimizer of either library."""

    def __init__(self, library, name, options, dtype, schedule=None):
        self.library, self.dtype = library, dtype
        tensor = Tensor if library is optim else torch.tensor
        rng = np.random.default_rng(0)
        values = [np.asarray(rng.standard_normal(shape), dtype) for shape in SHAPES]
        self.parameters = [tensor(value, requires_grad=True) for value in values]
        groups = [
            {"params": self.parameters[:2], "lr": BASE_LRS[0]},
            {"params": self.parameters[2:], "lr": BASE_LRS[1], "weight_decay": 0.3},  # overrides the options
        ]
        self.optimizer = getattr(library, name)(groups, **options)
        self.schedule = None if schedule is None else SCHEDULES[schedule](library.lr_scheduler, self.optimizer)

    def step(self, number):
        """The gradients are those of a sum of squares; the second parameter has none in every third step."""
        rng = np.random.default_rng((1, number))
        for i, parameter in enumerate(self.parameters):
            target = np.asarray(rng.standard_normal(SHAPES[i]), self.dtype)
            grad = np.asarray(2 * (parameter.detach().numpy() - target))
            parameter.grad = grad if self.library is optim else torch.tensor(grad)
        if number % 3 == 0:
            self.parameters[1].grad = None
        self.optimizer.step()
        if self.schedule is not None:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # PyTorch's: that SequentialLR calls step with an argument
                self.schedule.step()

    def values(self):
        return [parameter.detach().numpy() for parameter in self.parameters]


def train_both(name, options, dtype, schedule=None):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ours, theirs = (Training(library, name, options, dtype, schedule) for library in (optim, torch.optim))
    for number in range(STEPS):
        for training in (ours, theirs):
            training.step(number)
        rates = [[group["lr"] for group in training.optimizer.param_groups] for training in (ours, theirs)]
        # PyTorch multiplies its way from rate to rate, so that its rounding errors grow.
        np.testing.assert_allclose(*rates, rtol=1e-11, atol=1e-14, err_msg=f"learning rates after step {number}")
        for i, (found, expected) in enumerate(zip(ours.values(), theirs.values(), strict=True)):
            assert found.dtype == dtype
            np.testing.assert_allclose(found, expected, **TOLERANCE[dtype], err_msg=f"parameter {i}, step {number}")


@both_dtypes
@pytest.mark.parametrize(("name", "options"), OPTIMIZERS, ids=str)
def test_every_combination_of_options(name, options, dtype):
    train_both(name, options, dtype)


@both_dtypes
@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize(("name", "options"), WITH_SCHEDULES, ids=str)
def test_every_optimizer_with_every_schedule(name, options, schedule, dtype):
    with threads(1):
        train_both(name, options, dtype, schedule)


def test_nothing_was_left_out():
    base, schedules = optim.Optimizer, optim.lr_scheduler
    optimizers = {n for n, value in vars(optim).items() if isinstance(value, type) and issubclass(value, base)}
    assert optimizers - {"Optimizer"} == {name for name, _ in OPTIMIZERS} == {name for name, _ in WITH_SCHEDULES}
    kinds = {
        value
        for value in vars(schedules).values()
        if isinstance(value, type) and issubclass(value, schedules.LRScheduler)
    }
    optimizer = optim.SGD([Tensor([1.0], requires_grad=True)])
    assert kinds - {schedules.LRScheduler} == {type(make(schedules, optimizer)) for make in SCHEDULES.values()}


@pytest.mark.parametrize(("name", "options"), WITH_SCHEDULES, ids=str)
def test_pytorch_s_own_state_can_be_loaded(name, options):
    ours, theirs = (Training(library, name, options, np.float64) for library in (optim, torch.optim))
    for number in range(5):
        theirs.step(number)
    state = theirs.optimizer.state_dict()
    state["state"] = {n: {k: v.numpy() for k, v in s.items()} for n, s in state["state"].items()}
    ours.optimizer.load_state_dict(state)
    for parameter, value in zip(ours.parameters, theirs.values(), strict=True):
        parameter.data[...] = value
    for number in range(5, 10):
        for training in (ours, theirs):
            training.step(number)
    for found, expected in zip(ours.values(), theirs.values(), strict=True):
        np.testing.assert_allclose(found, expected, **TOLERANCE[np.float64])


@both_dtypes
@pytest.mark.parametrize("decay", [None, 0.0, 0.9, 0.99])
def test_weight_averages(decay, dtype):
    swa = torch.optim.swa_utils
    ours, theirs = (Training(library, "SGD", {}, dtype) for library in (optim, torch.optim))
    average = optim.WeightAverage(ours.parameters, decay)
    their_parameters = torch.nn.ParameterList(theirs.parameters)
    their_average = swa.AveragedModel(
        their_parameters, multi_avg_fn=None if decay is None else swa.get_ema_multi_avg_fn(decay)
    )
    for number in range(STEPS):
        for training in (ours, theirs):
            training.step(number)
        average.update()
        their_average.update_parameters(their_parameters)
    for found, expected in zip(average.averages, their_average.module, strict=True):
        np.testing.assert_allclose(found, expected.detach().numpy(), **TOLERANCE[dtype])
