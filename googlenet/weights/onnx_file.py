"""GoogLeNets in ONNX files: the model zoo's, exports of torchvision's and of others, and our own.

Names tell little: the zoo's weights are called conv1/7x7_s2_w_0, those of PyTorch's exporter onnx::Conv_587. So the
graph is put into words, step by step (onnx_steps.py), and compared with what each of our presets does. Where all words
are the same the network computes the same, and its weights come in the order of our layers.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from googlenet.data.preprocessing import Preprocessing
from googlenet.presets import Preset, presets
from googlenet.weights.caffe import CAFFE_PREPROCESSING, imagenet_names
from googlenet.weights.conversion import adapted
from googlenet.weights.file import usual_preprocessing
from googlenet.weights.folding import State, absorb_biases, embed_kernels, with_eps
from googlenet.weights.foreign import Foreign
from googlenet.weights.layers import Layer, checked_array, fitting_shape, main_layers
from googlenet.weights.onnx_graph import Graph, Node, numbers_of, shape_of
from googlenet.weights.onnx_steps import Step, preset_words, steps_of, without_transform
from googlenet.weights.protobuf import Message, read_message

NORM = ("weight", "bias", "running_mean", "running_var")  # a batch norm's arrays, in ONNX's order


class Tensors(NamedTuple):
    """Those of one layer: weights, biases where it has any, and the batch norm behind it where there is one."""

    weight: Message
    bias: Message | None = None
    norm: Sequence[Message] = ()
    transposed: bool = False  # a linear layer with weights (in, out)


def read_onnx(path: str | Path) -> Foreign:
    """The GoogLeNet in an ONNX file, for the preset that computes the same. Auxiliary heads are left out.

    Raises ValueError, naming the file, for what is no such GoogLeNet, is quantized, or has its weights in other files
    (none of which is opened); OSError where it cannot be read.
    """
    path = Path(path)
    try:
        graph = Graph(read_message(path))
        info = _our_info(graph.metadata)
        return _ours(graph, info) or _any(graph, info)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def starts_as_onnx(start: bytes) -> bool:
    """Whether a file begins as an ONNX file does: with the version of the format, field 1 as a number."""
    return start[:1] == b"\x08"


# ---- our own files -------------------------------------------------------------------------------------------------


def _our_info(metadata: Mapping[str, str]) -> dict[str, Any]:
    """What our export notes of a network, as `save_network` does; {} in the files of others."""
    if "googlenet" not in metadata:
        return {}
    try:
        info = json.loads(metadata["googlenet"])
    except (ValueError, RecursionError) as error:
        raise ValueError("is damaged: what it says of itself (metadata googlenet) is no JSON") from error
    if not isinstance(info, dict) or info.get("preset") not in list(presets):
        raise ValueError("is damaged, or newer than this program: it does not say for which preset it is")
    if info.get("preprocessing") is not None:
        info["preprocessing"] = Preprocessing.from_record(info["preprocessing"])
    return info


def _ours(graph: Graph, info: Mapping[str, Any]) -> Foreign | None:
    """A network of ours with all of its names; None where another program has been at it, or it is none of ours."""
    if not info:
        return None
    preset = presets[info["preset"]]
    layers = main_layers(preset)
    tensors = []
    for name, _, _ in layers:
        norm = [f"{name.removesuffix('conv')}bn.{part}" for part in NORM] if preset.batch_norm and name != "fc" else []
        names = [f"{name}.weight", *(norm or [f"{name}.bias"])]
        if any(name not in graph.tensors for name in names):
            return None
        weight, *others = (graph.tensors[name] for name in names)
        tensors.append(Tensors(weight, norm=others) if norm else Tensors(weight, others[0]))
    state = _arrays(layers, tensors)
    return _foreign(graph, info, preset, state, preset.transform_input, ["this program has written it"])


# ---- everybody's ---------------------------------------------------------------------------------------------------


def _any(graph: Graph, info: Mapping[str, Any]) -> Foreign:
    """A network that does, step by step, what one of our presets does."""
    transformed, steps = without_transform(steps_of(graph))
    words = [step.words for step in steps]
    kernel = 5 if "Conv 5x5/1" in words else 3
    preset = _preset_of(words, kernel)
    notes = [f"step by step it does what preset {preset.name} does"]
    tensors, eps = _tensors(graph, steps)
    state = _arrays(main_layers(replace(preset, kernel_5x5=kernel)), tensors)
    if preset.batch_norm:
        if len(eps) > 1:
            raise ValueError(f"has batch norms with several eps ({', '.join(f'{one:g}' for one in sorted(eps))})")
        state = with_eps(absorb_biases(state), *eps)
    if kernel != preset.kernel_5x5:
        state = embed_kernels(state, preset.kernel_5x5)
        notes.append("its 3x3 kernels in place of 5x5 are set into the middle of 5x5 ones")
    if len(graph.outputs) > 1:
        notes.append("its other outputs, as of auxiliary heads, are left out")
    return _foreign(graph, info, preset, state, transformed, notes)


def _preset_of(words: list[str], kernel: int) -> Preset:
    """The preset that does this; where it has larger kernels, those of the file fit into their middle."""
    candidates = [preset for preset in presets.values() if preset.kernel_5x5 >= kernel]
    candidates.sort(key=lambda preset: preset.kernel_5x5)  # the same size first
    for preset in candidates:
        if preset_words(preset, kernel) == words:
            return preset
    # Which is meant? The one that goes the same way longest.
    same = {preset.name: _same(words, preset_words(preset, kernel)) for preset in candidates}
    nearest = max(candidates, key=lambda preset: same[preset.name])
    at = same[nearest.name]
    found, expected = ([*steps, "nothing more"][at] for steps in (words, preset_words(nearest, kernel)))
    raise ValueError(
        f"is no GoogLeNet that one of our presets computes: step {at + 1} of {len(words)} is {found[:60]!r}, "
        f"expected {expected!r} as in {nearest.name}"
    )


def _same(one: Sequence[str], other: Sequence[str]) -> int:
    """How many words two lists have in common from their start."""
    return next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def _tensors(graph: Graph, steps: Sequence[Step]) -> tuple[list[Tensors], set[float]]:
    """Those of all layers, in order, and the eps of their batch norms."""
    found: list[Tensors] = []
    eps: set[float] = set()
    for step in steps:
        if step.words == "BatchNormalization":
            found[-1] = found[-1]._replace(norm=_constants(graph, step.node, 4))
            eps.add(round(step.node.number("epsilon", 1e-5), 9))
        elif step.words.startswith("Conv"):
            weight, *biases = _constants(graph, step.node, 1, 2)
            found.append(Tensors(weight, biases[0] if biases else None))
        elif step.words == "Linear":
            weight, *biases = _constants(graph, step.node, 1, 2)
            biases = _constants(graph, step.biases, 1) if step.biases else biases
            transposed = not step.node.integer("transB")
            found.append(Tensors(weight, biases[0] if biases else None, transposed=transposed))
    return found, eps


def _constants(graph: Graph, node: Node, least: int, most: int | None = None) -> list[Message]:
    """The tensors that a node works with, from `least` to `most`."""
    tensors = [tensor for name in node.inputs if name and (tensor := graph.constant(name)) is not None]
    if not least <= len(tensors) <= (most or least) or len(tensors) != len([name for name in node.inputs if name]) - 1:
        raise ValueError(f"is no GoogLeNet: a node {node.kind!r:.40} computes its own weights")
    return tensors


def _arrays(layers: Sequence[Layer], tensors: Sequence[Tensors]) -> State:
    """All arrays under our names, in their shapes; biases that a layer has not are zeros."""
    state: State = {}
    for (name, _, shape), (weight, bias, norm, transposed) in zip(layers, tensors, strict=True):
        what = f"the weights of {name} ({weight.text(8)!r:.60})"
        if transposed:
            array = checked_array(numbers_of(weight, what), fitting_shape(shape_of(weight), shape[::-1], what), what).T
        else:
            array = checked_array(numbers_of(weight, what), fitting_shape(shape_of(weight), shape, what), what)
        state[f"{name}.weight"] = np.ascontiguousarray(array)
        outputs = array.shape[:1]
        parts = {f"{name}.bias": bias}
        parts |= {f"{name.removesuffix('conv')}bn.{part}": one for part, one in zip(NORM, norm, strict=False)}
        for key, tensor in parts.items():
            if tensor is not None:
                what = f"{key} ({tensor.text(8)!r:.60})"
                fitting_shape(shape_of(tensor), outputs, what)
                state[key] = checked_array(numbers_of(tensor, what), outputs, what)
            elif not norm:
                state[key] = np.zeros(outputs, np.float32)
    return state


def _foreign(
    graph: Graph, info: Mapping[str, Any], preset: Preset, state: State, transformed: bool, notes: list[str]
) -> Foreign:
    """With what is known of its images and classes. transformed: the graph brings its images to [-1, 1] itself."""
    classes, channels = len(state["fc.weight"]), int(state["conv1.conv.weight"].shape[1])
    names = info.get("classes")
    if not isinstance(names, list) or len(names) != classes or not all(isinstance(name, str) for name in names):
        names = imagenet_names(classes)
        if names:
            notes.append("its 1000 classes are taken for ImageNet's, in their usual order")
    preprocessing = info.get("preprocessing") or _usual_preprocessing(graph, preset, channels, notes)
    if preprocessing.channels != channels:
        raise ValueError(f"is for images of {channels} channels, and says {preprocessing.channels}")
    preprocessing, steps = adapted(preprocessing, replace(preset, transform_input=transformed), preset)
    return Foreign("onnx", preset.name, state, preprocessing, tuple(names) if names else None, (*notes, *steps))


def _usual_preprocessing(graph: Graph, preset: Preset, channels: int, notes: list[str]) -> Preprocessing:
    """What images of such networks usually go through: Caffe's where its names are, as in the model zoo's files."""
    size = graph.image_size or preset.image_size
    if channels == 3 and any(name.startswith("conv1/7x7_s2") for name in graph.tensors):
        notes.append("its layers have Caffe's names, so its images have blue first, minus (104, 117, 123)")
        return replace(CAFFE_PREPROCESSING, image_size=size)
    usual = usual_preprocessing(size, channels)
    if usual is None:
        raise ValueError(f"is for images of {channels} channels, expected 1 (gray) or 3 (color)")
    notes.append("its images are taken to be normalized as usual: the file does not say (--mean, --std)")
    return usual
