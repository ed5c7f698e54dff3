"""The operations that a tensor was computed by, as a list of nodes: read from the graph that backward walks.

So nothing is assumed of a network: what has run is there, also what is no module (concat, a pool in `forward`).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from minicnn.function import Function
from minicnn.nn.module import Module, Parameter
from minicnn.tensor import Tensor

Pair = tuple[int, int]


@dataclass(frozen=True)
class Node:
    """One operation, or an input ("Input"). `inputs` are the numbers of the nodes whose results it takes, in order.

    name: the path of the innermost module in which it ran. shape: of the result, with the batch.
    parameters: how many numbers it has of its own. options: those of the operation, dropout's p for example.
    """

    operation: str
    name: str
    inputs: tuple[int, ...]
    shape: tuple[int, ...]
    parameters: int = 0
    kernel: Pair | None = None
    stride: Pair | None = None
    padding: Pair | None = None
    options: Mapping[str, Any] | None = None


def graph(y: Tensor, names: Mapping[Function, str] | None = None) -> list[Node]:
    """The nodes that y depends on, inputs first. What the network was given must require a gradient, to be among them.

    names: from `names_of_functions`. Raises ValueError where y has no graph.
    """
    if y.creator is None:
        raise ValueError(
            "graph: nothing is remembered of how this tensor was computed; its input must require a gradient"
        )
    order = inputs_first(y.creator)
    shapes: dict[Function | Tensor, tuple[int, ...]] = {y.creator: y.shape}
    for function in order:  # a Function knows what came in, so what came out of those before
        for edge, kind in zip(getattr(function, "edges", ()), getattr(function, "input_types", ()), strict=True):
            if edge is not None:
                shapes[edge] = kind[0]
    numbers = {item: number for number, item in enumerate(order)}
    nodes = []
    for item in order:
        if isinstance(item, Tensor):
            nodes.append(Node("Input", "", (), item.shape))
            continue
        used = [edge for edge in item.edges if edge is not None and not isinstance(edge, Parameter)]
        size = sum(edge.data.size for edge in item.edges if isinstance(edge, Parameter))
        nodes.append(
            Node(
                type(item).__name__,
                (names or {}).get(item, ""),
                tuple(numbers[edge] for edge in used),
                shapes[item],
                size,
                *window(item),
                options(item),
            )  # fmt: skip
        )
    return nodes


@contextlib.contextmanager
def names_of_functions(module: Module) -> Iterator[dict[Function, str]]:
    """Inside `with`, note for every Function that runs in the module the path of the innermost module around it.

    A module's operations are those that lie between its inputs and its outputs. Those of the modules inside have been
    noted by then. (An operation that overwrites the input of its module counts to the module around that.)
    """
    names: dict[Function, str] = {}

    def note(path: str) -> Any:
        def hook(_: Module, inputs: tuple, output: Any) -> None:
            outside = {x.creator for x in tensors_in(inputs)}
            for y in tensors_in(output):
                if y.creator is not None:
                    for function in inputs_first(y.creator, outside):
                        if isinstance(function, Function):
                            names.setdefault(function, path)

        return hook

    remove = [inner.register_forward_hook(note(path)) for path, inner in module.named_modules()]
    try:
        yield names
    finally:
        for take_away in remove:
            take_away()


def inputs_first(last: Function, outside: set[Function | None] | None = None) -> list[Any]:
    """`last` and all that it depends on but parameters, each behind its inputs. Stops at the Functions outside."""
    order: list[Any] = []
    seen: set[Any] = set(outside or ())
    stack: list[tuple[Any, bool]] = [(last, False)]
    while stack:  # a loop with its own stack: deep networks would be too deep for Python's
        item, inputs_are_listed = stack.pop()
        if inputs_are_listed:
            order.append(item)
        elif item is not None and item not in seen and not isinstance(item, Parameter):
            seen.add(item)
            stack.append((item, True))
            stack.extend((edge, False) for edge in reversed(getattr(item, "edges", ())))
    return order


def tensors_in(value: Any) -> Iterator[Tensor]:
    """The Tensors in what a module takes or returns: one, or tuples, lists and dicts of them."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, Mapping):
        yield from tensors_in(tuple(value.values()))
    elif isinstance(value, tuple | list):
        for part in value:
            yield from tensors_in(part)


def window(function: Function) -> tuple[Pair | None, Pair | None, Pair | None]:
    """Kernel, stride and padding of a convolution or a pool."""
    pool = getattr(function, "windows", None)
    if pool is not None:
        return pool.kernel, pool.stride, pool.padding
    if type(function).__name__ == "Conv2d":
        convolution: Any = function
        return convolution.input_types[1][0][2:], convolution.stride, convolution.padding
    return None, None, None


def options(function: Function) -> dict[str, Any]:
    """What else was chosen for the operation, by the names that its `__init__` gives; a factor that is a number."""
    found = {name: getattr(function, name, None) for name in ("relu", "p", "size", "axis")}
    if type(function).__name__ == "Mul":
        found["factor"] = next((value for value in vars(function).values() if type(value) in (int, float)), None)
    return {name: value for name, value in found.items() if isinstance(value, int | float)}
