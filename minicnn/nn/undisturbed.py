"""A look at a network that leaves no trace in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from minicnn import backend, rng
from minicnn.nn.module import Module


@contextmanager
def undisturbed(model: Module) -> Iterator[None]:
    """What is computed inside, in whatever mode, draws no random numbers that count and moves no running statistics."""
    state = rng.get_state()
    buffers = []
    for _, buffer in model.named_buffers():
        with backend.on_device_of(buffer.data):
            buffers.append((buffer, buffer.data.copy()))
    try:
        yield
    finally:
        rng.set_state(state)
        for buffer, data in buffers:
            with backend.on_device_of(buffer.data):
                buffer.data[...] = data
