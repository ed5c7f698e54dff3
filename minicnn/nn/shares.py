"""A batch in shares: each thread takes its images through all layers of a network."""

from __future__ import annotations

from collections.abc import Callable

from minicnn import backend
from minicnn.backend import Array
from minicnn.nn.module import Module
from minicnn.tensor import Tensor, grad_enabled, no_grad


def in_shares(model: Module, forward: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """forward(x), in inference with one walk over the batch in place of one for each operation: x (N, ...) -> (N, ...).

    An operation alone shares the batch among the threads, and then all wait for the slowest. So a network whose
    `forward` treats each image by itself (in training, batch norm does not) may as well be walked through as a whole.
    Where a graph is recorded, where hooks watch a layer of `model`, and for a single image, it is called as it is.
    """
    if grad_enabled() or len(x) < 2 or model.has_hooks():
        return forward(x)
    parts: dict[int, Array] = {}  # by the number of their first image

    def walk(images: slice) -> None:
        with no_grad():  # each thread has a setting of its own
            parts[images.start] = forward(Tensor(x.data[images])).data

    xp, threads = backend.module_of(x.data), backend.get_num_threads()
    backend.for_each_block(walk, len(x), xp, size=-(-len(x) // threads))
    return Tensor(xp.concatenate([parts[start] for start in sorted(parts)]))
