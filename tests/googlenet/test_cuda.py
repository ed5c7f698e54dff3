"""The whole network on a GPU, or on the real CuPy with its kernels run on a CPU, beside the same network on NumPy."""

import numpy as np
import pytest

import minicnn as mc
from googlenet import GoogLeNet, loss

CUDA = next(device for device in mc.devices() if device.name.startswith("cuda"))

pytestmark = pytest.mark.skipif(not CUDA.usable, reason=f"no GPU: {CUDA.description}")


def without_dropout(model):
    """Dropout draws other numbers on another device."""
    for module in model.modules():
        if hasattr(module, "p"):
            module.p = 0.0
    return model.train()


@pytest.mark.slow
@pytest.mark.parametrize("preset", ["paper", "batchnorm"])
def test_loss_gradients_and_a_step_agree_with_numpy(preset):
    cpu = without_dropout(GoogLeNet(10, preset, in_channels=1).double())  # float64: no excuses for rounding
    gpu = without_dropout(GoogLeNet(10, preset, in_channels=1).double())
    gpu.load_state_dict(cpu.state_dict())
    gpu.to("cuda")
    x = np.random.default_rng(0).standard_normal((2, 1, 32, 32))

    found = []
    for model, device in ((cpu, "cpu"), (gpu, "cuda")):
        optimizer = mc.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
        parts = loss(model(mc.tensor(x, device=device)), [1, 2])
        parts.total.backward()
        optimizer.step()
        gradients = {name: mc.Tensor(p.grad).numpy() for name, p in model.named_parameters()}
        found.append((float(parts.total), gradients, {name: t.numpy() for name, t in model.state_dict().items()}))

    (loss_cpu, gradients_cpu, state_cpu), (loss_gpu, gradients_gpu, state_gpu) = found
    assert loss_gpu == pytest.approx(loss_cpu, rel=1e-8)
    largest = max(np.abs(gradient).max() for gradient in gradients_cpu.values())
    for name, gradient in gradients_cpu.items():
        np.testing.assert_allclose(gradients_gpu[name], gradient, rtol=1e-6, atol=1e-8 * largest, err_msg=name)
    for name, array in state_cpu.items():
        np.testing.assert_allclose(state_gpu[name], array, rtol=1e-6, atol=1e-8, err_msg=name)


def test_a_network_on_another_device_than_its_input_says_so():
    model = GoogLeNet(10, in_channels=1).to("cuda").eval()
    with pytest.raises(TypeError, match="conv2d: weight is on cuda:0, x on cpu"):
        model(mc.Tensor(np.zeros((1, 1, 32, 32), np.float32)))


@pytest.mark.parametrize("optimizer", [mc.optim.SGD, mc.optim.Adam])
def test_a_training_step_takes_few_launches_and_never_waits_for_the_gpu(optimizer):
    cpucupy = pytest.importorskip("cpucupy", reason="only the real CuPy on a CPU counts launches and copies")
    model = GoogLeNet(10, in_channels=1).to("cuda").train()
    optimizer = optimizer(model.parameters(), **({"momentum": 0.9} if optimizer is mc.optim.SGD else {}))
    x = mc.tensor(np.random.default_rng(0).standard_normal((2, 1, 32, 32)).astype(np.float32), device="cuda")
    targets = np.array([1, 2])

    def step():
        before = cpucupy.counters()
        loss(model(x), targets).total.backward()
        optimizer.step()
        optimizer.zero_grad()
        return {name: count - before[name] for name, count in cpucupy.counters().items()}

    step()  # the first makes the optimizer's state
    counts = step()
    assert counts["launches"] <= 1100  # 2,560 with SGD and 3,712 with Adam before there were kernels
    assert counts["d2h"] == 0
