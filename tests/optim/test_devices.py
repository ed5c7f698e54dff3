"""The same numbers on a GPU as on the CPU, and state that moves between them. Skipped where CuPy has no device."""

import numpy as np
import pytest

import minicnn as mc
from minicnn import Tensor, backend
from minicnn.optim import SGD, Adam, AdamW, WeightAverage

SHAPES = [(3, 4), (5,), (), (30, 7)]
OPTIMIZERS = [
    (SGD, {"lr": 0.1, "momentum": 0.9, "dampening": 0.1, "weight_decay": 0.01}),
    (SGD, {"lr": 0.1, "momentum": 0.9, "nesterov": True}),
    (Adam, {"lr": 0.1, "weight_decay": 0.01}),
    (AdamW, {"lr": 0.1}),
]


@pytest.fixture
def cuda():
    for device in mc.devices():
        if device.name.startswith("cuda") and device.usable:
            return device.name
    pytest.skip(f"no GPU: {mc.devices()[-1]}")


def trained(kind, options, device, dtype, steps=5):
    rng = np.random.default_rng(0)
    draw = lambda shape: backend.to_device(np.asarray(rng.standard_normal(shape), dtype), device)  # noqa: E731
    ps = [Tensor(draw(shape), requires_grad=True) for shape in SHAPES]
    optimizer, average = kind(ps, **options), WeightAverage(ps, decay=0.9)
    for _ in range(steps):
        for p in ps:
            p.grad = draw(p.shape)
        optimizer.step()
        average.update()
    return ps, optimizer, average


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("kind", "options"), OPTIMIZERS)
def test_the_same_numbers_on_both_devices(cuda, kind, options, dtype):
    (ours, _, average), (theirs, _, other) = (trained(kind, options, device, dtype) for device in ("cpu", cuda))
    tolerance = {"rtol": 1e-5, "atol": 1e-6} if dtype == np.float32 else {"rtol": 1e-12, "atol": 1e-14}
    for p, q in zip(ours, theirs, strict=True):
        assert q.device == cuda and q.dtype == dtype
        np.testing.assert_allclose(q.numpy(), p.data, **tolerance)
    for mean, array in zip(average.averages, other.averages, strict=True):
        np.testing.assert_allclose(backend.to_device(array, "cpu"), mean, **tolerance)


@pytest.mark.parametrize(("kind", "options"), OPTIMIZERS)
def test_state_moves_to_the_device_of_the_parameters(cuda, kind, options):
    (_, on_cpu, average), (_, on_gpu, other) = (trained(kind, options, device, np.float32) for device in ("cpu", cuda))
    for source, target, device in ((on_cpu, on_gpu, cuda), (on_gpu, on_cpu, "cpu")):
        target.load_state_dict(source.state_dict())
        arrays = [value for state in target.state.values() for value in state.values() if backend.is_array(value)]
        assert arrays and {backend.device_of(array) for array in arrays} == {device}
        target.step()
    for source, target, device in ((average, other, cuda), (other, average, "cpu")):
        target.load_state_dict(source.state_dict())
        assert {backend.device_of(array) for array in target.averages} == {device}
        target.update()


def test_a_model_moved_after_the_first_step_is_a_clear_error(cuda):
    ps, optimizer, average = trained(*OPTIMIZERS[0], "cpu", np.float32)
    for p in ps:
        p.data, p.grad = backend.to_device(p.data, cuda), backend.to_device(p.grad, cuda)
    with pytest.raises(ValueError, match="the saved state of parameter 0 is .* on cpu, expected .* on cuda:0"):
        optimizer.step()
    with pytest.raises(TypeError, match="arrays on different devices"):
        average.update()


def test_weights_on_a_gpu_are_saved(cuda, tmp_path):
    array = np.arange(6, dtype=np.float32).reshape(2, 3)
    tensor = Tensor(backend.to_device(array, cuda))
    mc.save({"a": tensor, "b": tensor.data.T, "c": tensor.data.sum()}, tmp_path / "model.safetensors")
    loaded = mc.load(tmp_path / "model.safetensors")
    np.testing.assert_array_equal(loaded["a"].data, array)
    np.testing.assert_array_equal(loaded["b"].data, array.T)
    np.testing.assert_array_equal(loaded["c"].data, np.float32(15))
