"""Caffe's two files of a GoogLeNet, made for tests: its description (.prototxt) and its weights (.caffemodel).

The layers, their names and settings are those of models/bvlc_googlenet in BVLC/caffe; the numbers of the fields are
those of src/caffe/proto/caffe.proto there.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping

import numpy as np

from googlenet.table import INCEPTION

Weights = Mapping[str, list[np.ndarray]]  # by a layer's name: its weights and its biases

# ---- protobuf, as far as it is needed ------------------------------------------------------------------------------


def varint(value: int) -> bytes:
    """Seven bits a byte, the lowest first."""
    low, high = value & 0x7F, value >> 7
    return bytes([low | 0x80]) + varint(high) if high else bytes([low])


def field(number: int, value: int | str | bytes) -> bytes:
    """One field: a whole number, or text, bytes or a message."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value % (1 << 64))
    value = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(value)) + value


def packed(number: int, values: np.ndarray) -> bytes:
    """Floats or doubles in a row."""
    return field(number, values.tobytes())


def one_by_one(number: int, values: np.ndarray) -> bytes:
    """The same numbers, each as a field of its own."""
    wire_type = {4: 5, 8: 1}[values.itemsize]
    tag = np.frombuffer(varint(number << 3 | wire_type), np.uint8)
    rows = values.reshape(-1, 1).view(np.uint8)
    return np.hstack([np.tile(tag, (len(rows), 1)), rows]).tobytes()


# ---- a .caffemodel -------------------------------------------------------------------------------------------------


def caffe_names() -> dict[str, str]:
    """What our layers are called in Caffe."""
    names = {"conv1.conv": "conv1/7x7_s2", "conv2.conv": "conv2/3x3_reduce", "conv3.conv": "conv2/3x3"}
    branches = {"branch1": "1x1", "branch2.0": "3x3_reduce", "branch2.1": "3x3", "branch3.0": "5x5_reduce"}
    branches |= {"branch3.1": "5x5", "branch4.1": "pool_proj"}
    for block in INCEPTION:
        names |= {f"inception{block}.{ours}.conv": f"inception_{block}/{name}" for ours, name in branches.items()}
    for n in (1, 2):
        names |= {
            f"aux{n}.conv.conv": f"loss{n}/conv",
            f"aux{n}.fc1": f"loss{n}/fc",
            f"aux{n}.fc2": f"loss{n}/classifier",
        }
    return {**names, "fc": "loss3/classifier"}


def caffe_weights(state: Mapping[str, np.ndarray]) -> dict[str, list[np.ndarray]]:
    """The state dict of a network of ours (preset paper) under Caffe's names; of the heads what there is."""
    return {
        caffe: [state[f"{ours}.weight"], state[f"{ours}.bias"]]
        for ours, caffe in caffe_names().items()
        if f"{ours}.weight" in state
    }


def caffemodel(weights: Weights, *, old: bool = False, dtype: type = np.float32, write=packed) -> bytes:
    """A NetParameter with these weights, and a few layers that have none.

    old: V1LayerParameter, with four lengths for everything, as bvlc_googlenet.caffemodel has it.
    """
    layers = [("data", "Data", []), *((name, kind_of(blobs), blobs) for name, blobs in weights.items())]
    layers += [("conv1/relu_7x7", "ReLU", []), ("prob", "Softmax", [])]
    make = old_layer if old else new_layer
    return field(1, "GoogleNet") + b"".join(make(*layer, dtype, write) for layer in layers)


def kind_of(blobs: list[np.ndarray]) -> str:
    return "Convolution" if blobs[0].ndim == 4 else "InnerProduct"


def new_layer(name: str, kind: str, blobs: Iterable[np.ndarray], dtype: type, write) -> bytes:
    """LayerParameter."""
    content = field(1, name) + field(2, kind) + field(3, "bottom") + field(4, name)
    for array in blobs:
        lengths = b"".join(varint(length) for length in array.shape)
        content += field(7, data_of(array, dtype, write) + field(7, field(1, lengths)))
    return field(100, content)


V1_TYPES = {"Convolution": 4, "Data": 5, "InnerProduct": 14, "ReLU": 18, "Softmax": 20}


def old_layer(name: str, kind: str, blobs: Iterable[np.ndarray], dtype: type, write) -> bytes:
    """V1LayerParameter."""
    content = field(2, "bottom") + field(3, name) + field(4, name) + field(5, V1_TYPES[kind])
    for array in blobs:
        lengths = (1,) * (4 - array.ndim) + array.shape
        shape = b"".join(field(axis, length) for axis, length in enumerate(lengths, start=1))
        content += field(6, shape + data_of(array, dtype, write))
    content += b"".join(varint(7 << 3 | 5) + struct.pack("<f", rate) for rate in (1, 2) if blobs)  # blobs_lr
    return field(2, content)


def data_of(array: np.ndarray, dtype: type, write) -> bytes:
    """BlobProto's field 5, data, or 8, double_data."""
    return write(8 if dtype is np.float64 else 5, np.ascontiguousarray(array, dtype))


# ---- a deploy.prototxt ---------------------------------------------------------------------------------------------


def deploy_prototxt(classes: int = 1000, size: int = 224, classifier: str = "loss3/classifier") -> str:
    """The network without its heads, from "data" to "prob"."""
    layers, tops = [], ["data"]

    def add(name: str, kind: str, settings: str = "", bottoms: Iterable[str] = (), in_place: bool = False) -> str:
        bottoms = list(bottoms) or [tops[-1]]
        top = bottoms[0] if in_place else name
        lines = "".join(f'  bottom: "{bottom}"\n' for bottom in bottoms)
        layers.append(f'layer {{\n  name: "{name}"\n  type: "{kind}"\n{lines}  top: "{top}"\n{settings}}}\n')
        tops.append(top)
        return top

    def conv(name: str, outputs: int, kernel: int, pad: int = 0, stride: int = 1, bottom: str = "") -> str:
        numbers = f"num_output: {outputs} kernel_size: {kernel} pad: {pad} stride: {stride}"
        add(name, "Convolution", f"  convolution_param {{ {numbers} }}\n", [bottom] if bottom else [])
        return add(f"{name}_relu", "ReLU", in_place=True)

    def max_pool(name: str, stride: int = 2, pad: int = 0, bottom: str = "") -> str:
        numbers = f"pool: MAX kernel_size: 3 stride: {stride} pad: {pad}"
        return add(name, "Pooling", f"  pooling_param {{ {numbers} }}\n", [bottom] if bottom else [])

    def lrn(name: str) -> str:
        return add(name, "LRN", "  lrn_param { local_size: 5 alpha: 0.0001 beta: 0.75 }\n")

    conv("conv1/7x7_s2", 64, 7, pad=3, stride=2)
    max_pool("pool1/3x3_s2")
    lrn("pool1/norm1")
    conv("conv2/3x3_reduce", 64, 1)
    conv("conv2/3x3", 192, 3, pad=1)
    lrn("conv2/norm2")
    x = max_pool("pool2/3x3_s2")
    for block, row in INCEPTION.items():
        name = f"inception_{block}"
        branches = [conv(f"{name}/1x1", row.ch1x1, 1, bottom=x)]
        conv(f"{name}/3x3_reduce", row.ch3x3red, 1, bottom=x)
        branches.append(conv(f"{name}/3x3", row.ch3x3, 3, pad=1))
        conv(f"{name}/5x5_reduce", row.ch5x5red, 1, bottom=x)
        branches.append(conv(f"{name}/5x5", row.ch5x5, 5, pad=2))
        max_pool(f"{name}/pool", stride=1, pad=1, bottom=x)
        branches.append(conv(f"{name}/pool_proj", row.pool_proj, 1))
        x = add(f"{name}/output", "Concat", bottoms=branches)
        if block in ("3b", "4e"):
            x = max_pool(f"pool{block[0]}/3x3_s2")
    add("pool5/7x7_s1", "Pooling", f"  pooling_param {{ pool: AVE kernel_size: {-(-size // 32)} stride: 1 }}\n")
    add("pool5/drop_7x7_s1", "Dropout", "  dropout_param { dropout_ratio: 0.4 }\n", in_place=True)
    add(classifier, "InnerProduct", f"  inner_product_param {{ num_output: {classes} }}\n")
    add("prob", "Softmax")
    shape = f"dim: 1 dim: 3 dim: {size} dim: {size}"
    return f'name: "GoogleNet"\ninput: "data"\ninput_shape {{ {shape} }}\n' + "".join(layers)
