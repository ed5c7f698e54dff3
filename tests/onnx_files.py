"""GoogLeNets in ONNX files, made for tests: as the model zoo has them, and in the other ways that exporters have.

The zoo's nodes, settings and names (googlenet-3.onnx to googlenet-12.onnx; made from Caffe's through Caffe2) are those
of onnx/models, vision/classification/inception_and_googlenet. Needs the package onnx.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from caffe_files import caffe_names
from random_networks import arrays_of

from googlenet import GoogLeNet
from googlenet.table import INCEPTION


class Writer:
    """Collects nodes and weights. Each node has one result that counts, and its name is the node's."""

    def __init__(self, opset: int, raw: bool, dtype: type, constants: str) -> None:
        import onnx

        self.onnx, self.opset, self.raw, self.dtype, self.constants = onnx, opset, raw, dtype, constants
        self.nodes: list[Any] = []
        self.weights: list[Any] = []

    def node(self, kind: str, name: str, *inputs: str, more: tuple[str, ...] = (), **attributes: Any) -> str:
        self.nodes.append(self.onnx.helper.make_node(kind, inputs, [name, *more], **attributes))
        return name

    def weight(self, name: str, array: np.ndarray) -> str:
        """An array of the file: an initializer, or a Constant node."""
        array = np.asarray(array if array.dtype.kind == "i" else array.astype(self.dtype), order="C")
        if self.raw:
            tensor = self.onnx.numpy_helper.from_array(array, name)
        else:
            kind = self.onnx.helper.np_dtype_to_tensor_dtype(array.dtype)
            tensor = self.onnx.helper.make_tensor(name, kind, array.shape, array.ravel())
        if self.constants == "nodes":
            return self.node("Constant", name, value=tensor)
        self.weights.append(tensor)
        return name


def googlenet_onnx(
    model: GoogLeNet,
    opset: int = 9,
    *,
    names: str = "caffe",  # of the weights: caffe, as in the zoo; numbers, which tell nothing
    raw: bool = True,  # numbers as raw bytes, or as a list
    dtype: type = np.float32,
    constants: str = "initializers",  # or "nodes": Constant
    listed: bool = True,  # weights are among the graph's inputs too, as up to version 3 of the format
    ceil: str = "pads",  # how windows hang over the edge: pads, or ceil_mode (from opset 10 on)
    linear: str = "Gemm",  # or "MatMul": with an Add behind it
    average: str = "AveragePool",  # or GlobalAveragePool, ReduceMean
    transform: str = "",  # to [-1, 1] first: "channels", as PyTorch's exporter writes torchvision's; "all" at once
    softmax: bool = True,
    head: bool = False,  # an output more, of a small head behind 4a
    size: int = 224,
) -> Any:
    """The network as a ModelProto, image by image of `size` pixels; with batch norms where it has any."""
    writer = Writer(opset, raw, dtype, constants)
    arrays, preset, caffe = arrays_of(model), model.preset, caffe_names()
    node, weight, helper = writer.node, writer.weight, writer.onnx.helper
    numbers = iter(range(1, 1000))
    channels, classes = arrays["conv1.conv.weight"].shape[1], len(arrays["fc.weight"])

    def named(ours: str, letter: str) -> str:
        return f"{caffe[ours]}_{letter}_0" if names == "caffe" else f"onnx::Any_{next(numbers)}"

    def conv(x: str, ours: str, stride: int = 1) -> str:
        w = arrays[f"{ours}.weight"]
        inputs = [weight(named(ours, "w"), w)]
        if f"{ours}.bias" in arrays:
            inputs.append(weight(named(ours, "b"), arrays[f"{ours}.bias"]))
        kernel, pad = w.shape[2], (w.shape[2] - 1) // 2
        x = node("Conv", f"{ours}_1", x, *inputs, kernel_shape=[kernel] * 2, strides=[stride] * 2, pads=[pad] * 4)
        if preset.batch_norm:
            bn = ours.removesuffix("conv") + "bn"
            parts = ("weight", "bias", "running_mean", "running_var")
            x = node(
                "BatchNormalization", f"{bn}_1", x,
                *(weight(f"{bn}.{part}", arrays[f"{bn}.{part}"]) for part in parts), epsilon=1e-3,
            )  # fmt: skip
        return node("Relu", f"{ours}_2", x)

    def max_pool(x: str, name: str, kernel: int = 3, stride: int = 2) -> str:
        if stride == 1:
            return node("MaxPool", name, x, kernel_shape=[kernel] * 2, strides=[1, 1], pads=[1] * 4)
        over = {"pads": {"pads": [0, 0, stride - 1, stride - 1]}, "ceil_mode": {"ceil_mode": 1}}[ceil]
        return node(
            "MaxPool", name, x, kernel_shape=[kernel] * 2, strides=[stride] * 2, **(over if preset.ceil_mode else {})
        )

    def lrn(x: str, name: str) -> str:
        return node("LRN", name, x, size=5, alpha=1e-4, beta=0.75, bias=1.0) if preset.local_response_norm else x

    def linear_layer(x: str, ours: str) -> str:
        w, b = arrays[f"{ours}.weight"], arrays[f"{ours}.bias"]
        if linear == "MatMul":
            x = node("MatMul", f"{ours}_1", x, weight(named(ours, "w"), w.T))
            return node("Add", f"{ours}_2", x, weight(named(ours, "b"), b))
        broadcast = {"broadcast": 1} if opset < 7 else {}
        inputs = (weight(named(ours, "w"), w), weight(named(ours, "b"), b))
        return node("Gemm", f"{ours}_1", x, *inputs, transB=1, **broadcast)

    def flat(x: str, name: str, features: int) -> str:
        if opset < 5:
            return node("Reshape", name, x, shape=[-1, features])
        return node("Reshape", name, x, weight(f"{name}_shape", np.array([-1, features])))

    x = "data_0"
    if transform == "all":
        scale, shift = SCALES.reshape(1, 3, 1, 1), SHIFTS.reshape(1, 3, 1, 1)
        x = node("Add", "shifted", node("Mul", "scaled", x, weight("scale", scale)), weight("shift", shift))
    elif transform == "channels":
        parts = []
        for c in range(3):
            part = node("Gather", f"gather{c}", x, weight(f"index{c}", np.array(c)), axis=1)
            part = node("Unsqueeze", f"unsqueeze{c}", part, axes=[1])
            part = node("Mul", f"mul{c}", part, weight(f"scale{c}", SCALES[c]))
            parts.append(node("Add", f"add{c}", part, weight(f"shift{c}", SHIFTS[c])))
        x = node("Concat", "transformed", *parts, axis=1)
    x = lrn(max_pool(conv(x, "conv1.conv", stride=2), "pool1"), "norm1")
    x = lrn(conv(conv(x, "conv2.conv"), "conv3.conv"), "norm2")
    x = max_pool(x, "pool2")
    outputs = []
    for block in INCEPTION:
        if block in ("4a", "5a"):
            for time in range(1 if block == "4a" else preset.pool4_times):
                x = max_pool(x, f"pool{block}{time}", *((3, 2) if block == "4a" else preset.pool4))
        ours = f"inception{block}"
        pooled = max_pool(x, f"{ours}_pool", stride=1)
        branches = [
            conv(x, f"{ours}.branch1.conv"),
            conv(conv(x, f"{ours}.branch2.0.conv"), f"{ours}.branch2.1.conv"),
            conv(conv(x, f"{ours}.branch3.0.conv"), f"{ours}.branch3.1.conv"),
            conv(node("Relu", f"{ours}_relu", pooled) if preset.pool_relu else pooled, f"{ours}.branch4.1.conv"),
        ]
        x = node("Concat", f"{ours}_output", *branches, axis=1)
        if head and block == "4a":
            outputs.append(node("GlobalAveragePool", "head", x))
    if average == "AveragePool":
        side = -(-size // 32)
        x = node("AveragePool", "pool5", x, kernel_shape=[side, side], strides=[1, 1], pads=[0, 0, 0, 0])
    elif average == "ReduceMean" and opset >= 18:
        x = node("ReduceMean", "pool5", x, weight("axes", np.array([2, 3])), keepdims=1)
    else:
        x = node(average, "pool5", x, **({"axes": [-2, -1], "keepdims": 1} if average == "ReduceMean" else {}))
    ratio = {"ratio": 0.4} if opset < 12 else {}
    x = node("Dropout", "drop5", x, more=("drop5_mask",), **ratio, **({"is_test": 1} if opset < 7 else {}))
    x = linear_layer(flat(x, "flat5", arrays["fc.weight"].shape[1]), "fc")
    x = node("Softmax", "prob_1", x) if softmax else x

    kind = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
    inputs = [helper.make_tensor_value_info("data_0", kind, [1, channels, size, size])]
    if listed:
        inputs += [helper.make_tensor_value_info(w.name, w.data_type, list(w.dims)) for w in writer.weights]
    results = [helper.make_tensor_value_info(x, kind, [1, classes])]
    results += [helper.make_tensor_value_info(name, kind, [1, 512, 1, 1]) for name in outputs]
    graph = helper.make_graph(writer.nodes, "GoogLeNet", inputs, results, writer.weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=3 if listed else 8)


# torchvision's transform_input: x std / 0.5 + (mean - 0.5) / 0.5 for ImageNet's mean and std.
SCALES = np.array([0.229, 0.224, 0.225]) / 0.5
SHIFTS = (np.array([0.485, 0.456, 0.406]) - 0.5) / 0.5
