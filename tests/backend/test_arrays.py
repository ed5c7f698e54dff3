"""Whose array is this, and how it is moved."""

import sys

import numpy as np
import pytest

import minicnn as mc
from minicnn import backend


def test_module_of_numpy_arrays():
    assert backend.module_of(np.ones(1), None, 3, 2.5) is np
    assert backend.module_of() is np
    assert backend.module_of(None) is np


def test_is_array():
    assert backend.is_array(np.ones(2))
    for value in ([1], 1.0, None, np.float32(1), mc.Tensor([1.0])):
        assert not backend.is_array(value)


class PretendedCuPy:
    """A module that looks like CuPy to the backend: an array class, and enough to move one."""

    class ndarray:
        class device:
            id = 1

        def __init__(self, on_host):
            self.on_host = on_host

    @staticmethod
    def asnumpy(array):
        return array.on_host


def test_arrays_of_cupy_are_told_apart(monkeypatch):
    monkeypatch.setitem(sys.modules, "cupy", PretendedCuPy)
    host = np.ones(2)
    there = PretendedCuPy.ndarray(host)
    assert backend.is_array(there)
    assert backend.module_of(there, None, 2) is PretendedCuPy
    assert backend.device_of(there) == "cuda:1"
    assert backend.device_of(host) == "cpu"
    assert backend.to_device(there, "cpu") is host
    assert backend.same_device(there, "cuda:1")
    assert not backend.same_device(there, "cuda")  # cuda:0
    with pytest.raises(TypeError, match=r"different devices: cpu, cuda:1"):
        backend.module_of(host, there)


def test_to_device_returns_the_array_itself_where_it_is_there():
    x = np.ones(2)
    assert backend.to_device(x, "cpu") is x
    assert backend.same_device(x, "cpu")
    assert not backend.same_device(x, "cuda")


@pytest.mark.parametrize("name", ["gpu", "", "cuda:x", "cuda:-1", "cpu:0", "CUDA", "cuda:0:1", None, 0])
def test_unknown_devices_are_refused_by_name(name):
    for call in (backend.to_device, backend.same_device):
        with pytest.raises(ValueError, match=r'device: got .*expected "cpu", "cuda" or "cuda:<number>"') as error:
            call(np.ones(2), name)
        assert repr(name) in str(error.value)


def test_cuda_without_cupy_says_how_to_install_it(no_cupy):
    for call in (
        lambda: backend.to_device(np.ones(2), "cuda"),
        lambda: mc.tensor([1.0], device="cuda:1"),
        lambda: mc.Tensor([1.0]).to("cuda"),
        lambda: mc.nn.Linear(1, 1).to("cuda"),
    ):
        with pytest.raises(
            RuntimeError, match=r'device "cuda(:1)?" cannot be used: CuPy cannot.*pip install .*cupy-cuda'
        ):
            call()
