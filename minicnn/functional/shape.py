"""Operations that move elements without computing: reshape, flatten, transpose, indexing, to another device."""

from __future__ import annotations

from typing import Any

import numpy as np

from minicnn import backend
from minicnn.function import Function
from minicnn.functional import checks
from minicnn.tensor import Tensor


class Reshape(Function):
    """The same elements in row order under another shape; the gradient goes back under the old one."""

    integers_allowed = True

    def __init__(self, shape: tuple[int, ...]):
        self.shape = shape

    def forward(self, x):
        self.x_shape = x.shape
        try:
            if min(self.shape, default=0) >= -1:  # NumPy takes any negative size for -1
                return x.reshape(self.shape)
        except ValueError:
            pass
        raise ValueError(f"reshape: x of shape {x.shape} does not fit the shape {self.shape}")

    def backward(self, grad_y):
        return grad_y.reshape(self.x_shape)


class Transpose(Function):
    """y[i_axes[0], i_axes[1], ...] = x[i_0, i_1, ...]: the axes in another order; backward restores the old order."""

    integers_allowed = True

    def __init__(self, axes: tuple[int, ...]):
        self.axes = axes

    def forward(self, x):
        return x.transpose(self.axes)

    def backward(self, grad_y):
        return grad_y.transpose([self.axes.index(i) for i in range(len(self.axes))])


class GetItem(Function):
    """y = x[index]. What was taken out goes back to its place, zeros elsewhere; an element taken twice gets a sum."""

    name = "indexing"
    integers_allowed = True

    def __init__(self, index: Any):
        self.index = index

    def forward(self, x):
        self.x_shape = x.shape
        try:
            return backend.module_of(x).asarray(x[self.index])
        except IndexError as error:
            raise IndexError(f"indexing: x of shape {x.shape}: {error}") from None

    def backward(self, grad_y):
        xp = backend.module_of(grad_y)
        grad_x = xp.zeros(self.x_shape, grad_y.dtype)
        xp.add.at(grad_x, self.index, grad_y)
        return grad_x


class ToDevice(Function):
    """The same numbers on another device; the gradient goes back to where they came from."""

    name = "to"
    integers_allowed = True

    def __init__(self, device: str):
        self.device = device

    def forward(self, x):
        self.origin = backend.device_of(x)
        return backend.to_device(x, self.device)

    def backward(self, grad_y):
        return backend.to_device(grad_y, self.origin)


def reshape(x: Tensor, *shape: Any) -> Tensor:
    """x under another shape, `reshape(x, 2, 3)` or `reshape(x, (2, 3))`; one size may be -1, for what is left."""
    sizes = shape[0] if len(shape) == 1 and isinstance(shape[0], tuple | list) else shape
    if not all(map(checks.is_integer, sizes)):
        raise TypeError(f"reshape: shape is {tuple(sizes)}, expected ints")
    return Reshape(tuple(sizes))(x)


def flatten(x: Tensor, start_axis: int = 1) -> Tensor:
    """All axes from `start_axis` on as one: (N, C, H, W) -> (N, C*H*W)."""
    checks.tensor("flatten", "x", x)
    start = checks.axis("flatten", start_axis, x.ndim) if x.ndim else 0
    size = 1
    for length in x.shape[start:]:
        size *= length
    return Reshape((*x.shape[:start], size))(x)


def transpose(x: Tensor, *axes: Any) -> Tensor:
    """The axes in another order.

    `transpose(x)` reverses them, `transpose(x, 1, 2)` swaps two (as in PyTorch), and `transpose(x, (0, 2, 3, 1))`, also
    without the inner parentheses where there are more than two, gives them all in their new order (as in NumPy).
    """
    checks.tensor("transpose", "x", x)
    if not axes:
        return Transpose(tuple(reversed(range(x.ndim))))(x)
    if len(axes) == 2:
        a, b = (checks.axis("transpose", axis, x.ndim) for axis in axes)
        swapped = list(range(x.ndim))
        swapped[a], swapped[b] = b, a
        return Transpose(tuple(swapped))(x)
    order = axes[0] if len(axes) == 1 and isinstance(axes[0], tuple | list) else axes
    found = checks.axes("transpose", tuple(order), x.ndim)
    if len(found) != x.ndim:
        raise ValueError(f"transpose: axes {tuple(order)} for shape {x.shape}, expected two axes or all {x.ndim}")
    return Transpose(found)(x)


def getitem(x: Tensor, index: Any) -> Tensor:
    """x[index] with integers, slices, None, ..., arrays or Tensors of integers, and boolean masks."""
    parts = tuple(part.copy() if backend.is_array(part) else part for part in index_parts(index))
    return GetItem(parts)(x)  # with copies, so that backward finds the same


def index_parts(index: Any) -> tuple[Any, ...]:
    """What stands between the brackets, one part for each axis, with arrays in the place of Tensors and lists."""
    parts = index if isinstance(index, tuple) else (index,)
    parts = tuple(part.data if isinstance(part, Tensor) else part for part in parts)
    return tuple(np.asarray(part) if isinstance(part, list) else part for part in parts)


def to(x: Tensor, device: str) -> Tensor:
    """x on "cpu", "cuda" or "cuda:1"; x itself where it is there already."""
    return x if backend.same_device(x.data, device) else ToDevice(device)(x)


def attach_methods() -> None:
    """Give Tensor these operations as methods (tensor.py comes before this file)."""
    for name, function in {"reshape": reshape, "transpose": transpose, "to": to, "__getitem__": getitem}.items():
        setattr(Tensor, name, function)
    setattr(Tensor, "T", property(transpose))  # noqa: B010 - mypy refuses assignments to methods


attach_methods()
