"""What `devices()` and `--device cuda` say where a GPU cannot be used: every way in which CuPy fails, played by a stub.

The messages were also seen in earnest: in an environment without CuPy, and with cupy-cuda12x 14.2 on a machine without
a driver. What the stub raises is what that CuPy raised there, or what CUDA's documentation says.
"""

import contextlib
import json
import sys

import numpy as np
import pytest

import minicnn as mc
from googlenet.__main__ import main as googlenet
from googlenet.training import main as train
from minicnn import backend


class CUDARuntimeError(RuntimeError):
    pass


class DynamicLibNotFoundError(RuntimeError):
    pass


def raising(error):
    def fail(*arguments, **options):
        raise error

    return fail


class Runtime:
    """One GPU that works, with a driver a little newer than CuPy needs."""

    def getDeviceCount(self):
        return 1

    def runtimeGetVersion(self):
        return 12090

    def driverGetVersion(self):
        return 13000

    def memGetInfo(self):
        return 70_000_000_000, 85_000_000_000

    def getDeviceProperties(self, number):
        return {"name": f"Stub {number}".encode()}


@pytest.fixture
def cupy(monkeypatch):
    """A module in the place of CuPy; `ones` gives NumPy's arrays."""
    module = type(sys)("cupy")
    module.__version__, module.ndarray, module.ones = "14.2.0", type("ndarray", (), {}), np.ones
    module.cuda = type(sys)("cupy.cuda")
    module.cuda.runtime, module.cuda.Device = Runtime(), lambda number: contextlib.nullcontext()
    monkeypatch.setitem(sys.modules, "cupy", module)
    return module


def no_driver(cupy):
    cupy.cuda.runtime.driverGetVersion = lambda: 0
    error = CUDARuntimeError(
        "cudaErrorInsufficientDriver: CUDA driver version is insufficient for CUDA runtime version"
    )
    cupy.cuda.runtime.getDeviceCount = raising(error)


def old_driver(cupy):
    no_driver(cupy)
    cupy.cuda.runtime.driverGetVersion = lambda: 11040


def no_device(cupy):
    cupy.cuda.runtime.getDeviceCount = raising(
        CUDARuntimeError("cudaErrorNoDevice: no CUDA-capable device is detected")
    )


def none_counted(cupy):
    cupy.cuda.runtime.getDeviceCount = lambda: 0


def no_nvrtc(cupy):
    cupy.ones = raising(
        DynamicLibNotFoundError('Failure finding "libnvrtc.so.13 or libnvrtc.so.12": No such file: libnvrtc.so.13\n')
    )


class NoProducts:
    def __matmul__(self, other):
        raise ImportError('Failure finding "libcublasLt.so.12": No such file: libcublasLt.so.12')


def no_cublas(cupy):
    cupy.ones = lambda shape, dtype: NoProducts()


def no_cublas_of_cuda_13(cupy):
    no_cublas(cupy)
    cupy.cuda.runtime.runtimeGetVersion = lambda: 13000


def no_headers(cupy):
    cupy.ones = raising(RuntimeError("CuPy failed to find CUDA headers"))


def wrong_numbers(cupy):
    cupy.ones = lambda shape, dtype: np.full(shape, 2.0, dtype)


def something_else(cupy):
    cupy.ones = raising(CUDARuntimeError("cudaErrorECCUncorrectable: uncorrectable ECC error encountered"))


WAYS_TO_FAIL = [
    (no_driver, ["there is no NVIDIA driver", "nvidia-smi"], "nvidia-smi"),
    (old_driver, ["driver is too old", "CUDA 11.4", "12.9", "newer driver"], "nvidia-smi"),
    (no_device, ["no GPU", "CUDA_VISIBLE_DEVICES"], "nvidia-smi"),
    (none_counted, ["no GPU"], "nvidia-smi"),
    (no_nvrtc, ["a library of CUDA is missing", "libnvrtc.so.12"], "pip install -e '.[cuda12]'"),
    (no_cublas, ["a library of CUDA is missing", "libcublasLt.so.12"], "pip install -e '.[cuda12]'"),
    (no_cublas_of_cuda_13, ["a library of CUDA is missing"], "pip install -e '.[cuda13]'"),
    (no_headers, ["a library of CUDA is missing", "headers"], "pip install -e '.[cuda12]'"),
    (wrong_numbers, ["computes wrongly: 12 came out as 40"], "nvidia-smi"),
    (something_else, ["uncorrectable ECC error"], ""),
]


@pytest.mark.parametrize(("fail", "parts", "remedy"), WAYS_TO_FAIL)
def test_why_a_gpu_cannot_be_used(fail, parts, remedy, cupy, capsys, tmp_path):
    fail(cupy)
    found = mc.devices()[1]
    assert found.name.startswith("cuda")
    assert not found.usable
    assert found.remedy == remedy
    assert remedy in found.description
    for part in parts:
        assert part in found.description
    assert str(found).startswith(f"{found.name:8}not usable: ")

    with pytest.raises(RuntimeError) as error:
        backend.to_device(np.ones(2), "cuda")
    assert str(error.value) == f'device "cuda" cannot be used: {found.description}'

    assert train(["--device", "cuda", "--output", str(tmp_path / "runs")]) == 2
    out, err = capsys.readouterr()
    assert err == f"train.py: error: {error.value}\n"
    assert out == ""
    assert not (tmp_path / "runs").exists()

    assert googlenet(["devices"]) == 0  # it has answered
    assert found.description in capsys.readouterr().out
    assert googlenet(["devices", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[1]["remedy"] == remedy


def test_one_line_tells_what_a_gpu_is(cupy):
    expected = "cuda:0  Stub 0, 70.0 of 85.0 GB free, CuPy 14.2.0, CUDA 12.9, driver for 13.0"
    assert [str(device) for device in mc.devices()][1:] == [expected]
    assert mc.devices()[1].details == {
        "gpu": "Stub 0", "free_gb": 70.0, "total_gb": 85.0, "cupy": "14.2.0",
        "cuda_runtime": "12.9", "cuda_driver": "13.0",
    }  # fmt: skip


def test_each_gpu_is_listed_and_tried(cupy):
    cupy.cuda.runtime.getDeviceCount = lambda: 3
    inside = []

    @contextlib.contextmanager
    def device(number):
        inside.append(number)
        yield
        inside.pop()

    def ones(shape, dtype):
        if inside == [1]:
            raise CUDARuntimeError("cudaErrorDevicesUnavailable: all CUDA-capable devices are busy or unavailable")
        return np.ones(shape, dtype)

    cupy.cuda.Device, cupy.ones = device, ones
    names = [(device.name, device.usable) for device in mc.devices()[1:]]
    assert names == [("cuda:0", True), ("cuda:1", False), ("cuda:2", True)]


@pytest.mark.parametrize(
    ("asked", "count", "there"),
    [
        (7, 1, "there is 1 GPU here: cuda:0"),
        (1, 1, "there is 1 GPU here: cuda:0"),
        (2, 2, "there are 2 GPUs here: cuda:0 to cuda:1"),
    ],
)
def test_a_gpu_that_is_not_there(asked, count, there, cupy, capsys):
    cupy.cuda.runtime.getDeviceCount = lambda: count
    assert train(["--device", f"cuda:{asked}"]) == 2
    assert capsys.readouterr().err == f'train.py: error: device "cuda:{asked}" cannot be used: {there}\n'


def test_a_gpu_is_tried_once(cupy):
    calls = []
    cupy.ones = lambda shape, dtype: calls.append(shape) or np.ones(shape, dtype)
    for _ in range(3):
        mc.devices()
    assert len(calls) == 1


def test_an_operation_works_on_the_device_of_its_arrays_whichever_is_the_current_one(cupy):
    """CuPy makes new arrays on its current device, 0 unless somebody says otherwise."""
    current = [0]

    @contextlib.contextmanager
    def device(number):
        current.append(number)
        yield
        current.pop()

    class OnSecondGPU(np.ndarray):
        device = type("device", (), {"id": 1})

    cupy.cuda.Device, cupy.ndarray, cupy.array = device, OnSecondGPU, lambda x: seen.append(current[-1]) or x.copy()
    cupy.asarray, seen = lambda x: x, []

    class Spy(mc.function.Function):
        def forward(self, x):
            seen.append(current[-1])
            return -x

        def backward(self, grad_y):
            seen.append(current[-1])
            return -grad_y

    x = mc.Tensor(np.ones(2).view(OnSecondGPU), requires_grad=True)
    assert x.device == "cuda:1"
    Spy()(x).backward(np.ones(2).view(OnSecondGPU))
    assert seen == [1, 1, 1]  # forward, backward, and the copy that the leaf keeps
    assert current == [0]


# ---- without CuPy, or without a driver ---


def test_devices_without_cupy_say_why_and_how_to_install_it(no_cupy):
    cpu, gpu = mc.devices()
    assert (cpu.name, cpu.usable) == ("cpu", True)
    assert np.__version__ in cpu.description
    assert f"{mc.get_num_threads()} thread" in cpu.description
    assert (gpu.name, gpu.usable) == ("cuda", False)
    assert "cannot be imported" in gpu.description
    assert "pip install" in gpu.description
    assert str(cpu).startswith("cpu ")
    assert str(gpu).startswith("cuda ")
    assert "not usable" in str(gpu)


def test_devices_with_cupy_but_no_driver(monkeypatch):
    class runtime:
        @staticmethod
        def getDeviceCount():
            raise OSError("no driver here")

    pretended = type("cupy", (), {"cuda": type("cuda", (), {"runtime": runtime})})
    monkeypatch.setitem(sys.modules, "cupy", pretended)
    assert [str(device) for device in mc.devices()][1] == "cuda    not usable: no driver here"
