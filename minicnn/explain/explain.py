"""mc.explain: a worked example of an operation, with the learner's own numbers."""

from __future__ import annotations

import inspect
from typing import Any

from minicnn.explain.document import Explanation
from minicnn.explain.worked import OPERATIONS, Operation, ways
from minicnn.nn.module import Module


def explain(what: Any, *inputs: Any, **arguments: Any) -> Explanation:
    """One operation all the way, forward and backward, in numbers: mc.explain(F.conv2d, x, weight, stride=2).

    what: a function of minicnn.functional, its name, or a layer: mc.explain(nn.Conv2d(1, 2, 3), x). inputs, arguments:
    what it takes, Tensors or arrays; without inputs those of a tiny example. Two arguments more: `at`, the element of
    the output that is traced, as an index, and `grad_y`, the gradient that arrives at the output.

    All is computed in float64 and in several ways, which must agree, else AssertionError; nothing that is given is
    changed. `print` the result, or see its `html()`; a notebook shows it.
    Raises ValueError for what has no worked example, and where the arguments do not fit.
    """
    operation = find(what)
    if isinstance(what, Module):
        if getattr(what, "relu", False):
            raise ValueError(f"explain: {what} ends in a ReLU; explain its parts, F.conv2d and F.relu, one by one")
        arguments = {option: getattr(what, option) for option in operation.options} | arguments
    function = operation.load().explanation
    try:
        given = inspect.signature(function).bind_partial(*inputs, **arguments).arguments
        if not inputs and not isinstance(what, Module):
            given = completed(operation, given)
        inspect.signature(function).bind(**given)
    except TypeError as error:
        shown = ", ".join(inspect.signature(function).parameters)
        raise ValueError(f"explain: {error}; {operation.module} takes {shown}") from None
    return function(**given)


def completed(operation: Operation, given: dict[str, Any]) -> dict[str, Any]:
    """What is given, and for the rest the arguments of the tiny example, or others that fit."""
    module = operation.load()
    example = dict(module.EXAMPLE() if callable(module.EXAMPLE) else module.EXAMPLE)
    if given:  # what belongs to the example's own output
        example.pop("grad_y", None)
        example.pop("at", None)
    if hasattr(module, "fitting"):
        example |= module.fitting({name: ways.in_numpy(value) for name, value in given.items()})
    return example | given


def find(what: Any) -> Operation:
    """The operation that a name, a function or a layer stands for."""
    for name, operation in OPERATIONS.items():
        if (isinstance(what, str) and what == name) or (what is not None and what is operation.function):
            return operation
        if operation.layer is not None and isinstance(what, operation.layer):
            return operation
    shown = what if isinstance(what, str) else getattr(what, "__name__", type(what).__name__)
    raise ValueError(f"explain: {shown} has no worked example; these have: {', '.join(OPERATIONS)}")
