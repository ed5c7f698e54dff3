"""summary: a network as a table, one row a layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from minicnn.nn.module import Module
from minicnn.nn.undisturbed import undisturbed
from minicnn.tensor import Tensor, no_grad


@dataclass(frozen=True)
class SummaryRow:
    """One layer: its path in the network, its class, the shape of its output (-1 for the batch), its own parameters."""

    name: str
    kind: str
    output_shape: list[int]
    params: int


@dataclass(frozen=True)
class Summary:
    """What `summary` returns; print it, or read `rows` and `total_params`."""

    rows: list[SummaryRow]
    total_params: int

    def __str__(self) -> str:
        head = ("layer", "type", "output shape", "parameters")
        cells = [head, *((r.name, r.kind, str(r.output_shape), f"{r.params:,}") for r in self.rows)]
        name, kind, shape, params = (max(len(line[i]) for line in cells) for i in range(4))
        lines = [f"{a:{name}}  {b:{kind}}  {c:{shape}}  {d:>{params}}" for a, b, c, d in cells]
        rule = "-" * len(lines[0])
        return "\n".join([lines[0], rule, *lines[1:], rule, f"parameters in all: {self.total_params:,}"])


def summary(module: Module, input_shape: tuple[int, ...]) -> Summary:
    """Send zeros of `input_shape`, (C, H, W) without the batch, through the module and list every layer on the way.

    Layers are the modules without modules inside, in the order in which they are called, in the mode that the module
    is in. Running statistics and random state are left as they were.
    """
    rows: list[SummaryRow] = []

    def record(name: str) -> Any:
        def hook(layer: Module, inputs: tuple, output: Any) -> None:
            params = sum(p.data.size for p in layer.parameters())
            rows.append(SummaryRow(name, type(layer).__name__, [-1, *output.shape[1:]], params))

        return hook

    layers = [(name, layer) for name, layer in module.named_modules() if not any(True for _ in layer.named_children())]
    remove = [layer.register_forward_hook(record(name)) for name, layer in layers]
    first = next(module.parameters(), None)
    x = Tensor(np.zeros((2, *input_shape), np.float32 if first is None else first.dtype))
    try:
        with undisturbed(module), no_grad():
            module(x if first is None else x.to(first.device))
    finally:
        for take_away in remove:
            take_away()
    return Summary(rows, sum(p.data.size for p in module.parameters()))
