"""A network as an ONNX file, which other programs run: onnxruntime, OpenCV, TensorRT, a browser.

ONNX describes a network as a list of nodes. Each has a kind (Conv, Relu, ...), attributes, and the names of the tensors
that it takes and makes; weights are tensors with their numbers in the file. Source: github.com/onnx/onnx,
docs/Operators.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import minicnn as mc
from googlenet.data.transforms import IMAGENET_MEAN, IMAGENET_STD
from googlenet.inception import BasicConv2d, Inception, NaiveInception
from googlenet.model import GoogLeNet
from googlenet.weights.card import from_the_paper, preprocessing_in_words
from googlenet.weights.file import metadata
from minicnn import nn
from minicnn.checkpoint import write_atomically
from minicnn.functional.checks import pair

if TYPE_CHECKING:
    import onnx

OPSET = 17  # of ONNX 1.12, 2022: no node below needs a newer one, and older programs read the file too
IR_VERSION = 8  # the form of file that belongs to it


def try_onnx() -> None:
    """ImportError, in one sentence, where onnx is missing or broken."""
    try:
        import onnx  # noqa: F401
    except Exception as error:  # a broken one may raise anything
        reason = " ".join(str(error).split())
        raise ImportError(f"--onnx needs the package onnx: pip install -e '.[onnx]' ({reason})") from error


def write_onnx(path: Path, model: GoogLeNet, info: Mapping[str, Any], *, any_size: bool = False) -> None:
    """Write what `onnx_model` makes, once ONNX's own checker has found nothing wrong with it."""
    import onnx

    content = onnx_model(model, info, any_size=any_size).SerializeToString()
    onnx.checker.check_model(content, full_check=True)
    write_atomically(path, [content], "export")


def onnx_model(model: GoogLeNet, info: Mapping[str, Any], *, any_size: bool = False) -> onnx.ModelProto:
    """The network in evaluation mode: images (batch, in_channels, H, W) -> logits (batch, num_classes), float32.

    The batch may have any size; height and width are the image_size of `info` (what `load_model` returns), or with
    `any_size` open too. Weights have the names of the state dict, nodes those of their layers. `info` and the model
    card go along, as "googlenet" and "card" in metadata_props. Dropout and the heads do nothing in evaluation: they
    are left out. Raises ValueError for an image_size that the network cannot take.
    """
    from onnx import TensorProto, helper, shape_inference

    channels, classes, size = model.conv1.conv.weight.shape[1], len(model.fc.weight), info["image_size"]
    if not any_size and size < model.preset.smallest_image:
        smallest = model.preset.smallest_image
        raise ValueError(f"image_size is {size}, preset {model.preset.name} needs at least {smallest}")
    graph = Graph()
    network(graph, model, "images")
    sides = ["height", "width"] if any_size else [size, size]
    images = helper.make_tensor_value_info(
        "images", TensorProto.FLOAT, ["batch", channels, *sides], preprocessing_in_words(info.get("preprocessing"))
    )
    logits = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", classes], "before the softmax")
    made = helper.make_model(
        helper.make_graph(graph.nodes, "GoogLeNet", [images], [logits], graph.weights),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name="minicnn-googlenet",
        producer_version=mc.__version__,
        doc_string=f"GoogLeNet, preset {model.preset.name}: {from_the_paper(model.preset)}.",
    )
    helper.set_model_props(made, metadata(model, info, aux_heads=False))
    return shape_inference.infer_shapes(made, strict_mode=True)  # so that viewers show the shape of every tensor


class Graph:
    """Nodes, each with one result of the same name, and weights."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []

    def node(self, kind: str, name: str, *inputs: str, result: str = "", **attributes: Any) -> str:
        """Add a node; returns the name of its result."""
        from onnx import helper

        self.nodes.append(helper.make_node(kind, inputs, [result or name], name=name, **attributes))
        return result or name

    def weight(self, name: str, values: Any) -> str:
        """Add numbers, a Tensor or an array; returns the name."""
        from onnx import numpy_helper

        array = values.numpy() if isinstance(values, mc.Tensor) else values
        self.weights.append(numpy_helper.from_array(np.asarray(array, np.float32, order="C"), name))
        return name


def network(graph: Graph, model: GoogLeNet, x: str) -> None:
    """The layers, one behind the other as GoogLeNet.forward calls them."""
    if model.transform_input:
        x = between_minus_1_and_1(graph, "transform_input", x)
    for name in (
        "conv1", "maxpool1", "norm1", "conv2", "conv3", "norm2", "maxpool2",
        "inception3a", "inception3b", "maxpool3",
        "inception4a", "inception4b", "inception4c", "inception4d", "inception4e",
    ):  # fmt: skip
        x = add(graph, name, getattr(model, name), x)
    for time in range(model.preset.pool4_times):
        x = add(graph, f"maxpool4.{time}" if time else "maxpool4", model.maxpool4, x)
    for name in ("inception5a", "inception5b"):
        x = add(graph, name, getattr(model, name), x)
    x = graph.node("GlobalAveragePool", "avgpool", x)
    x = graph.node("Flatten", "flatten", x, axis=1)
    weight, bias = graph.weight("fc.weight", model.fc.weight), graph.weight("fc.bias", model.fc.bias)
    graph.node("Gemm", "fc", x, weight, bias, result="logits", transB=1)  # x W^T + b


def add(graph: Graph, name: str, layer: nn.Module | None, x: str) -> str:
    """A layer behind the tensor x; returns what comes out of it, x where there is no layer (a norm1 of None)."""
    return x if layer is None else LAYERS[type(layer)](graph, name, layer, x)


# ---- one function for each kind of layer ---------------------------------------------------------------------------


def between_minus_1_and_1(graph: Graph, name: str, x: str) -> str:
    """(std / 0.5) x + (mean - 0.5) / 0.5 for each channel, as `googlenet.model.between_minus_1_and_1`."""
    mean, std = np.reshape(IMAGENET_MEAN, (1, 3, 1, 1)), np.reshape(IMAGENET_STD, (1, 3, 1, 1))
    x = graph.node("Mul", f"{name}.mul", x, graph.weight(f"{name}.scale", std / 0.5))
    return graph.node("Add", f"{name}.add", x, graph.weight(f"{name}.shift", (mean - 0.5) / 0.5))


def conv(graph: Graph, name: str, layer: nn.Conv2d, x: str) -> str:
    """Convolution, and the ReLU that may be a part of it."""
    weights = [graph.weight(f"{name}.weight", layer.weight)]
    if layer.bias is not None:
        weights.append(graph.weight(f"{name}.bias", layer.bias))
    (ph, pw), kernel, stride = layer.padding, layer.kernel_size, layer.stride
    pads = [ph, pw, ph, pw]  # top, left, bottom, right
    x = graph.node("Conv", name, x, *weights, kernel_shape=kernel, strides=stride, pads=pads)
    return graph.node("Relu", f"{name}.relu", x) if layer.relu else x


def batch_norm(graph: Graph, name: str, layer: nn.BatchNorm2d, x: str) -> str:
    """With the running statistics."""
    names = ("weight", "bias", "running_mean", "running_var")
    weights = [graph.weight(f"{name}.{which}", getattr(layer, which)) for which in names]
    return graph.node("BatchNormalization", name, x, *weights, epsilon=layer.eps)


def local_response_norm(graph: Graph, name: str, layer: nn.LocalResponseNorm, x: str) -> str:
    """ONNX divides alpha by the size, too."""
    return graph.node("LRN", name, x, size=layer.size, alpha=layer.alpha, beta=layer.beta, bias=layer.k)


def max_pool(graph: Graph, name: str, layer: nn.MaxPool2d, x: str) -> str:
    """In ceil mode windows may hang over the edge; padding never counts.

    ONNX keeps a last window that would begin behind the image, PyTorch does not: there are none where the stride is at
    most the kernel, without padding in ceil mode, as in all presets.
    """
    kernel, stride, (ph, pw) = (pair(name, name, n) for n in (layer.kernel_size, layer.stride, layer.padding))
    return graph.node(
        "MaxPool", name, x, kernel_shape=kernel, strides=stride, pads=[ph, pw, ph, pw], ceil_mode=int(layer.ceil_mode)
    )


def relu(graph: Graph, name: str, layer: nn.ReLU, x: str) -> str:
    return graph.node("Relu", name, x)


def sequential(graph: Graph, name: str, layers: nn.Sequential, x: str) -> str:
    """One behind the other, named by their numbers."""
    for number, layer in layers.named_children():
        x = add(graph, f"{name}.{number}", layer, x)
    return x


def basic_conv(graph: Graph, name: str, layer: BasicConv2d, x: str) -> str:
    """Convolution with its ReLU, or convolution, batch norm, ReLU."""
    x = conv(graph, f"{name}.conv", layer.conv, x)
    if layer.bn is None:
        return x
    return graph.node("Relu", f"{name}.relu", batch_norm(graph, f"{name}.bn", layer.bn, x))


def inception(graph: Graph, name: str, block: Inception | NaiveInception, x: str) -> str:
    """Four branches side by side, and their channels concatenated."""
    branches = ("branch1", "branch2", "branch3", "branch4")
    outputs = [add(graph, f"{name}.{branch}", getattr(block, branch), x) for branch in branches]
    return graph.node("Concat", name, *outputs, axis=1)


LAYERS: dict[type, Callable[..., str]] = {
    nn.Conv2d: conv,
    nn.BatchNorm2d: batch_norm,
    nn.LocalResponseNorm: local_response_norm,
    nn.MaxPool2d: max_pool,
    nn.ReLU: relu,
    nn.Sequential: sequential,
    BasicConv2d: basic_conv,
    Inception: inception,
    NaiveInception: inception,
}
