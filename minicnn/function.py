"""Function: what one differentiable operation must provide."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import numpy as np

from minicnn.backend import Array, fingerprint, is_array, on_device_of, read_only
from minicnn.tensor import Memory, Tensor, grad_enabled


class Function:
    """One operation, and one node of the graph: `forward` on the way there, `backward` on the way back.

        class Square(Function):
            def forward(self, x):
                self.x = x                       # kept for backward
                return x * x

            def backward(self, grad_y):          # grad_y has the shape of what forward returned
                return 2 * self.x * grad_y       # the gradient of each input, in the inputs' order

        y = Square()(x)                          # an instance is used once

    `forward` gets bare arrays (NumPy or CuPy; also None and Python numbers where an input is one) and returns an array.
    `backward` returns one gradient for each input, None where `needs_input_grad[i]` is false. Neither changes what it
    is given: forward leaves its inputs as they are, and the same grad_y may go to others, so that it is read-only in
    backward (on a GPU nobody enforces that). Arguments that are not arrays (stride, axis ...) go to `__init__`.
    """

    name = ""  # what error messages call the operation; the class name in lower case unless given
    integers_allowed = False  # whether inputs may be of an integer dtype
    numbers_allowed = False  # whether an input may be a Python number

    used = False  # __call__ has been there
    freed = False
    retain_graph = False  # in backward: whether there will be another; for Functions with graphs inside (nn/shares.py)
    versions: dict[Memory, int]  # of what was kept in the memory of an input or of the result
    needs_input_grad: tuple[bool, ...] = ()
    edges: tuple[Function | Tensor | None, ...] = ()  # for each input: what made it, or the leaf, or None

    def __init_subclass__(cls) -> None:
        cls.name = cls.__dict__.get("name") or cls.__name__.lower()

    def __new__(cls, *options: Any, **named_options: Any) -> Function:
        name, given = cls.__name__, (*options, *named_options.values())
        if any(isinstance(option, Tensor) for option in given):
            raise TypeError(f"{name}: got a Tensor where options belong; write {name}()(x), with options if it has any")
        if given and cls.__init__ is object.__init__:
            raise TypeError(f"{name}: got {len(given)} options, but it has no __init__ that takes them")
        return super().__new__(cls)

    def forward(self, *inputs: Any) -> Array:
        raise NotImplementedError(f"{type(self).__name__} has no forward")

    def backward(self, grad_y: Array) -> Any:
        raise NotImplementedError(f"{type(self).__name__} has no backward")

    def __call__(self, *inputs: Any) -> Tensor:
        """Compute the operation; where an input requires a gradient, the result remembers this Function."""
        if self.used or self.freed:
            raise RuntimeError(f"{self.name}: an instance is used once; write {type(self).__name__}()(x) anew")
        self._check_inputs(inputs)
        self.used = True
        tensors = [x if isinstance(x, Tensor) else None for x in inputs]
        self.needs_input_grad = tuple(x is not None and x.requires_grad and grad_enabled() for x in tensors)
        before = dict(self._arrays())
        arrays = [x.data if isinstance(x, Tensor) else x for x in inputs]
        with on_device_of(*arrays):
            y = self.forward(*arrays)
        if not is_array(y) and not isinstance(y, np.generic):
            raise TypeError(f"{self.name}: forward returned {type(y).__name__}, expected an array")
        if not any(self.needs_input_grad):
            return self._result(Tensor(y), tensors)
        # The edges lead to Functions and leaves, not to the tensors between: those need not be kept alive.
        needed = zip(tensors, self.needs_input_grad, strict=True)
        self.edges = tuple(x.edge if x is not None and need else None for x, need in needed)
        self.input_types = tuple((x.shape, x.dtype) if x is not None else None for x in tensors)
        # What forward kept must not change until backward; what __init__ got may, as running statistics do.
        kept = {name: array for name, array in self._arrays() if array is not before.get(name)}
        self.fingerprints = {name: fingerprint(array) for name, array in kept.items()}
        result = self._result(Tensor(y, requires_grad=True, creator=self), tensors)
        owners = {id(owner(array)) for array in kept.values()}
        self.writes = {
            x.memory: x.memory.writes for x in (result, *tensors) if x is not None and id(owner(x.data)) in owners
        }
        return result

    def gradients(self, grad_y: Array) -> tuple[Array | None, ...]:
        """`backward`, as a tuple, with every gradient's shape and dtype checked."""
        if self.freed:
            raise RuntimeError(
                f"backward: the graph was freed by an earlier backward() (at {self.name}); "
                "pass retain_graph=True to the earlier one"
            )
        for name, array in self._arrays():
            if name in self.fingerprints and fingerprint(array) != self.fingerprints[name]:
                raise RuntimeError(
                    f"{self.name}: the array that it kept as {name}, shape {array.shape}, was changed in "
                    "place after forward, so the gradient would be wrong; change a copy, or change it after backward()"
                )
        for memory, writes in self.writes.items():
            if memory.writes != writes:
                raise RuntimeError(
                    f"{self.name}: an array that it kept was changed in place by {memory.changed_by} after forward, so "
                    "the gradient would be wrong; use an operation that is not in place there"
                )
        try:
            with on_device_of(grad_y):
                gradients = self.backward(read_only(grad_y))
        except ValueError as error:
            if "read-only" not in str(error):
                raise
            raise RuntimeError(
                f"{self.name}: backward must not change grad_y in place, which others may get as well; change a copy"
            ) from error
        gradients = tuple(gradients) if isinstance(gradients, tuple | list) else (gradients,)
        if len(gradients) != len(self.edges):
            raise RuntimeError(
                f"{self.name}: backward returned {len(gradients)} gradients for {len(self.edges)} inputs"
            )
        for i, (gradient, needed, kind) in enumerate(
            zip(gradients, self.needs_input_grad, self.input_types, strict=True)
        ):
            found = (gradient.shape, gradient.dtype) if hasattr(gradient, "dtype") else gradient
            if needed and kind and found != kind:
                hint = why_this_shape(getattr(gradient, "shape", ()), kind[0]) if gradient is not None else ""
                raise RuntimeError(f"{self.name}: backward returned {found} for input {i}, expected {kind}{hint}")
        return gradients

    def know_writes(self, x: Tensor) -> None:
        """Where something was kept in the memory of x, it is as it should be: this operation itself has written it."""
        if x.memory in self.writes:
            self.writes[x.memory] = x.memory.writes

    def keep_instead(self, x: Tensor, part: Array, y: Tensor) -> None:
        """Where the result x was kept, keep this part of y, which has the same numbers: the memory of x is freed."""
        for name, kept in self.__dict__.items():
            if kept is x.data:
                self.__dict__[name] = part
                self.writes.pop(x.memory, None)
                self.writes[y.memory] = y.memory.writes

    def free(self) -> None:
        """Forget everything that was kept for backward."""
        self.__dict__.clear()
        self.freed = True

    def _arrays(self) -> Iterator[tuple[str, Array]]:
        """What is kept, also in tuples and lists: ("x", array), ("saved[1]", array)."""
        for name, value in self.__dict__.items():
            if is_array(value):
                yield name, value
            elif isinstance(value, list | tuple):
                yield from ((f"{name}[{i}]", item) for i, item in enumerate(value) if is_array(item))

    def _result(self, y: Tensor, tensors: list[Tensor | None]) -> Tensor:
        """y, which may lie in the memory of an input, as the result of a reshape does."""
        for x in tensors:
            if x is not None and owner(y.data) is owner(x.data):
                y.share_memory_of(x)
        return y

    def _check_inputs(self, inputs: tuple[Any, ...]) -> None:
        """All tensors of one floating dtype and on one device, or an error that names operation and argument."""
        first: Tensor | None = None
        at = 0  # its place
        for i, x in enumerate(inputs):
            if (x is None and self._optional(i)) or (self.numbers_allowed and isinstance(x, int | float)):
                continue
            if not isinstance(x, Tensor):
                hint = ": write mc.Tensor(array)" if is_array(x) else ""
                raise TypeError(f"{self.name}: {self._argument(i)} is {type(x).__name__}, expected a Tensor{hint}")
            if x.version != x.memory.version and grad_enabled():
                x.check_not_stale(f"{self.name}: {self._argument(i)}")
            if x.dtype.kind != "f" and not self.integers_allowed:
                raise TypeError(
                    f"{self.name}: {self._argument(i)} is {x.dtype}, expected a floating dtype: "
                    "write array.astype(np.float32)"
                )
            if first is None:
                first, at = x, i
            elif x.dtype != first.dtype:
                raise TypeError(
                    f"{self.name}: {self._argument(i)} is {x.dtype}, {self._argument(at)} is {first.dtype}: "
                    "write array.astype(np.float32), or model.double()"
                )
            elif x.device != first.device:
                raise TypeError(
                    f"{self.name}: {self._argument(i)} is on {x.device}, {self._argument(at)} on {first.device}"
                )

    def _optional(self, position: int) -> bool:
        """Whether forward has a default for this input, like `bias=None`."""
        parameters = list(inspect.signature(self.forward).parameters.values())
        return position < len(parameters) and parameters[position].default is None

    def _argument(self, position: int) -> str:
        """The name of an input: that of forward's parameter, `tensors[2]` for a list of them."""
        names = inspect.signature(self.forward).parameters.values()
        for i, parameter in enumerate(names):
            if parameter.kind is inspect.Parameter.VAR_POSITIONAL:
                return f"{parameter.name}[{position - i}]"
            if i == position:
                return parameter.name
        return f"input {position}"


def owner(array: Any) -> Any:
    """What the array's memory belongs to: itself, or the array that it is a view of. One object for all views of it."""
    while getattr(array, "base", None) is not None:
        array = array.base
    return array


def why_this_shape(found: tuple[int, ...], expected: tuple[int, ...]) -> str:
    """The mistake that a gradient's wrong shape gives away, "" where it gives none away."""
    added = len(found) - len(expected)
    if found == expected:
        return ""
    if found == expected[::-1]:
        return "; it is transposed"
    if added >= 0 and all(e in (1, f) for e, f in zip(expected, found[added:], strict=True)):
        axes = [*range(added), *(i for i in range(added, len(found)) if found[i] != expected[i - added])]
        return f"; the sum over the broadcast axes {tuple(axes)} is missing"
    return ""
