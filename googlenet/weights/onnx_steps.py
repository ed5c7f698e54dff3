"""What a network in an ONNX file does, put into words, so that it can be compared with what our presets do.

A convolution of 7x7 with stride 2 is "Conv 7x7/2", with the padding that keeps the size understood. A block's branches
stand one behind the other, each behind "branch", and end with "Concat". What changes no number in evaluation is left
out: Dropout and Identity, a ReLU where nothing is negative, how features are flattened, and the softmax at the end.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from googlenet.data.transforms import IMAGENET_MEAN, IMAGENET_STD
from googlenet.presets import Preset
from googlenet.table import INCEPTION
from googlenet.weights.onnx_graph import Graph, Node, numbers_of, shape_of

MOST_OUTPUTS = 8
MOST_BRANCHES = 4
MOST_NUMBERS = 8  # of a constant in words
WORDS = {"MatMul": "Linear", "Reshape": "Flatten", "Squeeze": "Flatten", "LogSoftmax": "Softmax"}


class Step(NamedTuple):
    """One operation in words, and the node that does it; with the one that adds the biases, where that is another."""

    words: str
    node: Node
    biases: Node | None = None


# ---- a graph in words ----------------------------------------------------------------------------------------------


def steps_of(graph: Graph) -> list[Step]:
    """All that is done to the images up to the graph's output, in order.

    Of several outputs that with the most steps before it counts: the others are those of auxiliary heads.
    """
    if not 1 <= len(graph.outputs) <= MOST_OUTPUTS:
        raise ValueError(f"is no GoogLeNet: its graph has {len(graph.outputs)} outputs")
    return max((_without_the_needless(_forward(graph, output), graph) for output in graph.outputs), key=len)


def _forward(graph: Graph, name: str) -> list[Step]:
    """The steps up to the tensor of this name, found by walking back from it to the images."""
    found: list[Step] = []  # from the last to the first
    for _ in graph.nodes:
        for before, node in graph.back(name):
            found.append(Step(_words(graph, node), node))
            name = before
        if name not in graph.makers:
            break
        concat = graph.makers[name]
        branches, name = _branches(graph, concat)
        found.append(Step("Concat", concat))
        for branch in reversed(branches):
            found += [*(Step(_words(graph, node), node) for node in branch), Step("branch", concat)]
    if name not in graph.inputs:
        raise ValueError(f"is no GoogLeNet: its graph does not begin with images but with {name!r:.60}")
    return found[::-1]


def _branches(graph: Graph, concat: Node) -> tuple[list[list[Node]], str]:
    """The nodes of each branch, from the last to the first, and the name of the tensor that all of them start from."""
    if concat.integer("axis", 1) not in (1, -3) or not 2 <= len(concat.inputs) <= MOST_BRANCHES:
        raise ValueError(f"is no GoogLeNet: a Concat of {len(concat.inputs)} tensors, or not of their channels")
    chains = [list(graph.back(name)) for name in concat.inputs]
    trails = [[end, *(name for name, _ in chain)] for end, chain in zip(concat.inputs, chains, strict=True)]
    shared = set(trails[0]).intersection(*trails[1:])
    start = next((name for name in trails[0] if name in shared), None)
    if start is None:
        raise ValueError("is no GoogLeNet: what a Concat puts together does not come from one tensor")
    ends = [trail.index(start) for trail in trails]
    return [[node for _, node in chain[:end]] for chain, end in zip(chains, ends, strict=True)], start


def _words(graph: Graph, node: Node) -> str:
    """What a node does. Settings that no GoogLeNet has are in the words, too, so that they fit nothing."""
    if node.kind in ("Conv", "MaxPool", "AveragePool"):
        return _window(graph, node)
    if node.kind == "LRN":  # the paper's constants, and Caffe's
        found = [node.integer("size"), node.number("alpha", 1e-4), node.number("beta", 0.75), node.number("bias", 1)]
        return "LRN" if np.allclose(found, [5, 1e-4, 0.75, 1], rtol=1e-3) else f"LRN {found}"
    if node.kind == "Gemm":
        usual = node.number("alpha", 1) == node.number("beta", 1) == 1 and not node.integer("transA")
        return "Linear" if usual else "Gemm with factors"
    if node.kind == "ReduceMean":
        axes = node.integers("axes", []) or _constants(graph, node)  # an attribute, since opset 18 an input
        return "GlobalAveragePool" if sorted(axes) in ([2, 3], [-2, -1]) else f"ReduceMean {axes}"
    if node.kind in ("Mul", "Add", "Gather"):
        return " ".join([node.kind, *(f"{value:.4g}" for value in _constants(graph, node))])
    return WORDS.get(node.kind, node.kind)


def _constants(graph: Graph, node: Node) -> list[float]:
    """The numbers that a node works with, if they are few."""
    tensors = [tensor for name in node.inputs if (tensor := graph.constant(name)) is not None]
    numbers = numbers_of(tensors[0], "a constant") if len(tensors) == 1 else np.zeros(0)
    return [float(number) for number in numbers] if len(numbers) <= MOST_NUMBERS else []


def _window(graph: Graph, node: Node) -> str:
    """Of a convolution or a pool: 7x7/2, and what is not usual."""
    kernel = node.integers("kernel_shape", [])
    if node.kind == "Conv":
        weight = graph.constant(node.inputs[1]) if len(node.inputs) > 1 else None
        if weight is None:
            raise ValueError("is no GoogLeNet: a Conv computes its own weights")
        kernel = shape_of(weight)[2:]
    stride, pads = node.integers("strides", [1, 1]), node.integers("pads", [0, 0, 0, 0])
    words = f"{node.kind} {'x'.join(map(str, kernel))}/{'x'.join(map(str, dict.fromkeys(stride)))}"
    middle = [(side - 1) // 2 for side in kernel] * 2  # the padding that keeps the size, before division by the stride
    over_the_edge = [0, 0, *(step - 1 for step in stride)]  # at the end alone; which is what ceil mode does
    if node.kind == "MaxPool" and stride != [1, 1]:
        ceil_mode = bool(node.integer("ceil_mode"))
        if (pads == over_the_edge and not ceil_mode) or (ceil_mode and not any(pads)):
            words += " ceil"
        elif any(pads):
            words += f" pads {pads}"
    elif pads != (middle if node.kind != "AveragePool" else [0, 0, 0, 0]):
        words += f" pads {pads}"
    if node.text("auto_pad") not in ("", "NOTSET"):
        words += f" {node.text('auto_pad')!r:.20}"
    if node.integer("group", 1) != 1 or any(n != 1 for n in node.integers("dilations", [])):
        words += " in groups or dilated"
    return words


def _without_the_needless(steps: list[Step], graph: Graph) -> list[Step]:
    """Without what changes no number, and with an average over everything under one name."""
    side = -(-(graph.image_size or 224) // 32)  # of the last features
    kept: list[Step] = []
    averaged = False
    for step in steps:
        last = kept[-1].words if kept else ""
        if step.node.kind == "Add" and kept and kept[-1].node.kind == "MatMul" and kept[-1].biases is None:
            kept[-1] = kept[-1]._replace(biases=step.node)
            continue
        if step.words == f"AveragePool {side}x{side}/1":
            step = step._replace(words="GlobalAveragePool")
        averaged |= step.words == "GlobalAveragePool"
        needless = step.words in ("Dropout", "Identity") or (averaged and step.words in ("Flatten", "Softmax"))
        if not needless and not (step.words == "Relu" and last.startswith("MaxPool")):
            kept.append(step)
    return kept


def without_transform(steps: list[Step]) -> tuple[bool, list[Step]]:
    """Whether the network first brings ImageNet's normalized images to [-1, 1], and its steps without that.

    As torchvision does, channel by channel (`transform_input`), or as our own files do, all channels at once.
    """
    scales = [f"{std / 0.5:.4g}" for std in IMAGENET_STD]
    shifts = [f"{(mean - 0.5) / 0.5:.4g}" for mean in IMAGENET_MEAN]
    channels = [
        ["branch", f"Gather {c}", "Unsqueeze", f"Mul {scales[c]}", f"Add {shifts[c]}"] for c in range(len(scales))
    ]
    for words in (
        [*channels[0], *channels[1], *channels[2], "Concat"],
        [f"Mul {' '.join(scales)}", f"Add {' '.join(shifts)}"],
    ):
        if [step.words for step in steps[: len(words)]] == words:
            return True, steps[len(words) :]
    return False, steps


# ---- a preset in words ---------------------------------------------------------------------------------------------


def preset_words(preset: Preset, kernel_5x5: int) -> list[str]:
    """The words for what a preset does in evaluation, with kernels of this size where the paper has 5x5."""

    def conv(kernel: int, stride: int = 1) -> list[str]:
        return [f"Conv {kernel}x{kernel}/{stride}", *(["BatchNormalization"] if preset.batch_norm else []), "Relu"]

    def pool(kernel: int, stride: int) -> str:
        return f"MaxPool {kernel}x{kernel}/{stride}" + (" ceil" if preset.ceil_mode and stride > 1 else "")

    lrn = ["LRN"] if preset.local_response_norm else []
    words = [*conv(7, 2), pool(3, 2), *lrn, *conv(1), *conv(3), *lrn, pool(3, 2)]
    for name in INCEPTION:
        if name == "4a":
            words.append(pool(3, 2))
        if name == "5a":
            words += [pool(*preset.pool4)] * preset.pool4_times
        reduce = conv(1) if preset.reductions else []
        words += ["branch", *conv(1), "branch", *reduce, *conv(3), "branch", *reduce, *conv(kernel_5x5)]
        words += ["branch", pool(3, 1), *reduce, "Concat"]
    return [*words, "GlobalAveragePool", "Linear"]
