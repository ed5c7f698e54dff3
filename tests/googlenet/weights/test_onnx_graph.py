"""The graph in an ONNX file: its nodes, its tensors, and the way back through it."""

import numpy as np
import pytest
from caffe_files import field, one_by_one, packed, varint

from googlenet.weights.onnx_graph import Graph, numbers_of, shape_of
from googlenet.weights.protobuf import Message


def message(content):
    return Message(memoryview(content))


def node(kind, inputs, outputs, *attributes, domain=""):
    names = b"".join(field(1, name) for name in inputs) + b"".join(field(2, name) for name in outputs)
    return field(1, names + field(4, kind) + b"".join(field(5, one) for one in attributes) + field(7, domain))


def tensor(array, name="w", kind=1, write=None):
    dims = b"".join(varint(length) for length in array.shape)
    numbers = field(9, array.tobytes()) if write is None else write(array)
    return field(1, dims) + field(2, kind) + field(8, name) + numbers


def image(name, *lengths):
    axes = b"".join(field(1, field(1, n) if n else field(2, "batch")) for n in lengths)
    return field(11, field(1, name) + field(2, field(1, field(1, 1) + field(2, axes))))


def graph(*parts, more=b""):
    return Graph(message(field(1, 8) + field(7, b"".join(parts)) + more))


ONE = np.ones(2, np.float32)
RELU = node("Relu", ["x"], ["y"])


def test_nodes_tensors_inputs_outputs_and_metadata():
    found = graph(
        node("Constant", [], ["c"], field(1, "value") + field(5, tensor(ONE))),
        node("Conv", ["x", "w"], ["y"], field(1, "group") + field(3, 2), field(1, "pads") + field(8, bytes([0, 1, 2]))),
        node(
            "LRN", ["y"], ["z"], field(1, "beta") + one_by_one(2, np.float32([0.5])), field(1, "auto") + field(4, "A")
        ),
        field(5, tensor(ONE)),
        image("x", 0, 3, 64, 64),
        image("w", 2),  # as the files of version 3 do
        field(12, field(1, "z")),
        more=field(14, field(1, "key") + field(2, "value")),
    )
    constant, conv, lrn = found.nodes
    assert (conv.kind, conv.inputs, conv.outputs) == ("Conv", ["x", "w"], ["y"])
    assert (conv.integer("group", 1), conv.integer("other", 7)) == (2, 7)
    assert (conv.integers("pads", []), conv.integers("other", [3])) == ([0, 1, 2], [3])
    assert (lrn.number("beta", 0.75), lrn.number("bias", 1.0), lrn.text("auto"), lrn.text("other")) == (0.5, 1, "A", "")
    assert found.tensors.keys() == {"c", "w"}
    assert found.inputs == {"x": [-1, 3, 64, 64]}
    assert (found.image_size, found.outputs, found.metadata) == (64, ["z"], {"key": "value"})
    assert found.makers == {"c": constant, "y": conv, "z": lrn}


@pytest.mark.parametrize(("lengths", "size"), [((1, 3, 64, 48), None), ((1, 3, 0, 0), None), ((3, 64, 64), None)])
def test_the_size_of_the_images_may_be_open(lengths, size):
    assert graph(RELU, image("x", *lengths)).image_size == size


def test_operations_of_others_keep_their_domain():
    nodes = graph(
        node("Conv", ["x"], ["y"], domain="ai.onnx"), node("Conv", ["x"], ["z"], domain="com.microsoft")
    ).nodes
    assert [node.kind for node in nodes] == ["Conv", "com.microsoft.Conv"]


def test_a_constant_may_be_passed_on():
    found = graph(node("Identity", ["w"], ["a"]), node("Identity", ["a"], ["b"]), RELU, field(5, tensor(ONE)))
    assert found.constant("b") is found.constant("w") is found.tensors["w"]
    assert found.constant("y") is found.constant("nothing") is None
    circle = graph(node("Identity", ["a"], ["b"]), node("Identity", ["b"], ["a"]))
    assert circle.constant("a") is None


def test_the_way_back_ends_at_a_concat_or_at_the_input():
    found = graph(
        RELU,
        node("Conv", ["y", "w"], ["z"]),
        node("Concat", ["z", "y"], ["c"]),
        node("Add", ["w", "c"], ["d"]),
        node("Reshape", ["d", "sizes"], ["e"]),
        field(5, tensor(ONE)),
    )
    assert [(name, node.kind) for name, node in found.back("e")] == [("d", "Reshape"), ("c", "Add")]
    assert [(name, node.kind) for name, node in found.back("z")] == [("y", "Conv"), ("x", "Relu")]
    assert list(found.back("x")) == []
    assert len(list(graph(RELU).back("y"))) == 1  # all nodes of the graph


@pytest.mark.parametrize("kind", ["Add", "Mul", "MatMul"])
def test_what_two_tensors_make_is_refused(kind):
    with pytest.raises(ValueError, match=f"a node '{kind}' has 2 inputs that are no weights"):
        list(graph(node(kind, ["x", "y"], ["z"])).back("z"))
    with pytest.raises(ValueError, match=f"a node '{kind}' has 0 inputs that are no weights"):
        list(graph(node(kind, ["w", ""], ["z"]), field(5, tensor(ONE))).back("z"))


@pytest.mark.parametrize("kind", ["QLinearConv", "QuantizeLinear", "DequantizeLinear", "ConvInteger"])
def test_quantized_ones_are_refused(kind):
    with pytest.raises(ValueError, match=f"is quantized: it has nodes '{kind}'"):
        graph(RELU, node(kind, ["x"], ["q"]))


@pytest.mark.parametrize("content", [b"", field(5, tensor(ONE))])
def test_a_graph_without_nodes_is_none(content):
    with pytest.raises(ValueError, match="is no model of ONNX: it has no nodes"):
        graph(content)


def test_a_circle_is_refused():
    with pytest.raises(ValueError, match="its nodes go round in a circle"):
        list(graph(node("Relu", ["x"], ["y"]), node("Relu", ["y"], ["x"])).back("x"))


@pytest.mark.parametrize(
    ("dtype", "kind", "write"),
    [
        ("<f4", 1, None),
        ("<f4", 1, lambda array: packed(4, array)),
        ("<f4", 1, lambda array: one_by_one(4, array)),
        ("<f8", 11, None),
        ("<f8", 11, lambda array: packed(10, array)),
        ("<f2", 10, None),
        ("<i8", 7, None),
        ("<i8", 7, lambda array: field(7, b"".join(varint(int(n) % (1 << 64)) for n in array))),
    ],
)
def test_numbers_come_out_however_they_are_kept(dtype, kind, write):
    array = np.array([1, -2, 3, 4, 5, 6], dtype)
    found = message(tensor(array, kind=kind, write=write))
    assert shape_of(found) == [6]
    assert numbers_of(found, "x").dtype == dtype
    np.testing.assert_array_equal(numbers_of(found, "x"), array)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (tensor(ONE) + field(14, 1), "has x in another file, which is not opened"),
        (tensor(ONE) + field(13, field(1, "location")), "has x in another file, which is not opened"),
        (tensor(ONE, kind=16), "has x as numbers of kind 16, expected float32, float64 or float16"),
        (tensor(ONE, kind=11) + field(9, bytes(9)), "x has 9 bytes, which are no whole numbers"),
        (
            tensor(ONE, kind=10, write=lambda array: field(5, bytes(2))),
            "has x as float16 in a list, expected raw bytes",
        ),
        (tensor(ONE, kind=7, write=lambda array: field(7, bytes(65))), "65 integers, expected at most 64"),
    ],
)
def test_other_numbers_are_refused(content, reason):
    with pytest.raises(ValueError, match=reason):
        numbers_of(message(content), "x")
