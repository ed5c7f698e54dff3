"""Tensor: an array, its gradient, and the walk back through the graph that made it."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from minicnn import backend
from minicnn.backend import Array

if TYPE_CHECKING:
    from minicnn.function import Function

_thread = threading.local()  # .grad_disabled: true inside no_grad() on this thread


class no_grad(contextlib.ContextDecorator):
    """Build no graph inside: `with no_grad(): ...`, or `@no_grad()` above a function."""

    def __enter__(self) -> None:
        self.outer = getattr(_thread, "grad_disabled", False)
        _thread.grad_disabled = True

    def __exit__(self, *exception: object) -> None:
        _thread.grad_disabled = self.outer

    def _recreate_cm(self) -> no_grad:
        return no_grad()  # a decorated function may call itself


def grad_enabled() -> bool:
    """Whether operations build a graph now."""
    return not getattr(_thread, "grad_disabled", False)


class Tensor:
    """A NumPy or CuPy array (`data`) that remembers how it was made, so that `backward` can find its gradients.

    A *leaf* was made by the user; the result of an operation has a `creator`, the Function that computed it.
    Lists of floats become float32, as in PyTorch; arrays keep their dtype and are not copied.
    Raises TypeError for data that are not numbers, and for `requires_grad` with data that are not floats.
    """

    __array_ufunc__ = None  # numpy_array + tensor is left to Tensor.__radd__

    def __init__(self, data: Any, requires_grad: bool = False, *, creator: Function | None = None) -> None:
        self.data: Array = _as_array(data)
        self.requires_grad = requires_grad
        self.creator = creator
        self.grad: Array | None = None
        if requires_grad and self.data.dtype.kind != "f":
            raise TypeError(f"Tensor: requires_grad needs a floating dtype, got {self.data.dtype}")

    @property
    def shape(self) -> tuple[int, ...]:
        return self.data.shape

    @property
    def ndim(self) -> int:
        return self.data.ndim

    @property
    def dtype(self) -> np.dtype:
        return self.data.dtype

    @property
    def device(self) -> str:
        """ "cpu" or "cuda:0"."""
        return backend.device_of(self.data)

    @property
    def is_leaf(self) -> bool:
        return self.creator is None

    @property
    def edge(self) -> Function | Tensor:
        """Where a gradient of this tensor goes: the Function that made it, or the leaf itself."""
        return self if self.creator is None else self.creator

    def numpy(self) -> np.ndarray:
        """The data as a NumPy array: shared on the CPU, copied from a GPU."""
        return backend.to_device(self.data, "cpu")

    def item(self) -> float:
        """The only element as a Python number. Raises ValueError where there is not exactly one."""
        if self.data.size != 1:
            raise ValueError(f"item: a tensor of shape {self.shape} has {self.data.size} elements, expected exactly 1")
        return self.data.item()

    def detach(self) -> Tensor:
        """The same data, outside the graph."""
        return Tensor(self.data)

    def __len__(self) -> int:
        if self.ndim == 0:
            raise TypeError("len: a tensor of no dimensions has no length")
        return len(self.data)

    def __iter__(self) -> Iterator[Tensor]:
        return (self[i] for i in range(len(self)))

    def __bool__(self) -> bool:
        return bool(self.item())

    def __float__(self) -> float:
        return float(self.item())

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.array(self.numpy(), dtype=dtype, copy=copy)

    def __repr__(self) -> str:
        numbers = np.array2string(self.numpy(), precision=4, separator=", ", prefix="Tensor(")
        device = "" if self.device == "cpu" else f", device={self.device!r}"
        grad = ", requires_grad=True" if self.requires_grad else ""
        return f"Tensor({numbers}, dtype={self.dtype}{device}{grad})"

    # ---- the walk back ------------------------------------------------------------------------------------------

    def backward(self, gradient: Any = None, retain_graph: bool = False) -> None:
        """Add to `grad` of every leaf the gradient of this tensor, weighted with `gradient`.

        `gradient`, the *cotangent*, is an array or Tensor of this tensor's shape; it may be left out for a tensor of
        one element and is then 1. The graph is freed on the way: a second call is an error, unless `retain_graph`.
        """
        if not self.requires_grad:
            raise RuntimeError("backward: this tensor does not require a gradient, nothing it was made of does")
        with backend.on_device_of(self.data):
            cotangent = self._cotangent(gradient)
        for leaf, grad_leaf in gradients_of_leaves(self, cotangent, retain_graph):
            leaf.accumulate(grad_leaf)

    def accumulate(self, gradient: Array) -> None:
        """Add `gradient` to `grad`. The first one is copied: it may be another tensor's gradient as well."""
        if self.grad is None:
            with backend.on_device_of(self.data):
                self.grad = backend.module_of(self.data).array(gradient)
        else:
            self.grad += gradient

    def _cotangent(self, gradient: Any) -> Array:
        xp = backend.module_of(self.data)
        if gradient is None:
            if self.data.size != 1:
                raise RuntimeError(f"backward: a tensor of shape {self.shape} needs a gradient of that shape")
            return xp.ones_like(self.data)
        array = gradient.data if isinstance(gradient, Tensor) else gradient
        array = array if backend.is_array(array) else xp.asarray(array)
        if array.shape != self.shape:
            raise ValueError(f"backward: gradient has shape {array.shape}, the tensor has {self.shape}")
        backend.module_of(self.data, array)
        return array.astype(self.dtype, copy=False)

    # ---- what functional/ attaches (see the ends of basic.py and shape.py) ---------------------------------------

    if TYPE_CHECKING:

        def __add__(self, other: Any) -> Tensor: ...
        def __radd__(self, other: Any) -> Tensor: ...
        def __sub__(self, other: Any) -> Tensor: ...
        def __rsub__(self, other: Any) -> Tensor: ...
        def __mul__(self, other: Any) -> Tensor: ...
        def __rmul__(self, other: Any) -> Tensor: ...
        def __truediv__(self, other: Any) -> Tensor: ...
        def __rtruediv__(self, other: Any) -> Tensor: ...
        def __pow__(self, other: Any) -> Tensor: ...
        def __rpow__(self, other: Any) -> Tensor: ...
        def __matmul__(self, other: Any) -> Tensor: ...
        def __rmatmul__(self, other: Any) -> Tensor: ...
        def __neg__(self) -> Tensor: ...
        def __getitem__(self, index: Any) -> Tensor: ...
        def exp(self) -> Tensor: ...
        def log(self) -> Tensor: ...
        def sqrt(self) -> Tensor: ...
        def sum(self, axis: int | tuple[int, ...] | None = None, keepdims: bool = False) -> Tensor: ...
        def mean(self, axis: int | tuple[int, ...] | None = None, keepdims: bool = False) -> Tensor: ...
        def max(self, axis: int | tuple[int, ...] | None = None, keepdims: bool = False) -> Tensor: ...
        def reshape(self, *shape: Any) -> Tensor: ...
        def transpose(self, *axes: Any) -> Tensor: ...
        def to(self, device: str) -> Tensor: ...
        @property
        def T(self) -> Tensor: ...


def tensor(data: Any, dtype: Any = None, requires_grad: bool = False, device: str = "cpu") -> Tensor:
    """A Tensor with a copy of `data`, of the given dtype and on the given device."""
    array = _as_array(data, dtype)
    return Tensor(backend.to_device(array.astype(dtype or array.dtype), device), requires_grad)


def _as_array(data: Any, dtype: Any = None) -> Array:
    if isinstance(data, Tensor):
        return data.data
    if not backend.is_array(data):
        holds_arrays = hasattr(data, "dtype")  # a NumPy scalar
        data = np.asarray(data, dtype)
        if dtype is None and data.dtype == np.float64 and not holds_arrays:
            data = data.astype(np.float32)
    if data.dtype.kind not in "fiub":
        raise TypeError(f"Tensor: data must be real numbers, got {data.dtype}")
    return data


def gradients_of_leaves(y: Tensor, grad_y: Array, retain_graph: bool) -> Iterator[tuple[Tensor, Array]]:
    """Each leaf that y was made of with a gradient, once for every use: a leaf's gradient is the sum of them.

    The chain rule, from the output towards the leaves: when a Function's turn comes, all gradients of its output have
    arrived and been added up, because everything that used the output comes before it in the order.
    """
    if y.creator is None:
        yield y, grad_y
        return
    arrived: dict[Function, Array] = {y.creator: grad_y}
    ours: set[Function] = set()  # whose gradient is a sum made here, which may be added to in place
    for function in outputs_first([y.creator]):
        function.retain_graph = retain_graph
        for edge, grad_x in zip(function.edges, function.gradients(arrived.pop(function)), strict=True):
            if edge is None:
                continue
            if isinstance(edge, Tensor):
                yield edge, grad_x
            elif edge not in arrived:
                arrived[edge] = grad_x
            elif edge in ours:
                backend.add(arrived[edge], grad_x, out=arrived[edge])
            else:
                with backend.on_device_of(grad_x):
                    arrived[edge] = backend.add(arrived[edge], grad_x)
                ours.add(edge)
        if not retain_graph:
            function.free()


def leaves_of(y: Tensor) -> list[Tensor]:
    """The leaves that want a gradient and that y was made of, each once; y itself where it is one."""
    if y.creator is None:
        return [y] if y.requires_grad else []
    edges = (edge for function in outputs_first([y.creator]) for edge in function.edges)
    return list(dict.fromkeys(edge for edge in edges if isinstance(edge, Tensor)))


def outputs_first(roots: list[Function]) -> Iterator[Function]:
    """Every Function that the roots depend on, each before those that made its inputs (a topological order)."""
    order: list[Function] = []
    seen: set[Function] = set()
    stack = [(root, False) for root in roots]
    while stack:  # a loop with its own stack: Python's recursion would end at about 1000 operations
        function, inputs_are_listed = stack.pop()
        if inputs_are_listed:
            order.append(function)
        elif function not in seen:
            seen.add(function)
            stack.append((function, True))
            stack.extend((edge, False) for edge in function.edges if edge is not None and not isinstance(edge, Tensor))
    while order:
        yield order.pop()
