"""One side of the comparison: a process that does nothing until it is told to.

`python -m benchmarks.side minicnn '{"batch_size": 16, ...}'` reads one command a line and answers one line of JSON:

    training 3     three training steps      {"seconds": [0.91, 0.88, 0.89], "cpu_seconds": 5.3}
    inference 3    three forward passes      {"seconds": [0.21, 0.22, 0.21], "cpu_seconds": 1.2}
    memory         bytes, up to now          {"peak": 601000000, "after_imports": 60000000}
    about          versions                  {"NumPy": "2.4.6", "NumPy's BLAS": "openblas 0.3.31 SkylakeX"}

The libraries are imported inside the functions below: the parent reads this file too, and must stay small, because
Linux counts the memory of the process that started a program into that program's peak.
"""

import json
import math
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.machine import blas_kernels

LEARNING_RATE, MOMENTUM, CLASSES = 0.01, 0.9, 1000


class Side(NamedTuple):
    """What a side can do. One call of `training` is one step and returns the loss.

    On a GPU both return when it has done its work, and memory is what the library has taken of the GPU's.
    """

    training: Callable[[], float]
    inference: Callable[[], object]
    after_imports: int
    versions: dict[str, str]
    peak: Callable[[], int]


def minicnn_side(settings: dict[str, Any]) -> Side:
    """GoogLeNet of this project, as a user would write it."""
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
    model = GoogLeNet(num_classes=CLASSES, preset=settings["preset"]).to(device)
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

    return Side(training, inference, after_imports, versions, peak)


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
    # torch's own annotations miss this form of .to(), which its documentation recommends.
    model = reference.GoogLeNet(CLASSES, settings["preset"]).to(device, memory_format=layout)  # type: ignore[call-overload]
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
    return Side(training, inference, after_imports, versions, peak)


SIDES: dict[str, Callable[[dict[str, Any]], Side]] = {
    "minicnn": minicnn_side,
    "torch-nchw": lambda settings: torch_side(settings, channels_last=False),
    "torch-channels_last": lambda settings: torch_side(settings, channels_last=True),
}


def random_batch(settings: dict[str, Any]) -> tuple[Any, Any]:
    """Images (N, 3, size, size) float32 and targets (N,): the same numbers on every side."""
    import numpy as np

    rng = np.random.default_rng(0)
    shape = (settings["batch_size"], 3, settings["size"], settings["size"])
    return rng.standard_normal(shape, dtype=np.float32), rng.integers(0, CLASSES, settings["batch_size"])


def resident_bytes() -> int:
    """Memory in use now; where the system does not tell (macOS), the most so far."""
    statm = Path("/proc/self/statm")
    return int(statm.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") if statm.exists() else peak_bytes()


def peak_bytes() -> int:
    """The most memory this process ever had resident: what `/usr/bin/time -v` reports."""
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024  # macOS counts bytes, Linux KiB


def timed(step: Callable[[], object], repeats: int) -> list[float]:
    """Seconds of each call; a loss that is no number ends the process, since such a run is worth nothing."""
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        result = step()
        seconds.append(time.perf_counter() - start)
        if isinstance(result, float) and not math.isfinite(result):
            raise FloatingPointError(f"the training loss became {result}")
    return seconds


def main() -> None:
    """Build the side named on the command line, then answer commands until standard input ends."""
    name, settings = sys.argv[1], json.loads(sys.argv[2])
    side = SIDES[name](settings)
    for line in sys.stdin:
        command, *arguments = line.split()
        answer: dict[str, Any]
        if command == "about":
            answer = side.versions | {"NumPy's BLAS": blas_kernels()}
        elif command == "memory":
            answer = {"peak": side.peak(), "after_imports": side.after_imports}
        else:
            steps = {"training": side.training, "inference": side.inference}
            before = time.process_time()
            answer = {"seconds": timed(steps[command], int(arguments[0]))}
            answer["cpu_seconds"] = time.process_time() - before  # of all threads of this process
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
