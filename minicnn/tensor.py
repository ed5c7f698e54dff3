"""Tensor: an array, its gradient, and the walk back through the graph that made it."""

from __future__ import annotations

import contextlib
import inspect
import threading
import warnings
from collections.abc import Iterable, Iterator
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

    def __new__(cls, function: Any = None) -> Any:
        return super().__new__(cls) if function is None else cls()(function)  # `@no_grad` without parentheses

    def __call__(self, function: Any) -> Any:
        if inspect.isgeneratorfunction(function):
            raise TypeError("no_grad: a generator runs when it is asked; write `with no_grad():` inside of it")
        return super().__call__(function)

    def _recreate_cm(self) -> no_grad:
        return no_grad()  # a decorated function may call itself


def grad_enabled() -> bool:
    """Whether operations build a graph now."""
    return not getattr(_thread, "grad_disabled", False)


class Memory:
    """What all tensors in one piece of memory know of it: how often the graph has overwritten it, and what did last.

    An operation in place (relu, +=) gives the tensor that it is called on a new history. Those that share the memory
    with it, as a reshape does, have the new numbers too but the old history: they are stale, and using one is an error.
    """

    __slots__ = ("changed_by", "of_leaf", "shared", "version", "writes")

    def __init__(self) -> None:
        self.version = 0  # goes up with every change that the graph records; a tensor of an older version is stale
        self.writes = 0  # goes up with every change: what was kept for backward before is not what it was
        self.changed_by = ""
        self.shared = False  # by more than one tensor
        self.of_leaf = False  # whether one of them is a leaf that requires a gradient

    def written(self, by: str) -> None:
        """Note a change."""
        self.writes += 1
        self.changed_by = by


class Tensor:
    """A NumPy or CuPy array (`data`) that remembers how it was made, so that `backward` can find its gradients.

    A *leaf* was made by the user; the result of an operation has a `creator`, the Function that computed it.
    Lists of floats become float32, as in PyTorch; arrays keep their dtype and are not copied.
    Raises TypeError for data that are not numbers, and for `requires_grad` with data that are not floats.
    """

    __hash__ = object.__hash__  # == compares the elements, but sets and dicts tell tensors apart

    def __init__(self, data: Any, requires_grad: bool = False, *, creator: Function | None = None) -> None:
        self.data: Array = _as_array(data)
        self.requires_grad = requires_grad
        self.creator = creator
        self.memory, self.version = Memory(), 0
        if isinstance(data, Tensor):
            self.share_memory_of(data)
        self._grad: Array | None = None
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

    @property
    def grad(self) -> Array | None:
        """What `backward` has added up for this leaf, a bare array; None before. May be set, to an array or Tensor."""
        if self._grad is None and self.creator is not None:
            warnings.warn(
                f"grad: this tensor is a result (of {self.creator.name}), and only leaves keep one. Where it "
                "should be a parameter: `w = w - lr * w.grad` makes a new tensor; write `w -= ...` under no_grad()",
                stacklevel=2,
            )
        return self._grad

    @grad.setter
    def grad(self, value: Any) -> None:
        array = value.data if isinstance(value, Tensor) else value
        if array is not None:
            if not backend.is_array(array):
                raise TypeError(f"grad: got {type(value).__name__}, expected None, or an array of shape {self.shape}")
            found, expected = (f"{a.shape} {a.dtype} on {backend.device_of(a)}" for a in (array, self.data))
            if found != expected:
                raise ValueError(f"grad: got an array of shape {found}, expected as the tensor: {expected}")
        self._grad = array

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
        return Tensor(self)

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

    def __int__(self) -> int:
        return int(self.item())

    def __index__(self) -> int:
        if self.dtype.kind not in "iu":
            raise TypeError(f"index: a tensor of {self.dtype}, expected one integer")
        return int(self.item())

    def __format__(self, spec: str) -> str:
        """f"{loss:.3f}"; of more than one element f"{t}" alone."""
        return format(self.item() if spec else str(self), spec)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.array(self.numpy(), dtype=dtype, copy=copy)

    def __repr__(self) -> str:
        numbers = np.array2string(self.numpy(), precision=4, separator=", ", prefix="Tensor(")
        device = "" if self.device == "cpu" else f", device={self.device!r}"
        grad = ", requires_grad=True" if self.requires_grad else ""
        return f"Tensor({numbers}, dtype={self.dtype}{device}{grad})"

    # ---- in place ------------------------------------------------------------------------------------------------

    def share_memory_of(self, other: Tensor) -> None:
        """Note that the data lie in the memory of other's."""
        self.memory, self.version = other.memory, other.version
        self.memory.shared = True
        self.memory.of_leaf |= any(t.requires_grad and t.is_leaf for t in (self, other))

    def check_not_stale(self, user: str) -> None:
        """RuntimeError where the data were overwritten through another tensor, which has a new history since."""
        if self.version != self.memory.version:
            raise RuntimeError(
                f"{user} shares its memory with a tensor that {self.memory.changed_by} changed in place afterwards; "
                "use the changed tensor, make a copy before, or do not change it in place"
            )

    def check_in_place(self, operation: str) -> None:
        """RuntimeError where an operation that the graph records would overwrite a leaf that requires a gradient."""
        if self.memory.of_leaf or (self.requires_grad and self.is_leaf):
            what = "is" if self.is_leaf and self.requires_grad else "shares its memory with"
            raise RuntimeError(
                f"{operation}: the tensor {what} a leaf that requires a gradient, which cannot be changed in place "
                "where operations are recorded; write it under no_grad(), use an optimizer, or make a new tensor"
            )

    def become(self, y: Tensor) -> Tensor:
        """Take over the history of y, whose data have overwritten this tensor's; everyone else there is stale now."""
        if y.creator is not None:
            self.creator, self.requires_grad = y.creator, True
            self.memory.version += 1
            self.memory.written(by=y.creator.name)
            self.version = self.memory.version
            y.creator.know_writes(self)
        else:
            self.memory.written(by="an operation in place that is not recorded")
        return self

    # ---- the walk back ------------------------------------------------------------------------------------------

    def backward(self, gradient: Any = None, retain_graph: bool = False) -> None:
        """Add to `grad` of every leaf the gradient of this tensor, weighted with `gradient`.

        `gradient`, the *cotangent*, is an array or Tensor of this tensor's shape; it may be left out for a tensor of
        one element and is then 1. The graph is freed on the way: a second call is an error, unless `retain_graph`.
        """
        if not self.requires_grad:
            raise RuntimeError("backward: this tensor does not require a gradient, nothing it was made of does")
        self.check_not_stale("backward: this tensor")
        with backend.on_device_of(self.data):
            cotangent = self.cotangent(gradient)
        found = gradients_of_leaves(self, cotangent, retain_graph)
        while found:  # where the walk raises, no leaf has got anything
            leaf, grad_leaf = found.popitem()
            leaf.accumulate(grad_leaf)

    def accumulate(self, gradient: Array) -> None:
        """Add `gradient` to `grad`. The first one is copied: it may be another tensor's gradient as well."""
        if self._grad is None:
            with backend.on_device_of(self.data):
                self._grad = backend.module_of(self.data).array(gradient)
        else:
            self._grad += gradient

    def cotangent(self, gradient: Any = None) -> Array:
        """What `backward(gradient)` begins with: an array of this tensor's shape and dtype."""
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

    # ---- what functional/ attaches (see the ends of its files) ---------------------------------------------------

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
        def __iadd__(self, other: Any) -> Tensor: ...
        def __isub__(self, other: Any) -> Tensor: ...
        def __imul__(self, other: Any) -> Tensor: ...
        def __itruediv__(self, other: Any) -> Tensor: ...
        def __ipow__(self, other: Any) -> Tensor: ...
        def __eq__(self, other: Any) -> Tensor: ...  # type: ignore[override]
        def __ne__(self, other: Any) -> Tensor: ...  # type: ignore[override]
        def __lt__(self, other: Any) -> Tensor: ...
        def __le__(self, other: Any) -> Tensor: ...
        def __gt__(self, other: Any) -> Tensor: ...
        def __ge__(self, other: Any) -> Tensor: ...
        def __getitem__(self, index: Any) -> Tensor: ...
        def __setitem__(self, index: Any, value: Any) -> None: ...
        def exp(self) -> Tensor: ...
        def log(self) -> Tensor: ...
        def sqrt(self) -> Tensor: ...
        def sum(self, axis: int | tuple[int, ...] | None = None, keepdims: bool = False) -> Tensor: ...
        def mean(self, axis: int | tuple[int, ...] | None = None, keepdims: bool = False) -> Tensor: ...
        def max(self, axis: int | tuple[int, ...] | None = None, keepdims: bool = False) -> Tensor: ...
        def argmax(self, axis: int | None = None) -> Tensor: ...
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
        try:
            data = np.asarray(data, dtype)
        except ValueError as error:
            if "inhomogeneous" not in str(error):
                raise
            raise ValueError(
                "Tensor: the rows of the list differ in length, expected as many numbers in each"
            ) from error
        if dtype is None and data.dtype == np.float64 and not holds_arrays:
            data = data.astype(np.float32)
    if data.dtype.kind not in "fiub":
        raise TypeError(f"Tensor: data must be real numbers, got {data.dtype}")
    return data


def gradients_of_leaves(y: Tensor, grad_y: Array, retain_graph: bool) -> dict[Tensor, Array]:
    """The gradient of each leaf that y was made of, the sum over all its uses.

    The chain rule, from the output towards the leaves: when a Function's turn comes, all gradients of its output have
    arrived and been added up, because everything that used the output comes before it in the order. What has arrived
    at the leaves is left in the end. It belongs to others as well, where backward has returned what it was given.
    """
    arrived: dict[Any, Array] = {y.edge: grad_y}  # at Functions and leaves
    ours: set[Function | Tensor] = set()  # whose gradient is a sum made here, which may be added to in place
    for function in outputs_first([y.creator]):
        function.retain_graph = retain_graph
        for edge, grad_x in zip(function.edges, function.gradients(arrived.pop(function)), strict=True):
            if edge is None:
                continue
            if edge not in arrived:
                arrived[edge] = grad_x
            elif edge in ours:
                backend.add(arrived[edge], grad_x, out=arrived[edge])
            else:
                with backend.on_device_of(grad_x):
                    arrived[edge] = backend.add(arrived[edge], grad_x)
                ours.add(edge)
        if not retain_graph:
            function.free()
    return arrived


def leaves_of(y: Tensor) -> list[Tensor]:
    """The leaves that want a gradient and that y was made of, each once; y itself where it is one."""
    if y.creator is None:
        return [y] if y.requires_grad else []
    edges = (edge for function in outputs_first([y.creator]) for edge in function.edges)
    return list(dict.fromkeys(edge for edge in edges if isinstance(edge, Tensor)))


def outputs_first(roots: Iterable[Function | None]) -> Iterator[Function]:
    """Every Function that the roots depend on, each before those that made its inputs (a topological order).

    A root is the creator of a tensor, None for a leaf.
    """
    order: list[Function] = []
    seen: set[Function] = set()
    stack = [(root, False) for root in roots if root is not None]
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
