import itertools

import numpy as np
import pytest

from minicnn import Tensor
from minicnn.optim import SGD

OPTIONS = [
    {"lr": 0.1, "momentum": momentum, "dampening": dampening, "weight_decay": weight_decay, "nesterov": nesterov}
    for momentum, dampening, weight_decay, nesterov in itertools.product((0, 0.9), (0, 0.2), (0, 0.01), (False, True))
    if not nesterov or (momentum and not dampening)
]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_resumes_bit_for_bit(resumes, options):
    resumes(lambda ps, lr=0.1: SGD(ps, **{**options, "lr": lr}))


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_every_combination_of_options_follows_the_formula(options):
    """On an array that is walked in several blocks (conftest.py makes the cache small)."""
    rng = np.random.default_rng(0)
    lr, momentum, weight_decay = options["lr"], options["momentum"], options["weight_decay"]
    x, v = rng.standard_normal((30, 7)), None
    p = Tensor(x.copy(), requires_grad=True)
    optimizer = SGD([p], **options)
    for _ in range(5):
        p.grad = rng.standard_normal(x.shape)
        g = p.grad + weight_decay * x
        v = g if v is None else momentum * v + (1 - options["dampening"]) * g
        x = x - lr * (g + momentum * v if options["nesterov"] else v if momentum else g)
        optimizer.step()
        np.testing.assert_allclose(p.data, x, rtol=1e-13, atol=1e-15)


def steps_of_one_number(options, grads, x=1.0):
    p = Tensor(np.array([x]), requires_grad=True)
    optimizer = SGD([p], **options)
    for grad in grads:
        p.grad = np.array([grad])
        optimizer.step()
    return p.data[0]


def test_plain():
    assert steps_of_one_number({"lr": 0.1}, [2.0, -3.0]) == pytest.approx(1 - 0.1 * 2 + 0.1 * 3)


def test_weight_decay_is_added_to_the_gradient():
    assert steps_of_one_number({"lr": 0.1, "weight_decay": 0.5}, [2.0], x=4.0) == pytest.approx(4 - 0.1 * (2 + 0.5 * 4))


def test_momentum_by_hand():
    # v: 2, then 0.9 * 2 + (1 - 0.25) * 4 = 4.8
    options = {"lr": 0.1, "momentum": 0.9, "dampening": 0.25}
    assert steps_of_one_number(options, [2.0, 4.0]) == pytest.approx(1 - 0.1 * 2 - 0.1 * 4.8)


def test_nesterov_by_hand():
    # v: 2, then 0.5 * 2 + 4 = 5; the steps are g + 0.5 v: 3, then 6.5
    options = {"lr": 0.1, "momentum": 0.5, "nesterov": True}
    assert steps_of_one_number(options, [2.0, 4.0]) == pytest.approx(1 - 0.1 * 3 - 0.1 * 6.5)


def test_changes_the_array_in_place_and_leaves_the_gradient_alone():
    p = Tensor(np.ones((2, 3), np.float32), requires_grad=True)
    data, grad = p.data, np.full((2, 3), 2, np.float32)
    p.grad = grad
    optimizer = SGD([p], lr=0.5, momentum=0.9, weight_decay=0.1, nesterov=True)
    optimizer.step()
    optimizer.step()
    assert p.data is data
    np.testing.assert_array_equal(grad, 2)


def test_an_array_that_is_not_contiguous():
    data = np.ones((400, 300)).T
    p, q = Tensor(data, requires_grad=True), Tensor(np.ones((300, 400)), requires_grad=True)
    p.grad = q.grad = np.arange(120000.0).reshape(300, 400)
    for tensor in (p, q):
        SGD([tensor], lr=0.1, momentum=0.9).step()
    np.testing.assert_array_equal(p.data, q.data)
    assert p.data is data


def test_a_float64_learning_rate_does_not_make_float32_weights_compute_in_float64():
    ps = [Tensor(np.linspace(-1, 1, 1000, dtype=np.float32), requires_grad=True) for _ in range(2)]
    optimizers = [SGD([ps[0]], lr=0.1), SGD([ps[1]], lr=0.1)]
    optimizers[1].param_groups[0]["lr"] = np.float64(0.1)
    for p, optimizer in zip(ps, optimizers, strict=True):
        p.grad = np.linspace(3, 4, 1000, dtype=np.float32)
        optimizer.step()
    np.testing.assert_array_equal(ps[0].data, ps[1].data)


@pytest.mark.parametrize(
    ("options", "kind", "message"),
    [
        ({"lr": -0.1}, ValueError, "SGD: lr is -0.1"),
        ({"lr": float("nan")}, ValueError, "SGD: lr is nan"),
        ({"lr": float("inf")}, ValueError, "SGD: lr is inf"),
        ({"lr": "0.1"}, TypeError, "SGD: lr is '0.1', expected a number"),
        ({"lr": True}, TypeError, "SGD: lr is True"),
        ({"lr": 0.1, "momentum": -1}, ValueError, "SGD: momentum is -1"),
        ({"lr": 0.1, "weight_decay": -1}, ValueError, "SGD: weight_decay is -1"),
        ({"lr": 0.1, "nesterov": True}, ValueError, "SGD: nesterov needs a momentum above 0"),
        ({"lr": 0.1, "nesterov": True, "momentum": 0.9, "dampening": 0.1}, ValueError, "dampening 0.1"),
    ],
    ids=str,
)
def test_wrong_options(options, kind, message):
    with pytest.raises(kind, match=message):
        SGD([Tensor([1.0], requires_grad=True)], **options)
