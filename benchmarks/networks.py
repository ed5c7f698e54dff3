"""The sides that run the whole network: GoogLeNet on minicnn, and on PyTorch in its two memory layouts."""

from collections.abc import Callable
from typing import Any

from benchmarks import shapes
from benchmarks.gauges import Side, peak_bytes, resident_bytes, timed

LEARNING_RATE, MOMENTUM = 0.01, 0.9


def minicnn_side(settings: dict[str, Any]) -> Side:
    """GoogLeNet of this project, as a user would write it. One call of `training` is one step and returns the loss."""
    import numpy as np

    import minicnn as mc
    from googlenet import GoogLeNet, loss
    from minicnn import backend, optim

    device, after_imports, peak, versions = settings["device"], resident_bytes(), peak_bytes, {"NumPy": np.__version__}
    wait: Callable[[], object] = lambda: None  # noqa: E731
    if device != "cpu":
        backend.use(device)
        import cupy

        versions["GPU"] = next(str(d) for d in mc.devices() if d.name == backend.device_of(cupy.empty(0)))
        after_imports, peak = 0, cupy.get_default_memory_pool().total_bytes  # the pool gives nothing back
        wait = cupy.cuda.Device().synchronize
    mc.set_num_threads(settings["threads"])
    mc.manual_seed(0)
    model = GoogLeNet(settings["classes"], settings["preset"], settings["channels"]).to(device)
    optimizer = optim.SGD(model.parameters(), lr=LEARNING_RATE, momentum=MOMENTUM)
    images, targets = (backend.to_device(array, device) for array in random_batch(settings))
    x = mc.Tensor(images)

    def training() -> float:
        model.train()
        optimizer.zero_grad()
        total = loss(model(x), targets).total
        total.backward()
        optimizer.step()
        return float(total.item())

    def inference() -> object:
        model.eval()
        with mc.no_grad():
            y = model(x)
        wait()
        return y

    gflop = shapes.training_gflop(*(settings[name] for name in ("size", "channels", "classes", "preset")))
    commands = {
        "training": timed(training, work=len(images), gflop_per_image=gflop),
        "inference": timed(inference, work=len(images)),
    }
    return Side(commands, versions, after_imports, peak)


def torch_nchw_side(settings: dict[str, Any]) -> Side:
    """PyTorch's usual layout."""
    return torch_side(settings, channels_last=False)


def torch_channels_last_side(settings: dict[str, Any]) -> Side:
    """The layout that PyTorch recommends for speed."""
    return torch_side(settings, channels_last=True)


def torch_side(settings: dict[str, Any], channels_last: bool) -> Side:
    """The same network in PyTorch, eager, in one of its two memory layouts."""
    import torch

    from benchmarks import reference

    device, after_imports, peak = settings["device"], resident_bytes(), peak_bytes
    wait: Callable[[], object] = lambda: None  # noqa: E731
    if device != "cpu":
        # Our side multiplies in float32, and so must this one: no TF32, which keeps 10 bits of 23.
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
        torch.cuda.set_device(device if ":" in device else f"{device}:0")
        after_imports, peak, wait = 0, torch.cuda.max_memory_reserved, torch.cuda.synchronize
    torch.set_num_threads(settings["threads"])
    torch.manual_seed(0)
    layout = torch.channels_last if channels_last else torch.contiguous_format
    model = reference.GoogLeNet(settings["classes"], settings["preset"], in_channels=settings["channels"])
    # torch's own annotations miss this form of .to(), which its documentation recommends.
    model = model.to(device, memory_format=layout)  # type: ignore[call-overload]
    optimizer = torch.optim.SGD(model.parameters(), lr=LEARNING_RATE, momentum=MOMENTUM)
    images, labels = random_batch(settings)
    x = torch.from_numpy(images).to(device).to(memory_format=layout)
    targets = torch.from_numpy(labels).to(device)

    def training() -> float:
        model.train()
        optimizer.zero_grad(set_to_none=True)
        total = reference.loss(model(x), targets)
        total.backward()
        optimizer.step()
        return total.item()

    def inference() -> object:
        model.eval()
        with torch.inference_mode():
            y = model(x)
        wait()
        return y

    versions = {"PyTorch": torch.__version__, "PyTorch CPU capability": torch.backends.cpu.get_cpu_capability()}
    commands = {"training": timed(training, work=len(images)), "inference": timed(inference, work=len(images))}
    return Side(commands, versions, after_imports, peak)


def random_batch(settings: dict[str, Any]) -> tuple[Any, Any]:
    """Images (N, channels, size, size) float32 and targets (N,): the same numbers on every side."""
    import numpy as np

    rng = np.random.default_rng(0)
    shape = (settings["batch_size"], settings["channels"], settings["size"], settings["size"])
    return rng.standard_normal(shape, dtype=np.float32), rng.integers(0, settings["classes"], settings["batch_size"])
