"""Whose array is this, and where does it lie: NumPy's in memory, or CuPy's on a GPU.

Every operation asks `module_of` for the module of its arrays and calls it `xp`; there is no global "current device":
the arrays decide.
"""

from __future__ import annotations

import contextlib
import sys
import zlib
from typing import Any

import numpy as np

from minicnn.backend import gpu

Array = Any  # numpy.ndarray or cupy.ndarray; CuPy has no usable types where it is not installed


def is_array(value: object) -> bool:
    """Whether `value` is a NumPy or a CuPy array."""
    return isinstance(value, np.ndarray) or is_cupy(value)


def is_cupy(value: object) -> bool:
    """Whether `value` is a CuPy array."""
    cupy = sys.modules.get("cupy")  # where nobody has imported CuPy, nothing is a CuPy array
    return cupy is not None and isinstance(value, cupy.ndarray)


def module_of(*arrays: Array) -> Any:
    """The module the arrays belong to, `numpy` or `cupy`. None and Python numbers belong to both.

    Raises TypeError where NumPy and CuPy arrays are mixed.
    """
    on_gpu = [is_cupy(array) for array in arrays if is_array(array)]
    if not any(on_gpu):
        return np
    if not all(on_gpu):
        raise TypeError(f"arrays on different devices: {', '.join(device_of(a) for a in arrays if is_array(a))}")
    return sys.modules["cupy"]


def device_of(array: Array) -> str:
    """ "cpu" for a NumPy array, "cuda:0" (or another number) for a CuPy array."""
    return f"cuda:{array.device.id}" if is_cupy(array) else "cpu"


def to_device(array: Array, device: str) -> Array:
    """The array on `device` ("cpu", "cuda", "cuda:1"): the array itself where it is there already, else a copy.

    Raises RuntimeError, saying what to do, where that GPU cannot be used.
    """
    number = number_of(device)
    if number is None:
        return sys.modules["cupy"].asnumpy(array) if is_cupy(array) else array
    cupy = cupy_for(device, number)
    with cupy.cuda.Device(number):
        return cupy.asarray(array)


def on_device_of(*arrays: Array) -> contextlib.AbstractContextManager[Any]:
    """Inside, new arrays are made where these are: CuPy makes them on its current device, whatever they come from."""
    for array in arrays:
        if is_cupy(array):
            return sys.modules["cupy"].cuda.Device(array.device.id)
    return _nothing


def use(device: str) -> None:
    """Make `device` CuPy's current one, for this thread; nothing for "cpu". Raises RuntimeError as `to_device` does."""
    number = number_of(device)
    if number is not None:
        cupy_for(device, number).cuda.Device(number).use()


_nothing: contextlib.AbstractContextManager[Any] = contextlib.nullcontext()


def same_device(array: Array, device: str) -> bool:
    """Whether the array is on `device` already; "cuda" alone means the first GPU."""
    number = number_of(device)
    return device_of(array) == ("cpu" if number is None else f"cuda:{number}")


def number_of(device: str) -> int | None:
    """None for "cpu", 0 for "cuda", n for "cuda:n"."""
    name, _, number = str(device).partition(":")
    if name == "cpu" and not number:
        return None
    if name == "cuda" and (not number or number.isdecimal()):
        return int(number or 0)
    raise ValueError(f'device: got {device!r}, expected "cpu", "cuda" or "cuda:<number>"')


def cupy_for(device: str, number: int) -> Any:
    """The module `cupy`, once that GPU has shown that it can compute; else NoGPU, naming `device`."""
    try:
        return gpu.usable_cupy(number)
    except gpu.NoGPU as error:
        raise gpu.NoGPU(f'device "{device}" cannot be used: {error}', error.remedy) from error


def fingerprint(array: Array) -> int | None:
    """A number that is another one after the array has changed: of all its bytes, or of 256 elements of a large one.

    None for a CuPy array: reading it would make the host wait for the GPU.
    """
    if is_cupy(array):
        return None
    if array.nbytes > 16 * 1024:
        array = array.flat[:: array.size // 256 | 1]  # an odd step, so that not one column alone is looked at
    return zlib.crc32(array.tobytes())


def read_only(array: Array) -> Array:
    """The same memory, as an array that cannot be written to; a CuPy array itself, which has no such setting."""
    if not isinstance(array, np.ndarray):
        return array
    view = array.view()
    view.flags.writeable = False
    return view
