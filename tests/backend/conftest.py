"""What the backend's tests share."""

import sys

import pytest

import minicnn as mc


@pytest.fixture(params=[1, 2, 3])
def threads(request):
    mc.set_num_threads(request.param)
    return request.param


@pytest.fixture
def no_cupy(monkeypatch):
    monkeypatch.setitem(sys.modules, "cupy", None)  # import cupy raises ImportError
