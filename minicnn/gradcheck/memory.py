"""The memory of inputs and gradients: borrowed for a check, in other layouts, and compared."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from minicnn import backend
from minicnn.backend import Array
from minicnn.tensor import Tensor


@contextmanager
def borrowed(
    tensors: list[Tensor], needed: Sequence[int], layout: Callable[[Array], Array] | None = None
) -> Iterator[None]:
    """Inside, all are leaves without a gradient, those `needed` require one, and all may lie in other memory.

    They stay the same Tensors, since fn may hold them, as a Module holds parameters.
    """
    before = [dict(vars(t)) for t in tensors]
    for t in tensors:
        wanted = any(t is tensors[i] for i in needed)
        vars(t).update(vars(Tensor(layout(t.data) if layout else t.data, requires_grad=wanted)))
    try:
        yield
    finally:
        for t, attributes in zip(tensors, before, strict=True):
            vars(t).update(attributes)


def strided_copy(array: Array) -> Array:
    """The same numbers in memory that is not contiguous: every second element of a larger array, axes reversed."""
    xp = backend.module_of(array)
    wide = xp.zeros([2 * n for n in reversed(array.shape)], array.dtype).transpose()
    view = wide[tuple(slice(None, None, 2) for _ in array.shape) + (...,)]
    view[...] = array
    return view


def channels_last_copy(array: Array) -> Array:
    """The same numbers in memory with axis 1 last, as our operations hand images on; of fewer axes, a plain copy."""
    xp = backend.module_of(array)
    return xp.moveaxis(xp.moveaxis(array, 1, -1).copy(), -1, 1) if array.ndim > 2 else array.copy()


def same(a: Array, b: Array) -> bool:
    """Whether two arrays hold the same numbers; nan is the same as nan."""
    return bool(((a == b) | ((a != a) & (b != b))).all())
