"""ONNX files: the graph of nodes in one, and its weights. Numbers are only looked at when they are asked for.

The file is one message, a ModelProto. Of it and of the messages in it these fields matter here:

    ModelProto      7: graph    14: metadata_props, pairs of 1: key and 2: value
    GraphProto      1: nodes    5: initializers, the weights    11: inputs    12: outputs
    NodeProto       1: inputs and 2: outputs, by name    4: op_type    5: attributes    7: domain
    AttributeProto  1: name    2: a float    3: an integer    4: text    5: a tensor    8: integers
    TensorProto     1: its lengths    2: data_type    4, 10: floats, doubles    7: integers    8: name    9: raw bytes
                    14: 1 where the numbers are in another file
    ValueInfoProto  1: name    2: type; in it 1: of a tensor, 2: its shape, 1: its axes, 1: a length where it is fixed

A node's results are other nodes' inputs, by name. Source: onnx/onnx, onnx/onnx.proto and docs/IR.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from googlenet.weights.protobuf import Message

MOST_AXES = 8
MOST_INTEGERS = 64  # in an attribute, or a tensor of integers: lengths, indices
# TensorProto.data_type: how raw bytes are read, and the field that has the numbers in place of raw bytes.
KINDS: dict[int, tuple[str, int | None]] = {1: ("<f4", 4), 11: ("<f8", 10), 10: ("<f2", None), 7: ("<i8", 7)}
QUANTIZED = {"QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear", "ConvInteger", "MatMulInteger"}


@dataclass(frozen=True)
class Node:
    """One operation: its kind (Conv, Relu, ...), the names of what goes in and comes out, and its attributes."""

    kind: str
    inputs: list[str]
    outputs: list[str]
    attributes: dict[str, Message]

    def integer(self, name: str, default: int = 0) -> int:
        """An attribute that is an integer."""
        return self.attributes[name].integer(3, default) if name in self.attributes else default

    def integers(self, name: str, default: list[int]) -> list[int]:
        """An attribute that is a list of integers."""
        return self.attributes[name].integers(8, MOST_INTEGERS) if name in self.attributes else default

    def number(self, name: str, default: float) -> float:
        """An attribute that is a float."""
        values = self.attributes[name].numbers(2, "<f4") if name in self.attributes else np.zeros(0)
        return float(values[-1]) if len(values) else default

    def text(self, name: str) -> str:
        """An attribute that is text."""
        return self.attributes[name].text(4) if name in self.attributes else ""


class Graph:
    """Nodes by what they make, tensors of numbers by name, and what goes into the graph and comes out of it."""

    def __init__(self, model: Message) -> None:
        graph = model.message(7)
        self.nodes = [_node(node) for node in graph.messages(1)]
        if not self.nodes:
            raise ValueError("is no model of ONNX: it has no nodes")
        if quantized := [node.kind for node in self.nodes if node.kind in QUANTIZED or node.kind.startswith("QLinear")]:
            raise ValueError(f"is quantized: it has nodes {quantized[0]!r:.40}. Take the one with float weights")
        self.makers = {output: node for node in self.nodes for output in node.outputs if output}
        self.tensors = {tensor.text(8): tensor for tensor in graph.messages(5)}
        for node in self.nodes:
            if node.kind == "Constant" and node.outputs and "value" in node.attributes:
                self.tensors[node.outputs[0]] = node.attributes["value"].message(5)
        # Up to version 3 of the format the weights were listed among the inputs, too.
        infos = [(info.text(1), info) for info in graph.messages(11)]
        self.inputs = {name: _lengths(info) for name, info in infos if name not in self.tensors}
        self.outputs = [info.text(1) for info in graph.messages(12)]
        self.metadata = {pair.text(1): pair.text(2) for pair in model.messages(14)}

    @property
    def image_size(self) -> int | None:
        """Height and width of the images, where they are fixed and equal."""
        shapes = [shape for shape in self.inputs.values() if len(shape) == 4]
        fixed = shapes and shapes[0][2] == shapes[0][3] > 0
        return shapes[0][2] if fixed else None

    def constant(self, name: str) -> Message | None:
        """The tensor of this name, if its numbers are in the file, there or behind nodes that pass it on."""
        for _ in self.nodes:
            node = self.makers.get(name)
            if name in self.tensors or node is None or node.kind != "Identity" or not node.inputs:
                break
            name = node.inputs[0]
        return self.tensors.get(name)

    def back(self, name: str) -> Iterator[tuple[str, Node]]:
        """From a tensor back to the graph's input, or to a Concat: each node, with the name of what goes into it."""
        for _ in range(len(self.nodes) + 1):
            node = self.makers.get(name)
            if node is None or node.kind == "Concat":
                return
            name = self._data_input(node)
            yield name, node
        raise ValueError("is damaged: its nodes go round in a circle")

    def _data_input(self, node: Node) -> str:
        """The name of what comes from the images; the other inputs are weights, or sizes computed from something."""
        names = [name for name in node.inputs if name and self.constant(name) is None]
        if not names or (len(names) > 1 and node.kind in ("Add", "Mul", "MatMul")):
            raise ValueError(f"is no GoogLeNet: a node {node.kind!r:.40} has {len(names)} inputs that are no weights")
        return names[0]


def _node(node: Message) -> Node:
    domain, kind = node.text(7), node.text(4)
    kind = kind if domain in ("", "ai.onnx") else f"{domain}.{kind}"
    return Node(kind, node.texts(1), node.texts(2), {attribute.text(1): attribute for attribute in node.messages(5)})


def _lengths(info: Message) -> list[int]:
    """The shape of an input, with -1 for lengths that are open."""
    return [axis.integer(1, -1) for axis in info.message(2).message(1).message(2).messages(1)]


def shape_of(tensor: Message) -> list[int]:
    """What the file says that the tensor's lengths are."""
    return tensor.integers(1, MOST_AXES)


def numbers_of(tensor: Message, what: str) -> NDArray[Any]:
    """The numbers of a tensor as they are in the file: (N,), a view where that can be."""
    if tensor.integer(14) or 13 in tensor.fields:
        raise ValueError(
            f"has {what} in another file, which is not opened: make one file of them: onnx.save(onnx.load(FILE), OTHER)"
        )
    if (kind := tensor.integer(2)) not in KINDS:
        raise ValueError(f"has {what} as numbers of kind {kind}, expected float32, float64 or float16")
    dtype, field = KINDS[kind]
    if raw := tensor.parts(9):
        if len(raw[-1]) % np.dtype(dtype).itemsize:
            raise ValueError(f"is cut off or damaged: {what} has {len(raw[-1]):,} bytes, which are no whole numbers")
        return np.frombuffer(raw[-1], dtype)
    if field is None:
        raise ValueError(f"has {what} as float16 in a list, expected raw bytes")
    if kind == 7:
        return np.array(tensor.integers(field, MOST_INTEGERS), np.int64)
    return tensor.numbers(field, dtype)
