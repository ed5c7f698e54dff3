"""The same numbers on a GPU as on the CPU, without waiting for it, and state that moves between them."""

import numpy as np
import pytest
from support import fetch, put, quiet, strided

from minicnn import Tensor, backend
from minicnn.optim import SGD, Adam, AdamW, WeightAverage

SHAPES = [(3, 4), (5,), (), (30, 7)]
OPTIMIZERS = [
    (SGD, {"lr": 0.1, "momentum": 0.9, "dampening": 0.1, "weight_decay": 0.01}),
    (SGD, {"lr": 0.1, "momentum": 0.9, "nesterov": True}),
    (Adam, {"lr": 0.1, "weight_decay": 0.01}),
    (AdamW, {"lr": 0.1}),
]


pytestmark = pytest.mark.devices("strict", "cuda")


def trained(kind, options, device, dtype, steps=5, layout=lambda array: array):
    """Parameters, optimizer and average after some steps; `layout` is that of the parameters in memory."""
    rng = np.random.default_rng(0)
    draw = lambda shape: put(np.asarray(rng.standard_normal(shape), dtype), device)  # noqa: E731
    ps = [Tensor(layout(draw(shape)), requires_grad=True) for shape in SHAPES]
    optimizer, average = kind(ps, **options), WeightAverage(ps, decay=0.9)
    for _ in range(steps):
        for p in ps:
            p.grad = draw(p.shape)
        with quiet():
            optimizer.step()
            average.update()
    return ps, optimizer, average


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("kind", "options"), OPTIMIZERS)
def test_the_same_numbers_on_both_devices(device, kind, options, dtype):
    (ours, _, average), (theirs, _, other) = (trained(kind, options, where, dtype) for where in ("cpu", device))
    tolerance = {"rtol": 1e-5, "atol": 1e-6} if dtype == np.float32 else {"rtol": 1e-12, "atol": 1e-14}
    for p, q in zip(ours, theirs, strict=True):
        assert q.device == "cuda:0" and q.dtype == dtype
        np.testing.assert_allclose(q.numpy(), p.data, **tolerance)
    for mean, array in zip(average.averages, other.averages, strict=True):
        np.testing.assert_allclose(fetch(array), mean, **tolerance)


@pytest.mark.parametrize(("kind", "options"), OPTIMIZERS)
def test_parameters_that_are_not_contiguous(device, kind, options):
    (ours, _, _), (theirs, _, _) = (
        trained(kind, options, where, np.float64, layout=strided) for where in ("cpu", device)
    )
    for p, q in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(q.numpy(), p.data, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(("kind", "options"), OPTIMIZERS)
def test_state_moves_to_the_device_of_the_parameters(device, kind, options):
    (_, on_cpu, average), (_, on_gpu, other) = (trained(kind, options, where, np.float32) for where in ("cpu", device))
    for source, target, where in ((on_cpu, on_gpu, "cuda:0"), (on_gpu, on_cpu, "cpu")):
        target.load_state_dict(source.state_dict())
        arrays = [value for state in target.state.values() for value in state.values() if backend.is_array(value)]
        assert arrays and {backend.device_of(array) for array in arrays} == {where}
        target.step()
    for source, target, where in ((average, other, "cuda:0"), (other, average, "cpu")):
        target.load_state_dict(source.state_dict())
        assert {backend.device_of(array) for array in target.averages} == {where}
        target.update()


def test_a_model_moved_after_the_first_step_is_a_clear_error(device):
    ps, optimizer, average = trained(*OPTIMIZERS[0], "cpu", np.float32)
    for p in ps:
        p.data, p.grad = put(p.data, device), put(p.grad, device)
    with pytest.raises(ValueError, match="the saved state of parameter 0 is .* on cpu, expected .* on cuda:0"):
        optimizer.step()
    with pytest.raises(TypeError, match="arrays on different devices"):
        average.update()
