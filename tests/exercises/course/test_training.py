"""The solutions of chapter 5 agree with the library, with PyTorch, and with the gradient check."""

from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest

import minicnn as mc
import minicnn.functional as F
from exercises.catalog import find_exercise
from exercises.course.training.flat_curve.checks import Softmax, clouds
from exercises.course.training.gradient_checker.checks import FORWARD, RIGHT, WRONG, Operation
from googlenet.training import trainer
from minicnn import optim


def put_in(name):
    """What the exercise's solution puts into the library, by the name there."""
    exercise = find_exercise(name)
    replaced = exercise.module("checks").install(exercise.solution)
    return {place.partition(":")[2]: value for place, value in replaced.items()}


def tensor(*shape, seed=0):
    return mc.Tensor(np.random.default_rng(seed).standard_normal(shape), requires_grad=True)


def walked(make, array=np.asarray, tensor=mc.Tensor):
    """Where an optimizer comes to in a few steps, from the same start with the same gradients; lr changes."""
    rng, places = np.random.default_rng(0), []
    x = tensor(rng.standard_normal((2, 3)), requires_grad=True)
    optimizer = make([x])
    for step in range(4):
        x.grad = array(rng.standard_normal((2, 3)))
        optimizer.param_groups[0]["lr"] = 0.1 / (step + 1)
        optimizer.step()
        places.append(x.data.tolist())
    return np.array(places)


OPTIMIZERS = [
    ("sgd_momentum", "SGD", {"momentum": 0.9}),
    ("sgd_momentum", "SGD", {"momentum": 0.9, "weight_decay": 0.1}),
    ("sgd_momentum", "SGD", {"momentum": 0.9, "nesterov": True}),
    ("sgd_momentum", "SGD", {"momentum": 0.9, "dampening": 0.3}),
    ("sgd_momentum", "SGD", {}),
    ("adam", "Adam", {}),
    ("adam", "Adam", {"weight_decay": 0.1, "betas": (0.5, 0.8), "eps": 0.1}),
    ("adam", "AdamW", {"weight_decay": 0.1}),
    ("weight_decay", "SGD", {"momentum": 0.9, "weight_decay": 0.1}),
    ("weight_decay", "Adam", {"weight_decay": 0.1}),
    ("weight_decay", "AdamW", {"weight_decay": 0.1}),
]


@pytest.mark.parametrize(("name", "optimizer", "options"), OPTIMIZERS)
def test_optimizers_put_in_go_where_the_library_s_go(name, optimizer, options):
    kind = put_in(name)[optimizer]
    assert kind.__name__ == optimizer
    found, expected = (walked(lambda p, kind=kind: kind(p, **options)) for kind in (kind, getattr(optim, optimizer)))
    np.testing.assert_allclose(found, expected, rtol=1e-12)


@pytest.mark.everything("the course")
@pytest.mark.parametrize(("name", "optimizer", "options"), OPTIMIZERS)
def test_and_where_pytorch_s_go(name, optimizer, options):
    torch = pytest.importorskip("torch")
    kind, theirs = put_in(name)[optimizer], getattr(torch.optim, optimizer)
    expected = walked(lambda p: theirs(p, **options), torch.tensor, torch.tensor)
    np.testing.assert_allclose(walked(lambda p: kind(p, **options)), expected)


@pytest.mark.parametrize(("name", "optimizer"), [("sgd_momentum", "SGD"), ("adam", "Adam"), ("weight_decay", "AdamW")])
def test_an_optimizer_put_in_can_be_saved_and_stays_in_float32(name, optimizer):
    options = {"momentum": 0.9} if optimizer == "SGD" else {}
    x = mc.Tensor(np.ones(3, np.float32), requires_grad=True)
    one = put_in(name)[optimizer]([x], **options)
    x.grad = np.ones(3, np.float32)
    one.step()
    other = getattr(optim, optimizer)([x], **options)
    other.load_state_dict(one.state_dict())
    assert x.dtype == np.float32
    kept = [value for value in one.state[0].values() if isinstance(value, np.ndarray)]
    assert kept and all(value.dtype == np.float32 for value in kept)


@pytest.mark.parametrize("warmup", [0, 0.5, 2])
@pytest.mark.parametrize("schedule", ["cosine", "step"])
def test_a_schedule_put_in_has_the_library_s_rates(warmup, schedule):
    options, rates = SimpleNamespace(schedule=schedule, warmup=warmup, epochs=5), []
    for make in (trainer.make_schedule, put_in("schedule")["make_schedule"]):
        optimizer = optim.SGD([tensor(1)], lr=0.3)
        made, found = make(options, optimizer, 4), []
        for _ in range(20):
            found.append(optimizer.param_groups[0]["lr"])
            made.step()
        rates.append(found)
    np.testing.assert_allclose(rates[1], rates[0], rtol=1e-12)


@pytest.mark.parametrize("training", [True, False])
def test_batch_norm(training):
    batch_norm = put_in("batch_norm")["batch_norm"]
    inputs = [tensor(3, 2, 2, 4), tensor(2, seed=1), tensor(2, seed=2)]
    ours, theirs = ([np.array([0.5, -1]), np.array([1.0, 2])] for _ in range(2))
    x, *others = inputs
    expected = F.batch_norm(x, *theirs, *others, training)
    np.testing.assert_allclose(batch_norm(x, *ours, *others, training).data, expected.data)
    np.testing.assert_allclose(ours, theirs)
    assert mc.gradcheck(lambda *t: batch_norm(t[0], *ours, *t[1:], training), inputs)


@pytest.mark.parametrize("size", [1, 2, 4, 5])
def test_local_response_norm(size):
    answer, x = put_in("local_response_norm")["local_response_norm"], tensor(2, 6, 2, 3)
    np.testing.assert_allclose(answer(x, size, 0.7).data, F.local_response_norm(x, size, 0.7).data)
    assert mc.gradcheck(lambda t: answer(t, size, 0.7), x)


@pytest.mark.everything("the course")
@pytest.mark.filterwarnings("ignore:invalid value")  # one of the wrong backwards gives NaN
def test_the_gradient_checker_s_cases_are_what_they_say():
    """gradcheck_pair accepts and refuses the same."""
    answer, checked = find_exercise("gradient_checker").solution, 0
    for stage in find_exercise("gradient_checker").stages:
        for case in stage.cases_for(seed=0):
            operation, kind, *arrays = case.values()
            if operation == "max(x, 0)" or arrays[0].dtype == np.float32:
                continue  # nothing is proven where the gradient is 0, or in float32
            forward = FORWARD[operation]
            backward = RIGHT[operation] if kind == "right" else WRONG[operation, kind]
            found = answer(partial(Operation, forward, backward), arrays, np.random.default_rng(0))
            try:
                expected = mc.gradcheck_pair(forward, partial(with_y, forward, backward), *arrays)
            except mc.GradCheckError:
                expected = False
            assert found == expected == (kind == "right"), (operation, kind)
            checked += 1
    assert checked > 30


def with_y(forward, backward, grad_y, *arrays):
    return backward(grad_y, forward(*arrays), *arrays)


def test_flat_curve_learns():
    trainer = find_exercise("flat_curve").solution(Softmax(2, 3), *clouds(30))
    assert [trainer.epoch() for _ in range(5)][-1] < 0.1
