"""mc.trace: one batch through a network, layer by layer. What comes out, how its numbers lie, and how long it takes."""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from minicnn import backend
from minicnn.explain.graph import tensors_in
from minicnn.explain.text import printable
from minicnn.nn.module import Module
from minicnn.nn.undisturbed import undisturbed
from minicnn.tensor import Tensor, no_grad

WIDTH = 80  # columns
COLUMNS = (12, 7, 8, 7, 8, 8, 6, 5)  # all but the first of the table


@dataclass(frozen=True)
class TraceRow:
    """One call of a layer, or one of several tensors that a call returned.

    name: the layer's path. output: which of its tensors, "" where there is one. shape: with the batch. parameters: of
    the layer; 0 where it has had a row before. mean, std, lowest, highest: of the numbers that are finite, nan where
    there is none. zeros: the share of exact zeros. not_finite: how many are not. seconds: of the forward pass; share:
    of that of the whole network.
    """

    name: str
    kind: str
    output: str
    shape: tuple[int, ...]
    parameters: int
    mean: float
    std: float
    lowest: float
    highest: float
    zeros: float
    not_finite: int
    seconds: float
    share: float


@dataclass(frozen=True)
class Trace:
    """What `trace` returns: print it, or read `rows`. seconds: of the forward pass. parameters: of the network."""

    rows: list[TraceRow]
    seconds: float
    parameters: int

    def records(self) -> list[dict[str, Any]]:
        """The rows for JSON; what is not finite there becomes None."""
        rows = [dataclasses.asdict(row) for row in self.rows]
        return [
            {name: None if isinstance(v, float) and not math.isfinite(v) else v for name, v in row.items()}
            for row in rows
        ]

    def __str__(self) -> str:
        titles = ("layer", "output", "params", "mean", "std", "min", "max", "zeros", "time")
        head = titles[0].ljust(WIDTH - sum(COLUMNS)) + "".join(map(str.rjust, titles[1:], COLUMNS))
        lines = [head, "-" * WIDTH]
        group = ""
        for row in self.rows:
            first, _, rest = row.name.partition(".")
            if rest and first != group:
                lines.append(f" {clipped(first, WIDTH - 1)}")
            group = first if rest else ""
            name = (f"  {rest}" if rest else row.name or row.kind) + (f" {row.output}" if row.output else "")
            lines.append(line(name, row))
        broken = sum(row.not_finite > 0 for row in self.rows)
        lines.append("-" * WIDTH)
        lines.append(
            f"{self.parameters:,} parameters; forward took {1e3 * self.seconds:.3g} ms; time is the share of it"
        )
        if broken:
            word = "row has" if broken == 1 else "rows have"
            lines.append(f"! {broken} {word} numbers that are not finite; the statistics are of the others")
        return "\n".join(lines)


def line(name: str, row: TraceRow) -> str:
    """A row in 80 columns; its shape is without the batch."""
    cells = [
        "x".join(map(str, row.shape[1:] or row.shape)) or "one number",
        engineering(row.parameters) if row.parameters else "",
        short(row.mean),
        short(row.std, 6),
        short(row.lowest),
        short(row.highest),
        f"{row.zeros:.0%}",
        f"{row.share:.0%}",
    ]
    numbers = "".join(map(str.rjust, cells[1:], COLUMNS[1:]))
    room = WIDTH - sum(COLUMNS[1:]) - len(cells[0]) - 2
    mark = "!" if row.not_finite else " "
    return f"{mark}{clipped(name, room):<{room}} {cells[0]}{numbers}"


def engineering(count: int) -> str:
    """ "416", "9.41k", "1.02M"; at most five characters."""
    for unit, size in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if count >= size:
            return f"{count / size:.3g}{unit}" if count / size < 999.5 else f"{count / size:.0f}{unit}"
    return str(count)


def short(number: float, room: int = 7) -> str:
    """So many characters at most, six or more: "-0.0123", "-1.2e-5"."""
    for digits in (".3g", ".1e", ".0e"):
        text = f"{number:{digits}}".replace("e-0", "e-").replace("e+0", "e").replace("e+", "e")
        if len(text) <= room:
            break
    return text


def clipped(text: str, room: int) -> str:
    """The text without characters that a terminal would obey, and with dots for its middle where it is too long."""
    text = printable(text)
    half = (room - 1) // 2
    return text if len(text) <= room else f"{text[: room - 1 - half]}\u2026{text[-half:]}"


def trace(module: Module, *inputs: Any, depth: int | None = None) -> Trace:
    """Call the module once, and list what every layer makes of its input: `print(mc.trace(network, images))`.

    inputs: Tensors, or arrays, on the module's device. Layers are the modules without modules inside, in the order in
    which they are called; a layer called twice has two rows. depth: count the modules at that depth as layers, and do
    not look inside: with 1 an Inception block is one row.

    The mode stays as it is (in training, dropout drops and batch norm uses the batch's statistics), but running
    statistics, random state, gradients and hooks are afterwards as they were before, also where a layer fails. No
    graph is built. Times are of one run, the first of which is slower than others; operations outside of all layers
    (a concat in `forward`) count in the whole alone. Where a network calls `nn.in_shares` though it has hooks, which
    GoogLeNet does not, each share has its row.
    """
    if not isinstance(module, Module):
        raise TypeError(f"trace: got {type(module).__name__}, expected a Module")
    if depth is not None and (isinstance(depth, bool) or not isinstance(depth, int) or depth < 1):
        raise ValueError(f"trace: depth is {depth!r}, expected an integer of at least 1, or None for every layer")
    tensors = [x if isinstance(x, Tensor) else Tensor(x) for x in inputs]
    calls = Calls()
    remove = [calls.watch(name, layer) for name, layer in layers_of(module, depth)]
    try:
        with undisturbed(module), no_grad():
            start = time.perf_counter()
            wait_for(module(*tensors))
            seconds = time.perf_counter() - start - calls.looking
    finally:
        for take_away in remove:
            take_away()
    rows = [dataclasses.replace(row, share=row.seconds / max(seconds, 1e-12)) for row in calls.rows]
    return Trace(rows, seconds, sum(p.data.size for p in module.parameters()))


def layers_of(module: Module, depth: int | None) -> Iterator[tuple[str, Module]]:
    """The modules that count as layers: at this depth, or above it without modules inside."""
    for name, layer in module.named_modules():
        deep = name.count(".") + 1 if name else 0
        without_modules = not any(True for _ in layer.named_children())
        if deep == depth or (without_modules and (depth is None or deep < depth)):
            yield name, layer


class Calls:
    """The calls of the layers, noted while they run. looking: the seconds that the statistics themselves took."""

    def __init__(self) -> None:
        self.rows: list[TraceRow] = []
        self.looking = 0.0
        self.counted: set[int] = set()  # the ids of layers whose parameters have been told

    def watch(self, name: str, layer: Module) -> Callable[[], None]:
        """Time the layer's forward, and note what every call returns; the function that is returned ends that."""
        forward = layer.forward
        took: list[float] = []

        def timed(*inputs: Any, **options: Any) -> Any:
            start = time.perf_counter() - self.looking
            output = forward(*inputs, **options)
            wait_for(output)
            took.append(time.perf_counter() - self.looking - start)
            return output

        def hook(_: Module, inputs: tuple, output: Any) -> None:
            start = time.perf_counter()
            tensors = list(tensors_in(output))
            seconds = took.pop()
            for number, y in enumerate(tensors):
                which = f"[{number}]" if len(tensors) > 1 else ""
                self.rows.append(self.row(name, layer, which, y, 0.0 if number else seconds))
            self.looking += time.perf_counter() - start

        own = "forward" in vars(layer)  # one that the user has set
        vars(layer)["forward"] = timed
        remove_hook = layer.register_forward_hook(hook)

        def take_away() -> None:
            remove_hook()
            if own:
                vars(layer)["forward"] = forward
            else:
                vars(layer).pop("forward")

        return take_away

    def row(self, name: str, layer: Module, output: str, y: Tensor, seconds: float) -> TraceRow:
        """The statistics are computed on the CPU, in float64."""
        parameters = 0 if id(layer) in self.counted else sum(p.data.size for p in layer.parameters())
        self.counted.add(id(layer))
        numbers = np.asarray(backend.to_device(y.data, "cpu"))
        finite = np.isfinite(numbers)
        good = numbers if finite.all() else numbers[finite]
        mean = std = lowest = highest = math.nan
        if good.size:
            mean, std = float(good.mean(dtype=np.float64)), float(good.std(dtype=np.float64))
            lowest, highest = float(good.min()), float(good.max())
        zeros = 1 - np.count_nonzero(numbers) / max(1, numbers.size) if numbers.size else 0.0
        not_finite = numbers.size - int(np.count_nonzero(finite))
        return TraceRow(
            name, type(layer).__name__, output, y.shape, parameters, mean, std, lowest, highest, float(zeros),
            not_finite, seconds, 0.0,
        )  # fmt: skip


def wait_for(output: Any) -> None:
    """Return when the output has been computed: a GPU answers before."""
    for y in tensors_in(output):
        backend.to_device(y.data[(slice(0, 1),) * y.ndim], "cpu")
