"""Operations that change a tensor in place: += -= *= /= **= and x[index] = value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minicnn import backend
from minicnn.functional import basic
from minicnn.functional.basic import Operand, operand
from minicnn.functional.shape import GetItem, index_parts
from minicnn.tensor import Tensor, grad_enabled


def in_place(operation: Callable[[Tensor, Operand], Tensor], symbol: str) -> Callable[[Tensor, Operand], Tensor]:
    """The operation (add, sub ...) as one that writes its result over its first input, x.

    Where no gradient is wanted, as in `with no_grad(): p -= lr * p.grad`, that is all. Otherwise x becomes the result
    of the operation on what x was, so that the gradients are those of x = operation(x, other).
    """

    def change(x: Tensor, other: Operand) -> Tensor:
        old, other = x, operand(other)
        if wants_gradient(x, other):
            x.check_in_place(symbol)
            if isinstance(x.creator, GetItem) and x.memory.shared:
                raise RuntimeError(f"{symbol}: the tensor is a part of another one, expected all of it; {INSTEAD}")
            old = as_it_was(symbol, x)
            if isinstance(other, Tensor) and other.memory is x.memory:
                other = as_it_was(symbol, other)
        y = operation(old, other)
        if y.shape != x.shape:
            raise ValueError(f"{symbol}: the result has shape {y.shape}, the tensor on the left has {x.shape}")
        if y.dtype != x.dtype:
            raise TypeError(f"{symbol}: the result is {y.dtype}, the tensor on the left is {x.dtype}")
        with backend.on_device_of(x.data):
            x.data[...] = y.data
        return x.become(y)

    return change


INSTEAD = "write it under no_grad(), or make a new tensor (F.concat puts parts together)"


def wants_gradient(*operands: Any) -> bool:
    """Whether an operation on these is recorded for backward."""
    return grad_enabled() and any(isinstance(x, Tensor) and x.requires_grad for x in operands)


def as_it_was(symbol: str, x: Tensor) -> Tensor:
    """A copy of the data with the history of x: what backward keeps must not be what is overwritten."""
    x.check_not_stale(f"{symbol}: the tensor")
    return Tensor(x.data.copy(), x.requires_grad, creator=x.creator)


def setitem(x: Tensor, index: Any, value: Any) -> None:
    """x[index] = value, a number, array, list or Tensor, where no gradient is wanted; RuntimeError where one is."""
    if wants_gradient(x, value):
        raise RuntimeError(f"indexing: x[index] = value is not recorded for backward; {INSTEAD}")
    array = value.data if isinstance(value, Tensor) else value
    xp = backend.module_of(x.data, array)
    with backend.on_device_of(x.data):
        try:
            x.memory.written(by="x[index] = value")
            x.data[index_parts(index)] = xp.asarray(array, x.dtype) if isinstance(array, list | tuple) else array
        except (IndexError, ValueError) as error:
            raise type(error)(f"indexing: x of shape {x.shape}: {error}") from None


def attach_operators() -> None:
    """Give Tensor these operators (tensor.py comes before this file)."""
    operations = {"add": "+=", "sub": "-=", "mul": "*=", "truediv": "/=", "pow": "**="}
    for name, symbol in operations.items():
        operation = basic.div if name == "truediv" else getattr(basic, name)
        setattr(Tensor, f"__i{name}__", in_place(operation, symbol))
    setattr(Tensor, "__setitem__", setitem)  # noqa: B010 - mypy refuses assignments to methods


attach_operators()
