import itertools
import math

import numpy as np
import pytest

from minicnn import Tensor
from minicnn.optim import Adam, AdamW

OPTIONS = [
    {"lr": 0.01, "betas": betas, "eps": eps, "weight_decay": weight_decay}
    for betas, eps, weight_decay in itertools.product([(0.9, 0.999), (0.5, 0.8), (0.0, 0.9)], [1e-8, 1e-2], [0, 0.1])
]


@pytest.mark.parametrize("kind", [Adam, AdamW])
@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_resumes_bit_for_bit(resumes, kind, options):
    resumes(lambda ps, lr=0.01: kind(ps, **{**options, "lr": lr}))


@pytest.mark.parametrize("kind", [Adam, AdamW])
@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_every_combination_of_options_follows_the_formula(kind, options):
    """On an array that is walked in several blocks (conftest.py makes the cache small)."""
    rng = np.random.default_rng(0)
    lr, (beta1, beta2), decay = options["lr"], options["betas"], options["weight_decay"]
    x, m, v = rng.standard_normal((30, 7)), 0, 0
    p = Tensor(x.copy(), requires_grad=True)
    optimizer = kind([p], **options)
    for t in range(1, 6):
        p.grad = g = rng.standard_normal(x.shape)
        if kind is AdamW:
            x = x - lr * decay * x
        else:
            g = g + decay * x
        m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g**2
        x = x - lr * (m / (1 - beta1**t)) / (np.sqrt(v / (1 - beta2**t)) + options["eps"])
        optimizer.step()
        np.testing.assert_allclose(p.data, x, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(("kind", "decoupled"), [(Adam, False), (AdamW, True)])
def test_the_papers_formula_in_plain_numbers(kind, decoupled):
    lr, beta1, beta2, eps, decay = 0.1, 0.8, 0.95, 1e-3, 0.05
    grads = [3.0, -1.0, 0.5, 0.0, 2.0]
    x, m, v = 2.0, 0.0, 0.0
    for t, grad in enumerate(grads, start=1):
        if decoupled:
            x = x - lr * decay * x
            g = grad
        else:
            g = grad + decay * x
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        x = x - lr * (m / (1 - beta1**t)) / (math.sqrt(v / (1 - beta2**t)) + eps)

    p = Tensor(np.array([2.0]), requires_grad=True)
    optimizer = kind([p], lr=lr, betas=(beta1, beta2), eps=eps, weight_decay=decay)
    for grad in grads:
        p.grad = np.array([grad])
        optimizer.step()
    assert p.data[0] == pytest.approx(x, rel=1e-13)


def test_the_defaults_are_pytorch_s():
    for kind, weight_decay in [(Adam, 0), (AdamW, 0.01)]:
        (group,) = kind([Tensor([1.0], requires_grad=True)]).param_groups
        assert (group["lr"], group["betas"], group["eps"]) == (1e-3, (0.9, 0.999), 1e-8)
        assert group["weight_decay"] == weight_decay


@pytest.mark.parametrize("size", [1e-6, 1.0, 1e6])
def test_the_first_step_is_lr_long_whatever_the_size_of_the_gradient(size):
    p = Tensor(np.zeros(3), requires_grad=True)
    p.grad = np.array([size, -size, 0.0])
    Adam([p], lr=0.25, eps=0.0 + 1e-20).step()
    np.testing.assert_allclose(p.data, [-0.25, 0.25, 0], rtol=1e-9)


@pytest.mark.parametrize("kind", [Adam, AdamW])
@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"lr": -1}, ValueError, "lr is -1"),
        ({"eps": -1}, ValueError, "eps is -1"),
        ({"weight_decay": -1}, ValueError, "weight_decay is -1"),
        ({"betas": (0.9, 1.0)}, ValueError, r"betas\[1\] is 1.0, expected a finite number, from 0 to below 1"),
        ({"betas": (-0.1, 0.9)}, ValueError, r"betas\[0\] is -0.1"),
        ({"betas": 0.9}, TypeError, "betas is 0.9, expected two numbers"),
        ({"betas": (0.9, None)}, TypeError, r"betas\[1\] is None"),
    ],
    ids=str,
)
def test_wrong_options(kind, options, error, message):
    with pytest.raises(error, match=f"^{kind.__name__}: {message}"):
        kind([Tensor([1.0], requires_grad=True)], **options)
