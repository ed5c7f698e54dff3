"""The operations behind tensors, with what each of them keeps for backward: what `draw` draws."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from minicnn.backend import is_array
from minicnn.explain.graph import inputs_first, window
from minicnn.function import Function, owner
from minicnn.nn.module import Parameter
from minicnn.nn.shares import Joined
from minicnn.tensor import Tensor


@dataclass(frozen=True)
class Operation:
    """One operation, or a leaf ("Input"). `inputs` are the numbers of the operations that it takes from, in order.

    at: its Functions, one where it ran at once, several where threads had a share of the batch each (`nn.in_shares`);
    or the leaf. shape: of the result, of the whole batch. parameters: those that it takes itself. kept: the bytes that
    it keeps for backward and no operation before it in the list does. window: kernel and stride, in words.
    """

    kind: str
    at: tuple[Any, ...]
    inputs: tuple[int, ...]
    shape: tuple[int, ...]
    parameters: tuple[Parameter, ...] = ()
    kept: int = 0
    window: str = ""


def operations(outputs: Sequence[Tensor], open_shares: bool = True) -> list[Operation]:
    """All that the outputs depend on, inputs first; parameters stand in the operations that take them.

    open_shares: also those inside of `nn.in_shares`, which is one Function in the graph.
    """
    listing = Listing(open_shares)
    for y in outputs:
        listing.add([y])
    return listing.found


def check_has_graph(y: Tensor, user: str) -> None:
    """ValueError where it is not known (any more) how y was computed."""
    if not y.requires_grad:
        raise ValueError(
            f"{user}: nothing is remembered of how this tensor was computed; what it was made of must require a "
            "gradient, outside of no_grad()"
        )
    if y.creator is not None:
        check_not_freed(y.creator, user)


def check_not_freed(function: Function, user: str) -> None:
    """ValueError where an earlier backward has freed it: then it does not know its inputs any more."""
    if function.freed:
        raise ValueError(
            f"{user}: the graph was freed by backward() (at {function.name}); look at it before, or call "
            "backward(retain_graph=True)"
        )


class Listing:
    """The list, while it grows."""

    def __init__(self, open_shares: bool) -> None:
        self.open_shares = open_shares
        self.found: list[Operation] = []
        self.numbers: dict[Any, int] = {}  # of each Function and leaf, its place in `found`
        self.shapes: dict[Any, tuple[int, ...]] = {}
        self.counted: set[int] = set()  # the ids of the owners of memory that need not be counted again

    def add(self, ys: Sequence[Tensor]) -> None:
        """List what is behind one tensor, or behind the results of all shares, which have gone the same way."""
        orders = [[y] if y.creator is None else inputs_first(y.creator, set(self.numbers)) for y in ys]
        for y, order in zip(ys, orders, strict=True):
            self.learn_shapes(y, order)
        for at in zip(*orders, strict=True):
            if at[0] in self.numbers:
                continue
            if isinstance(at[0], Joined) and self.open_shares:
                self.open(at)
            else:
                self.numbers.update(dict.fromkeys(at, len(self.found)))
                self.found.append(self.operation(at))

    def open(self, at: tuple[Any, ...]) -> None:
        """List the operations inside. They take from what the whole takes from, and the last one's result is its."""
        for whole in at:
            for leaf, edge in zip(whole.leaves, whole.edges, strict=True):
                if leaf is whole.shares[0].x:
                    self.numbers.update((share.x, self.numbers[edge]) for share in whole.shares)
        shares = [share for whole in at for share in whole.shares]
        self.add([share.y for share in shares])
        self.numbers.update(dict.fromkeys(at, self.numbers[shares[0].y.edge]))

    def learn_shapes(self, y: Tensor, order: list[Any]) -> None:
        """A Function knows what came in, so what came out of those before it."""
        self.shapes[y.edge] = y.shape
        for item in order:
            if isinstance(item, Tensor):
                self.shapes[item] = item.shape
                continue
            check_not_freed(item, "graph")
            for edge, kind in zip(item.edges, item.input_types, strict=True):
                if edge is not None:
                    self.shapes[edge] = kind[0]
                if isinstance(edge, Parameter):
                    self.counted.add(id(owner(edge.data)))

    def operation(self, at: tuple[Any, ...]) -> Operation:
        """The entry of what is at one place of the graph: one Function or leaf, or one in each share."""
        first = at[0]
        shape = self.shapes[first]
        if len(at) > 1 and shape:  # the batch again
            shape = (sum(self.shapes[one][0] for one in at), *shape[1:])
        if isinstance(first, Tensor):
            return Operation("Input", at, (), shape)
        parameters = tuple(edge for edge in first.edges if isinstance(edge, Parameter))
        inputs = tuple(self.numbers[edge] for edge in first.edges if edge in self.numbers)
        kept = sum(self.bytes_kept(function) for function in at)
        return Operation(type(first).__name__, at, inputs, shape, parameters, kept, window_text(first))

    def bytes_kept(self, function: Function) -> int:
        """Of all arrays that it holds, the memory that they keep alive, views that of their owner; each once."""
        total = 0
        for array in arrays_in(vars(function)):
            whole = owner(array)
            if id(whole) not in self.counted:
                self.counted.add(id(whole))
                total += getattr(whole, "nbytes", array.nbytes)  # NumPy's may lie in memory that is no array
        return total


def arrays_in(value: Any) -> Iterator[Any]:
    """The arrays in dicts, tuples and lists."""
    if is_array(value):
        yield value
    elif isinstance(value, dict | list | tuple):
        for part in value.values() if isinstance(value, dict) else value:
            yield from arrays_in(part)


def window_text(function: Function) -> str:
    """ "3x3" or "3x3, stride 2" of a convolution or a pool; "" of anything else."""
    kernel, stride, _ = window(function)
    if kernel is None or stride is None:
        return ""
    step = stride[0] if stride[0] == stride[1] else f"{stride[0]}x{stride[1]}"
    return f"{kernel[0]}x{kernel[1]}" + (f", stride {step}" if step != 1 else "")
