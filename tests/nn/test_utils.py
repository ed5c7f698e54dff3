"""clip_grad_norm_: beside PyTorch, on every device, and what it refuses."""

import math

import numpy as np
import pytest
from support import fetch, needs_torch, put, quiet, torch

from minicnn import Tensor
from minicnn.nn.utils import clip_grad_norm_

SHAPES = [(3, 4), (), (5, 2, 3, 3), (1,)]


def parameters(device="cpu", dtype=np.float64):
    """With gradients that together have the norm 10; the last one has none."""
    rng = np.random.default_rng(0)
    gradients = [np.asarray(rng.standard_normal(shape)) for shape in SHAPES[:-1]]
    scale = 10 / math.sqrt(sum((gradient**2).sum() for gradient in gradients))
    ps = [Tensor(put(np.zeros(shape, dtype), device), requires_grad=True) for shape in SHAPES]
    for p, gradient in zip(ps, gradients, strict=False):
        p.grad = put(np.asarray(gradient * scale, dtype), device)
    return ps


def together(ps):
    return np.concatenate([fetch(p.grad).ravel() for p in ps if p.grad is not None])


@pytest.mark.parametrize("max_norm", [0.0, 1.0, 9.99, 10.01, 1e9, math.inf])
def test_a_gradient_that_is_too_long_is_shortened_in_its_direction(device, max_norm):
    ps = parameters(device)
    before, arrays = together(ps), [p.grad for p in ps]
    with quiet():  # nobody waits for a GPU
        norm = clip_grad_norm_(iter(ps), max_norm)
    assert isinstance(norm, Tensor)
    assert norm.device == ps[0].device
    assert norm.item() == pytest.approx(10, rel=1e-12)
    np.testing.assert_allclose(together(ps), before * min(1, max_norm / 10), rtol=1e-6)
    assert all(p.grad is array for p, array in zip(ps, arrays, strict=True))  # in place


@needs_torch
@pytest.mark.parity
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("norm_type", [2.0, 1.0, 3.5, math.inf])
@pytest.mark.parametrize("max_norm", [0.5, 3.0, 50.0])
def test_as_in_pytorch(max_norm, norm_type, dtype):
    ours = parameters(dtype=dtype)
    theirs = [torch.tensor(p.data, requires_grad=True) for p in ours]
    for p, q in zip(ours, theirs, strict=True):
        q.grad = None if p.grad is None else torch.tensor(p.grad)
    found = clip_grad_norm_(ours, max_norm, norm_type)
    expected = torch.nn.utils.clip_grad_norm_(theirs, max_norm, norm_type)
    tolerance = 1e-12 if dtype == np.float64 else 2e-6
    np.testing.assert_allclose(found.numpy(), expected.numpy(), rtol=tolerance)
    for p, q in zip(ours, theirs, strict=True):
        if q.grad is not None:
            assert p.grad.dtype == dtype
            np.testing.assert_allclose(p.grad, q.grad.numpy(), rtol=tolerance)


def test_one_tensor_and_none_with_a_gradient():
    p, without = parameters()[0], parameters()[-1]
    assert clip_grad_norm_(p, 1e-3).item() > 1
    assert np.linalg.norm(p.grad) == pytest.approx(1e-3)
    assert clip_grad_norm_([without], 1.0).item() == 0
    assert without.grad is None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [((-1.0,), "max_norm is -1.0"), ((math.nan,), "max_norm is nan"), ((1.0, 0), "norm_type is 0"),
     ((1.0, -2.0), "norm_type is -2.0")],
)  # fmt: skip
def test_what_is_refused(arguments, message):
    with pytest.raises(ValueError, match=f"clip_grad_norm_: {message}"):
        clip_grad_norm_(parameters(), *arguments)
