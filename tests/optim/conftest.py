"""The test that the tests of all optimizers share."""

import numpy as np
import pytest
from support import fetch, put, quiet

from minicnn import Tensor, backend

SHAPES = [(3, 4), (5,), (), (30, 7)]


@pytest.fixture(autouse=True)
def small_cache(monkeypatch):
    """Pretend that the cache is tiny, so that the last of the shapes is walked in several blocks."""
    monkeypatch.setattr(backend.blocks, "CACHE_BYTES", 256)


def gradients(steps, dtype):
    """One list of gradients a step; the second parameter has none in every third step."""
    rng = np.random.default_rng(1)
    for step in range(steps):
        grads = [rng.standard_normal(shape).astype(dtype) for shape in SHAPES]
        yield [None if i == 1 and step % 3 == 0 else np.asarray(grad) for i, grad in enumerate(grads)]


def parameters(dtype, device="cpu"):
    rng = np.random.default_rng(0)
    draw = lambda shape: put(np.asarray(rng.standard_normal(shape).astype(dtype)), device)  # noqa: E731
    return [Tensor(draw(shape), requires_grad=True) for shape in SHAPES]


@pytest.fixture
def resumes(device):
    """resumes(make): training 10 steps gives, bit for bit, what 4 steps, saving, loading and 6 steps give."""

    def check(make, dtype=np.float32):
        def train(optimizer, ps, all_grads):
            for grads in all_grads:
                for p, grad in zip(ps, grads, strict=True):
                    p.grad = None if grad is None else put(grad, device)
                with quiet():
                    optimizer.step()

        all_grads = list(gradients(10, dtype))
        straight = parameters(dtype, device)
        train(make(straight), straight, all_grads)

        first = parameters(dtype, device)
        interrupted = make(first)
        train(interrupted, first, all_grads[:4])
        weights, saved = [p.data.copy() for p in first], interrupted.state_dict()
        train(interrupted, first, all_grads[4:6])  # what was saved must not change any more

        second = [Tensor(weight, requires_grad=True) for weight in weights]
        resumed = make(second, lr=123.0)  # the rate, too, comes from the saved state
        resumed.load_state_dict(saved)
        train(resumed, second, all_grads[4:])
        for p, q in zip(straight, second, strict=True):
            np.testing.assert_array_equal(fetch(p.data), fetch(q.data))
            assert p.data.dtype == q.data.dtype == dtype

    return check
