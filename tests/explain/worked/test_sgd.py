"""sgd, in numbers."""

import numpy as np
import pytest
from support import needs_torch, raises
from worked_examples import compared, example, items

import minicnn as mc
from minicnn import optim
from minicnn.explain.document import Trace

OPTIONS = [
    {"lr": 0.1},
    {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.5},
    {"lr": 0.2, "momentum": 0.5, "nesterov": True, "weight_decay": 0.1},
    {"lr": 0.1, "momentum": 0.9, "dampening": 0.3},
]


def steps(explanation):
    """The new x of each step."""
    return [found.value for found in items(explanation, Trace) if found.name.startswith("new x")]


def test_the_example():
    """x = -2, curvature 3: grad -6, decay -1; then v = 0.9 v + g."""
    e = example("sgd")
    assert steps(e) == pytest.approx([-1.3, -0.215, 0.83675])
    assert [found.value for found in items(e, Trace) if found.name == "v[1]"] == pytest.approx([-7, -10.85, -10.5175])
    assert compared(e)["x after each step"] == ["loop", "optim.SGD"]
    assert "10 times the gradient" in str(e)


@needs_torch
@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_the_steps_are_pytorchs(options):
    import torch

    x, curvature = np.array([4.0, -2.0]), np.array([1.0, 3.0])
    theirs = torch.tensor(x, requires_grad=True)
    optimizer, found = torch.optim.SGD([theirs], **options), []
    for _ in range(3):
        optimizer.zero_grad()
        (torch.tensor(curvature / 2) * theirs**2).sum().backward()
        optimizer.step()
        found.append(theirs[1].item())
    assert steps(example(optim.SGD, x, curvature=curvature, **options)) == pytest.approx(found)


@pytest.mark.parametrize("x", [3.0, [[1.0], [2.0]]], ids=["number", "column"])
def test_odd_shapes_and_many_steps(x):
    e = example(optim.SGD, mc.Tensor(x), 0.1, steps=7, at=() if x == 3.0 else (1, 0))
    assert len(steps(e)) == 3 and "sgd: 7 steps" in str(e)


@pytest.mark.parametrize("arguments, says", [
    ({"steps": 0}, "sgd: steps is 0, expected 1 to 100"),
    ({"curvature": [1, 2, 3]}, "sgd: curvature has shape (3,), expected one number or that of x, (2,)"),
    ({"momentum": 0.0, "nesterov": True}, "SGD: nesterov needs a momentum above 0"),
])  # fmt: skip
def test_what_does_not_fit_is_refused(arguments, says):
    with raises(ValueError, says):
        mc.explain("sgd", **arguments)


def test_a_wrong_optimizer_is_found(monkeypatch):
    update = optim.SGD.update

    def wrong(self, x, grad, state, group):
        update(self, x, grad, state, group | {"weight_decay": 0})

    monkeypatch.setattr(optim.SGD, "update", wrong)
    with pytest.raises(AssertionError):
        mc.explain("sgd")
