"""mc.explain: a worked example of an operation, with the learner's own numbers."""

from __future__ import annotations

from typing import Any

from minicnn.explain.document import Explanation
from minicnn.explain.worked import OPERATIONS, Operation
from minicnn.nn.module import Module


def explain(what: Any, *inputs: Any, **arguments: Any) -> Explanation:
    """One operation all the way, forward and backward, in numbers: mc.explain(F.conv2d, x, weight, stride=2).

    what: a function of minicnn.functional, its name, or a layer: mc.explain(nn.Conv2d(1, 2, 3), x). inputs, arguments:
    what it takes, Tensors or arrays; without any, a tiny example. Two more arguments: `at`, the element of the output
    to be traced, an index, and `grad_y`, the gradient that arrives at the output.

    Everything is computed in float64, several ways, which must agree, else AssertionError; nothing that is given is
    changed, and no gradient is added to it. `print` the result, or see its `html()`.
    Raises ValueError for what is not explained, and where the arguments do not fit.
    """
    operation = find(what)
    if isinstance(what, Module):
        arguments = {option: getattr(what, option) for option in operation.options} | arguments
    module = operation.load()
    if not inputs and not arguments:
        return module.explanation(**example(operation))
    return module.explanation(*inputs, **arguments)


def example(operation: Operation) -> dict[str, Any]:
    """The arguments of its tiny example."""
    given = operation.load().EXAMPLE
    return dict(given() if callable(given) else given)


def find(what: Any) -> Operation:
    """The operation that a name, a function or a layer stands for."""
    for name, operation in OPERATIONS.items():
        if what is operation.function and what is not None or isinstance(what, str) and what == name:
            return operation
        if operation.layer is not None and isinstance(what, operation.layer):
            return operation
    shown = what if isinstance(what, str) else getattr(what, "__name__", type(what).__name__)
    raise ValueError(f"explain: {shown} has no worked example; these have: {', '.join(OPERATIONS)}")
