"""Each operation of the graph by itself: what differences of the whole cannot see.

A backward may be right once, and change what it was given: others get that as well. It may be right the first time
alone, or until another instance has been called, or for cotangents of the size that a check draws.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np

from minicnn import backend
from minicnn.backend import Array
from minicnn.function import Function
from minicnn.gradcheck.differences import GradCheckError
from minicnn.gradcheck.memory import channels_last_copy, same, strided_copy
from minicnn.tensor import Tensor

LAYOUTS: dict[str, Callable[[Array], Array]] = {
    "contiguous": lambda array: array.copy(),
    "strided": strided_copy,
    "channels last": channels_last_copy,
    "in Fortran order": lambda array: array.copy(order="F"),
}
CLOSE = 1e-9  # two computations of one gradient differ by rounding alone
LARGE, SMALL = -(2.0**20), 2.0**-20  # powers of 2: a gradient times one of them is as exact as before


class Call(NamedTuple):
    """A Function that was called, and what it must leave as it is: its inputs, and the constants it was made with."""

    function: Function
    constants: dict[str, Array]
    y: Tensor


@contextmanager
def watched(inputs: list[Tensor]) -> Iterator[list[Call]]:
    """The calls of Functions inside. A forward that changes its inputs raises GradCheckError.

    It may overwrite what another operation has made, where that becomes its own result, as ReLU does in place.
    """
    calls: list[Call] = []
    made: set[int] = set()  # the ids of all results, which `calls` keep alive
    call = Function.__call__

    def watching(self: Function, *arguments: Any) -> Tensor:
        held = {f"{name} that it was made with": array for name, array in arrays_in(vars(self))}
        tensors = [x for x in arguments if isinstance(x, Tensor)]
        before = [x.data.copy() for x in tensors]
        y = call(self, *arguments)
        for x, data in zip(tensors, before, strict=True):
            into_result = id(x) in made and backend.module_of(data).may_share_memory(x.data, y.data)
            if not same(x.data, data) and not into_result:
                changed = name_of(x, tensors, inputs)
                raise GradCheckError(
                    f"gradcheck: forward of {self.name} changed {changed}; it must compute with a copy"
                )
        constants = held | {name_of(x, tensors, inputs): x.data for x in tensors}
        calls.append(Call(self, constants, y))
        made.add(id(y))
        return y

    Function.__call__ = watching  # type: ignore[method-assign]
    try:
        yield calls
    finally:
        Function.__call__ = call  # type: ignore[method-assign]


def name_of(x: Tensor, arguments: list[Tensor], inputs: list[Tensor]) -> str:
    """What a message calls a Tensor: inputs[2] where it is one of gradcheck's, else by its place in the call."""
    for i, t in enumerate(inputs):
        if t is x:
            return f"inputs[{i}]"
    return f"its input {next(i for i, t in enumerate(arguments) if t is x)}, shape {x.shape}"


def arrays_in(attributes: dict[str, Any]) -> Iterator[tuple[str, Array]]:
    """The arrays among a Function's attributes, those inside Tensors, lists and tuples too."""
    for name, value in attributes.items():
        for item in value if isinstance(value, list | tuple) else [value]:
            array = item.data if isinstance(item, Tensor) else item
            if backend.is_array(array):
                yield name, array


def differentiable(calls: list[Call]) -> Iterator[Call]:
    """The calls that have a backward here, each with a graph that stays."""
    for call in calls:
        if call.y.creator is call.function:
            call.function.retain_graph = True
            yield call


def look_for_changes(calls: list[Call], random: np.random.Generator) -> None:
    """Raise GradCheckError where a backward changes the gradient that it is given, an input, or a constant."""
    for function, constants, y in differentiable(calls):
        before = {name: array.copy() for name, array in constants.items()}
        cotangent = cotangent_for(y, random)
        for how, layout in LAYOUTS.items():
            try:
                changes = uses_up(function, layout(cotangent))
            except Exception:
                if how == "contiguous":  # the first time
                    raise
                break  # that it does not work a second time is said later, where it is right the first time
            if changes:
                raise GradCheckError(
                    f"gradcheck: backward of {function.name} changed the gradient it was given"
                    + (f", where that is {how}" if how != "contiguous" else "")
                    + "; others may get it as well: change a copy"
                )
            for name, array in constants.items():
                if not same(array, before[name]):
                    raise GradCheckError(f"gradcheck: backward of {function.name} changed {name}")


def uses_up(function: Function, grad_y: Array) -> bool:
    """Whether backward changes the gradient that it is given, or tries to."""
    before = grad_y.copy()
    try:
        function.gradients(grad_y)
    except RuntimeError as error:
        if "change grad_y" not in str(error):
            raise
        return True
    return not same(grad_y, before)


def look_again(
    calls: list[Call], call_others: Callable[[], list[Call]], random: np.random.Generator, atol: float, rtol: float
) -> str:
    """What is wrong with a backward that was right once: "" where it is right again, and always.

    call_others: calls the same operations on other numbers, so that instances of them are alive at once.
    """
    mine = [(call, cotangent_for(call.y, random)) for call in differentiable(calls)]
    first = [copies(call.function.gradients(g)) for call, g in mine]
    for (call, g), gradients in zip(mine, first, strict=True):
        name = call.function.name
        if not close(again(call.function, g), gradients, atol, rtol):
            return f"gradcheck: a second backward of {name} differs from its first: it has changed what it had kept"
        for how, layout in LAYOUTS.items():
            if not close(call.function.gradients(layout(g)), gradients, atol, rtol):
                return f"gradcheck: backward of {name} is wrong where the gradient that it is given is {how}"
        for factor in (LARGE, SMALL) if not atol else ():  # to be off by atol is not linear
            scaled = [None if x is None else factor * x for x in gradients]
            if not close(call.function.gradients(factor * g), scaled, atol, rtol):
                return (
                    f"gradcheck: backward of {name} is not linear in the gradient that it is given: "
                    f"{factor:.2g} times that does not give as many times the result (is it clipped, or rounded?)"
                )
    others, returned = call_others(), []
    for (call, g), gradients in zip(mine, first, strict=True):
        returned.append(again(call.function, g))
        if not close(returned[-1], gradients, atol, rtol):
            return (
                f"gradcheck: backward of {call.function.name} is wrong after another instance was called: "
                "they share memory"
            )
    for call in differentiable(others):
        again(call.function, cotangent_for(call.y, random))
    for (call, g), gradients, result in zip(mine, first, returned, strict=True):
        if not close(result, gradients, atol, rtol) or not close(again(call.function, g), gradients, atol, rtol):
            return (
                f"gradcheck: the gradient of {call.function.name} changes with the backward of another instance: "
                "they share memory"
            )
    return ""


def again(function: Function, grad_y: Array) -> tuple[Array | None, ...]:
    """The gradients once more, nothing where that fails."""
    try:
        return function.gradients(grad_y)
    except Exception:  # whatever it was that the first backward, or another forward, has taken away
        return ()


def cotangent_for(y: Tensor, random: np.random.Generator) -> Array:
    return backend.module_of(y.data).asarray(random.standard_normal(y.shape), dtype=y.dtype)


def copies(gradients: tuple[Array | None, ...]) -> list[Array | None]:
    return [None if gradient is None else gradient.copy() for gradient in gradients]


def close(found: Any, expected: Any, atol: float, rtol: float) -> bool:
    """Whether two lists of gradients are the same, but for atol and for rtol times the largest element."""
    return len(found) == len(expected) and all(
        a is None or b is None or not b.size or bool((abs(a - b) <= atol + rtol * abs(b).max()).all())
        for a, b in zip(found, expected, strict=True)
    )
