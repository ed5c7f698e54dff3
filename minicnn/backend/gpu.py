"""Is there a GPU to compute on, and if not, why not, and which command mends it?

CuPy can be imported without a driver, without a GPU and without CUDA's libraries, and then fails late: at the first
kernel where the compiler (NVRTC) is missing, at the first matrix product where cuBLAS is. So both are tried here.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from minicnn.backend.threads import get_num_threads

INSTALL = "pip install -e '.[cuda{}]'"  # the project's own extras: CuPy, and with it all of CUDA but the driver
LOOK = "nvidia-smi"


class NoGPU(RuntimeError):
    """Why a GPU cannot be used, in words; `remedy` is the command to begin with, or empty."""

    def __init__(self, why: str, remedy: str = "") -> None:
        super().__init__(why)
        self.remedy = remedy


def import_cupy() -> Any:
    """The module `cupy`. Raises NoGPU where it cannot be imported."""
    try:
        import cupy
    except ImportError as error:
        raise NoGPU(
            f"CuPy cannot be imported ({error}). Install it, from this project's folder: "
            f"{INSTALL.format(12)}, or cuda13 for a driver of CUDA 13 (elsewhere: pip install 'cupy-cuda12x[ctk]')",
            INSTALL.format(12),
        ) from error
    return cupy


def count(cupy: Any) -> int:
    """How many GPUs there are. Raises NoGPU where there is none, or no driver for it."""
    try:
        number = cupy.cuda.runtime.getDeviceCount()
    except Exception as error:  # CuPy's class for it exists only where CuPy does
        raise explained(cupy, error) from error
    if number == 0:
        raise NoGPU(f"there is no GPU: {LOOK} lists those that the driver knows", LOOK)
    return number


def usable_cupy(number: int) -> Any:
    """The module `cupy`, once GPU `number` has shown that it can compute. Raises NoGPU where it cannot."""
    cupy = import_cupy()
    there = count(cupy)
    if number >= there:
        names = "cuda:0" if there == 1 else f"cuda:0 to cuda:{there - 1}"
        raise NoGPU(f"there {'is 1 GPU' if there == 1 else f'are {there} GPUs'} here: {names}")
    try_out(cupy, number)
    return cupy


@functools.cache
def try_out(cupy: Any, number: int) -> None:
    """Run a kernel, a matrix product and a copy back. Raises NoGPU where one of them fails."""
    try:
        with cupy.cuda.Device(number):
            ones = cupy.ones((2, 2), "float32")
            total = (ones @ ones + ones).sum().item()
    except Exception as error:
        raise explained(cupy, error) from error
    if total != 12:
        raise NoGPU(f"it computes wrongly: 12 came out as {total} ({LOOK} -q shows errors of its memory)", LOOK)


def about(cupy: Any, number: int) -> dict[str, Any]:
    """What GPU `number` is: its name, memory in GB (10^9 bytes), and the versions of what drives it."""
    runtime = cupy.cuda.runtime
    with cupy.cuda.Device(number):
        free, total = runtime.memGetInfo()
    return {
        "gpu": runtime.getDeviceProperties(number)["name"].decode(),
        "free_gb": round(free / 1e9, 2),
        "total_gb": round(total / 1e9, 2),
        "cupy": cupy.__version__,
        "cuda_runtime": version(runtime.runtimeGetVersion()),
        "cuda_driver": version(runtime.driverGetVersion()),
    }


def version(number: int) -> str:
    """12090 -> "12.9", as CUDA counts."""
    return f"{number // 1000}.{number % 1000 // 10}"


def explained(cupy: Any, error: Exception) -> NoGPU:
    """One of CuPy's many errors, in words that say what to do."""
    text = " ".join(str(error).split())
    if "cudaErrorInsufficientDriver" in text or "cudaErrorStubLibrary" in text:
        driver, runtime = (_version_or_zero(cupy, which) for which in ("driverGetVersion", "runtimeGetVersion"))
        if driver == 0:
            return NoGPU(
                f"there is no NVIDIA driver. Install it; it is there when {LOOK} lists a GPU "
                "(in a container: start that with --gpus all)",
                LOOK,
            )
        return NoGPU(
            f"the NVIDIA driver is too old: it is for CUDA {version(driver)}, CuPy for {version(runtime)}. "
            f"Install a newer driver ({LOOK} shows the present one)",
            LOOK,
        )
    if "cudaErrorNoDevice" in text:
        return NoGPU(
            f"there is a driver, but no GPU: {LOOK} lists what it knows (CUDA_VISIBLE_DEVICES may hide one; "
            "in a container: start that with --gpus all)",
            LOOK,
        )
    # DynamicLibNotFoundError (NVRTC), ImportError (cuBLAS), RuntimeError (CUDA's headers)
    missing = isinstance(error, ImportError) or type(error).__name__ == "DynamicLibNotFoundError"
    if missing or "header" in text:
        major = _version_or_zero(cupy, "runtimeGetVersion") // 1000 or 12
        command = INSTALL.format(major)
        return NoGPU(f"a library of CUDA is missing ({text[:200]}). Install them all: {command}", command)
    return NoGPU(text or type(error).__name__)


def _version_or_zero(cupy: Any, function: str) -> int:
    try:
        return int(getattr(cupy.cuda.runtime, function)())
    except Exception:  # asking for a version needs what is missing
        return 0


@dataclass(frozen=True)
class Device:
    """One line of `devices()`: a device's name, whether it can be used here, and what it is or why not."""

    name: str
    usable: bool
    description: str
    remedy: str = ""  # where it is not usable: the command to begin with
    details: dict[str, Any] = field(default_factory=dict)  # see about

    def __str__(self) -> str:
        return f"{self.name:8}{'' if self.usable else 'not usable: '}{self.description}"


def devices() -> list[Device]:
    """What can be computed on here, and why not where not. The CPU comes first and is always usable.

    Every GPU is tried: a kernel, a matrix product, a copy back.
    """
    found = [Device("cpu", True, f"NumPy {np.__version__}, {get_num_threads()} threads")]
    try:
        cupy = import_cupy()
        numbers = range(count(cupy))
    except NoGPU as error:
        return [*found, Device("cuda", False, str(error), error.remedy)]
    for number in numbers:
        try:
            try_out(cupy, number)
        except NoGPU as error:
            found.append(Device(f"cuda:{number}", False, str(error), error.remedy))
        else:
            facts = about(cupy, number)
            line = "{gpu}, {free_gb} of {total_gb} GB free, CuPy {cupy}, CUDA {cuda_runtime}, driver for {cuda_driver}"
            found.append(Device(f"cuda:{number}", True, line.format(**facts), details=facts))
    return found
