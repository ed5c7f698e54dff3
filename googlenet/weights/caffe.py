"""Caffe's GoogLeNet: the weights in a .caffemodel, such as bvlc_googlenet.caffemodel.

The file is one message, a NetParameter. Of it and of the messages in it these fields matter here:

    NetParameter      2: layers, of the old kind (V1LayerParameter)    100: layers, of the new kind (LayerParameter)
    V1LayerParameter  4: name    6: blobs
    LayerParameter    1: name    7: blobs
    BlobProto         7: shape, a message with 1: its lengths; or, in old files, 1 to 4: num, channels, height, width
                      5: data, as floats    8: data, as doubles

A layer's first blob has its weights, (out, in, kernel, kernel) or (out, in) as in PyTorch, the second its biases; old
files write (out, in) as (1, 1, out, in). Layers that learn nothing have no blobs. What is flattened in front of a
linear layer is in the order channel, row, column, here as there.
Source: BVLC/caffe, src/caffe/proto/caffe.proto and models/bvlc_googlenet.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from googlenet.data.imagenet import IMAGENET_CLASSES
from googlenet.data.preprocessing import Preprocessing
from googlenet.presets import presets
from googlenet.weights.foreign import Foreign
from googlenet.weights.layers import Layer, checked_array, fitting_shape, head_layers, main_layers
from googlenet.weights.protobuf import Message, read_message

# What the images of Caffe's GoogLeNet went through: blue first, minus the mean, not divided by anything.
CAFFE_PREPROCESSING = Preprocessing(
    224, mean=(104 / 255, 117 / 255, 123 / 255), std=(1 / 255, 1 / 255, 1 / 255), order="BGR"
)
HEADS = ("loss1/", "loss2/")  # with which the names of their layers begin
MOST_AXES = 8  # of a blob; layers have four at most


def read_caffe(path: str | Path) -> Foreign:
    """The GoogLeNet in a .caffemodel, for preset `paper`, which computes what Caffe computes.

    The classifiers may have other names (people rename them where they train them anew: loss3/classifier_flowers) and
    any number of classes, and the auxiliary heads may be missing.
    Raises ValueError, naming the file, for what is no such GoogLeNet; OSError where it cannot be read.
    """
    path = Path(path)
    try:
        return _network(read_message(path))
    except ValueError as error:
        raise ValueError(f"{path}: {_other_kind(path) or error}") from error


def starts_as_caffe(start: bytes) -> bool:
    """Whether a file begins as a .caffemodel does: with the network's name, or a layer of the old or the new kind."""
    return start[:1] in (b"\x0a", b"\x12") or start[:2] == b"\xa2\x06"


def _other_kind(path: Path) -> str | None:
    """What people have beside their .caffemodel, and may give in its place."""
    if not path.is_file():
        return None
    with path.open("rb") as file:
        start = file.read(64)
    if start.startswith(b"\x89HDF"):
        return "is an HDF5 file; of the two kinds of files that Caffe writes the other is read, .caffemodel"
    if start and not starts_as_caffe(start) and all(byte in b"\t\n\r" or 32 <= byte < 127 for byte in start):
        return "is text, as a .prototxt, which describes a network and has no weights: they are in its .caffemodel"
    return None


def _network(net: Message) -> Foreign:
    preset = presets["paper"]
    main, heads = main_layers(preset, in_channels=3), head_layers(preset)
    blobs = _layers_with_blobs(net)
    notes = list(_rename_classifiers([*main, *heads], blobs))
    if missing := [layer.caffe_name for layer in main if layer.caffe_name not in blobs]:
        some = ", ".join(f"{name!r:.40}" for name in list(blobs)[:4]) or "none"
        raise ValueError(
            f"is no GoogLeNet of Caffe: {len(missing)} of {len(main)} layers are missing, such as {missing[0]}; layers "
            f"with weights in it: {some}{', ...' if len(blobs) > 4 else ''}"
        )
    known = {layer.caffe_name for layer in [*main, *heads]}
    if more := [name for name in blobs if name not in known and not name.startswith(HEADS)]:
        raise ValueError(f"is no GoogLeNet of Caffe, or not alone: it has weights in the layer {more[0]!r:.60} too")
    state = _state(main, blobs)
    classes = len(state["fc.weight"])
    if all(layer.caffe_name in blobs for layer in heads):
        of_heads = _state(heads, blobs)
        if len(of_heads["aux1.fc2.weight"]) == len(of_heads["aux2.fc2.weight"]) == classes:
            state |= of_heads
        else:
            notes.append("the auxiliary heads are left out: they are for another number of classes")
    else:
        notes.append("it comes without auxiliary heads, which only training needs")
    notes.append("its images have blue first, minus Caffe's mean of (104, 117, 123)")
    if names := imagenet_names(classes):
        notes.append("its 1000 classes are taken for ImageNet's, in their usual order")
    return Foreign("caffe", preset.name, state, CAFFE_PREPROCESSING, names, tuple(notes))


def imagenet_names(classes: int) -> tuple[str, ...] | None:
    """The names of the outputs of a network that names none: where there are 1000 they are ImageNet's."""
    return IMAGENET_CLASSES if classes == len(IMAGENET_CLASSES) else None


def _layers_with_blobs(net: Message) -> dict[str, list[Message]]:
    """The blobs of each layer that has any, by the layer's name."""
    found: dict[str, list[Message]] = {}
    for field, name_field, blobs_field in ((2, 4, 6), (100, 1, 7)):  # the old kind, the new kind
        for layer in net.messages(field):
            if blobs := list(layer.messages(blobs_field)):
                if (name := layer.text(name_field)) in found:
                    raise ValueError(f"is damaged: it has weights for the layer {name!r:.60} twice")
                found[name] = blobs
    return found


def _rename_classifiers(layers: Iterable[Layer], blobs: dict[str, list[Message]]) -> Iterator[str]:
    """Give a classifier its own name in place of another one, where only one can be meant; in words what was done."""
    known = {layer.caffe_name for layer in layers}
    for name in sorted(known):
        where, _, last = name.partition("/")
        others = [other for other in blobs if other.startswith(f"{where}/") and other not in known]
        if where == "loss3" and not others:  # any name will do, where it is not one of the heads'
            others = [other for other in blobs if other not in known and not other.startswith(HEADS)]
        if last == "classifier" and name not in blobs and len(others) == 1:
            blobs[name] = blobs.pop(others[0])
            yield f"the layer {others[0]!r:.60} stands in the place of {name}, and is taken for it"


def _state(layers: Iterable[Layer], blobs: dict[str, list[Message]]) -> dict[str, NDArray[np.float32]]:
    """Weights and biases under our names."""
    state = {}
    for name, caffe_name, shape in layers:
        if (count := len(blobs[caffe_name])) != 2:
            raise ValueError(f"has {count} blobs in the layer {caffe_name}, expected 2: its weights and biases")
        weight, bias = blobs[caffe_name]
        state[f"{name}.weight"] = array = _array(weight, shape, f"the weights of {caffe_name}")
        state[f"{name}.bias"] = _array(bias, array.shape[:1], f"the biases of {caffe_name}")
    return state


def _array(blob: Message, shape: tuple[int, ...], what: str) -> NDArray[np.float32]:
    """The numbers of a blob in the shape that its layer has here."""
    has_shape = 7 in blob.fields
    lengths = blob.message(7).integers(1, MOST_AXES) if has_shape else [blob.integer(axis) for axis in (1, 2, 3, 4)]
    shape = fitting_shape(lengths, shape, what)
    numbers = blob.numbers(5, "<f4") if 5 in blob.fields else blob.numbers(8, "<f8")
    return checked_array(numbers, shape, what)
