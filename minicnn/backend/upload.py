"""Batches on their way to a GPU: the next one travels while the present one is computed with."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from minicnn.backend.arrays import Array, cupy_for, number_of


def uploaded(batches: Iterable[tuple[np.ndarray, ...]], device: str) -> Iterator[tuple[Array, ...]]:
    """The batches, moved to `device`; on a GPU the next one is on its way while the caller works with the present one.

    A copy runs beside the computation only from *pinned* memory, which the system may not swap out, and on a stream (a
    queue of work) of its own. So each batch is written to pinned memory and sent from there, and the computation waits
    for its arrival: on the GPU, not here. On the CPU the batches come as they are.
    """
    number = number_of(device)
    if number is None:
        yield from batches
        return
    cupy = cupy_for(device, number)
    with cupy.cuda.Device(number):
        copying = cupy.cuda.Stream(non_blocking=True)
        computing = cupy.cuda.get_current_stream()
    in_flight: deque[tuple[Any, list[np.ndarray]]] = deque()  # pinned arrays, which must live until they are copied

    def send(batch: tuple[np.ndarray, ...]) -> tuple[Any, tuple[Array, ...]]:
        with cupy.cuda.Device(number):
            pinned = [_pinned(cupy, array) for array in batch]
            arrays = tuple(cupy.empty(array.shape, array.dtype) for array in batch)
            copying.wait_event(computing.record())  # this memory may be what an earlier step still computes with
            for array, source in zip(arrays, pinned, strict=True):
                array.set(source, copying)
            arrival = copying.record()
        in_flight.append((arrival, pinned))
        while in_flight and in_flight[0][0].done:
            in_flight.popleft()
        return arrival, arrays

    coming = None
    try:
        for batch in batches:
            present, coming = coming, send(batch)
            if present is not None:
                computing.wait_event(present[0])
                yield present[1]
        if coming is not None:
            computing.wait_event(coming[0])
            yield coming[1]
    finally:
        copying.synchronize()  # before the pinned memory is let go


def _pinned(cupy: Any, array: np.ndarray) -> np.ndarray:
    """A copy in pinned memory."""
    pinned = np.frombuffer(cupy.cuda.alloc_pinned_memory(array.nbytes), array.dtype, array.size).reshape(array.shape)
    pinned[...] = array
    return pinned
