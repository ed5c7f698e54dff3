"""A network in words: those of each preset, and other ones for what no GoogLeNet does."""

import pytest
from caffe_files import field
from random_networks import random_network

from googlenet import presets
from googlenet.weights.onnx_graph import Graph
from googlenet.weights.onnx_steps import preset_words, steps_of, without_transform
from googlenet.weights.protobuf import Message

onnx = pytest.importorskip("onnx", reason="needs pip install -e '.[onnx]'")
from onnx_files import googlenet_onnx  # noqa: E402 (needs onnx)


def light(model):
    """Without the numbers, which no words are about."""
    for tensor in model.graph.initializer:
        if len(tensor.dims) == 4 and tensor.dims[1] != 3 or len(tensor.dims) == 2:
            tensor.ClearField("raw_data")
    return model


@pytest.fixture(scope="module")
def paper():
    return light(googlenet_onnx(random_network(20)))


def words_of(model):
    return [step.words for step in steps_of(Graph(Message(memoryview(model.SerializeToString()))))]


def changed(model, output, name=None, value=None, kind=None):
    """A copy with another attribute, or another kind, of the node that makes `output`."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    node = next(node for node in copy.graph.node if output in node.output)
    node.op_type = kind or node.op_type
    for attribute in [attribute for attribute in node.attribute if attribute.name == name]:
        node.attribute.remove(attribute)
    if name is not None and value is not None:
        node.attribute.append(onnx.helper.make_attribute(name, value))
    return copy


def test_the_words_of_the_paper_s_network(paper):
    words = words_of(paper)
    stem = ["Conv 7x7/2", "Relu", "MaxPool 3x3/2 ceil", "LRN", "Conv 1x1/1", "Relu", "Conv 3x3/1", "Relu", "LRN"]
    assert words[:9] == stem
    block = ["branch", "Conv 1x1/1", "Relu", "branch", "Conv 1x1/1", "Relu", "Conv 3x3/1", "Relu"]
    block += ["branch", "Conv 1x1/1", "Relu", "Conv 5x5/1", "Relu"]
    block += ["branch", "MaxPool 3x3/1", "Conv 1x1/1", "Relu", "Concat"]
    assert words[10 : 10 + len(block)] == block
    assert words[-2:] == ["GlobalAveragePool", "Linear"]
    assert words == preset_words(presets["paper"], 5)


@pytest.mark.parametrize(
    ("preset", "options"),
    [
        ("mnist", {"average": "GlobalAveragePool"}),
        pytest.param("plain", {"ceil": "ceil_mode"}, marks=pytest.mark.everything("files")),
        pytest.param("torchvision", {}, marks=pytest.mark.everything("files")),
        pytest.param("batchnorm", {"size": 96}, marks=pytest.mark.everything("files")),
    ],
)
def test_every_preset_has_its_words(preset, options):
    model = googlenet_onnx(random_network(20, preset, channels=1 if preset == "mnist" else 3), **options)
    assert words_of(light(model)) == preset_words(presets[preset], presets[preset].kernel_5x5)


@pytest.mark.parametrize(
    ("output", "name", "value", "words"),
    [
        ("pool2", "strides", [3, 3], "MaxPool 3x3/3 pads [0, 0, 1, 1]"),
        ("pool2", "strides", [2, 1], "MaxPool 3x3/2x1 pads [0, 0, 1, 1]"),
        ("pool2", "pads", [1, 1, 1, 1], "MaxPool 3x3/2 pads [1, 1, 1, 1]"),
        ("pool2", "pads", [0, 0, 0, 0], "MaxPool 3x3/2"),
        ("pool2", "ceil_mode", 1, "MaxPool 3x3/2 pads [0, 0, 1, 1]"),  # both: one too many at odd sizes
        ("pool2", "kernel_shape", [3, 2], "MaxPool 3x2/2 ceil"),
        ("inception3a_pool", "pads", [0, 0, 2, 2], "MaxPool 3x3/1 pads [0, 0, 2, 2]"),
        ("conv1.conv_1", "pads", [2, 3, 3, 3], "Conv 7x7/2 pads [2, 3, 3, 3]"),
        ("conv1.conv_1", "auto_pad", "SAME_LOWER", "Conv 7x7/2 'SAME_LOWER'"),
        ("conv1.conv_1", "auto_pad", "NOTSET", "Conv 7x7/2"),
        ("conv3.conv_1", "group", 2, "Conv 3x3/1 in groups or dilated"),
        ("conv3.conv_1", "dilations", [2, 2], "Conv 3x3/1 in groups or dilated"),
        ("norm1", "size", 3, "LRN [3, "),
        ("norm1", "alpha", 5e-4, "LRN [5, "),
        ("norm2", "beta", 0.5, "LRN [5, "),
        ("norm2", "bias", 2.0, "LRN [5, "),
        ("fc_1", "alpha", 2.0, "Gemm with factors"),
        ("fc_1", "transA", 1, "Gemm with factors"),
        ("pool5", "kernel_shape", [5, 5], "AveragePool 5x5/1"),
        ("pool5", "pads", [1, 1, 1, 1], "AveragePool 7x7/1 pads [1, 1, 1, 1]"),
    ],
)
def test_settings_that_matter_are_in_the_words(paper, output, name, value, words):
    found = words_of(changed(paper, output, name, value))
    assert any(word == words or (words.endswith(" ") and word.startswith(words)) for word in found)


@pytest.mark.parametrize(
    ("output", "kind", "words"),
    [
        ("conv1.conv_2", "Sigmoid", "Sigmoid"),
        ("conv1.conv_2", "Reshape", "Flatten"),  # in the middle it is not needless
        ("pool5", "ReduceMean", "ReduceMean []"),
        ("prob_1", "LogSoftmax", "GlobalAveragePool"),
        ("drop5", "Identity", "GlobalAveragePool"),
    ],
)
def test_kinds_of_nodes(paper, output, kind, words):
    assert words in words_of(changed(paper, output, kind=kind))


def test_ceil_mode_and_pads_at_the_end_are_the_same(paper):
    other = changed(changed(paper, "pool2", "pads", [0, 0, 0, 0]), "pool2", "ceil_mode", 1)
    assert words_of(other) == words_of(paper)


def test_rows_are_not_concatenated(paper):
    with pytest.raises(ValueError, match="a Concat of 4 tensors, or not of their channels"):
        words_of(changed(paper, "inception4c_output", "axis", 2))


def test_a_relu_is_needless_behind_a_max_pool_alone(paper):
    usual = words_of(paper)
    assert words_of(changed(paper, "norm1", kind="Relu")) == [word for i, word in enumerate(usual) if i != 3]
    assert len(words_of(changed(paper, "norm2", kind="Relu"))) == len(usual)


@pytest.mark.parametrize("transform", ["channels", "all"])
def test_transform_input_is_known_by_its_numbers(transform):
    def steps(model):
        return steps_of(Graph(Message(memoryview(model.SerializeToString()))))

    model = light(googlenet_onnx(random_network(20, "plain"), transform=transform))
    known, rest = without_transform(steps(model))
    assert known
    assert [step.words for step in rest] == preset_words(presets["plain"], 5)
    assert without_transform(rest) == (False, rest)
    name = "mul1" if transform == "channels" else "scaled"
    other = steps(changed(model, name, kind="Add"))
    assert without_transform(other) == (False, other)


def of_nodes(*nodes, outputs=("y",)):
    parts = [
        field(1, b"".join(field(1, name) for name in inputs) + field(2, output) + field(4, kind))
        for kind, inputs, output in nodes
    ]
    content = b"".join(parts) + field(11, field(1, "x")) + b"".join(field(12, field(1, name)) for name in outputs)
    return Graph(Message(memoryview(field(7, content))))


@pytest.mark.parametrize(
    ("nodes", "outputs", "message"),
    [
        ([("Relu", ["x"], "y")], [], "its graph has 0 outputs"),
        ([("Relu", ["x"], "y")], ["y"] * 9, "its graph has 9 outputs"),
        ([("Relu", ["z"], "y")], ["y"], "does not begin with images but with 'z'"),
        ([("Conv", ["x"], "y")], ["y"], "a Conv computes its own weights"),
        ([("Concat", ["x"] * 5, "y")], ["y"], "a Concat of 5 tensors"),
        ([("Concat", ["x"], "y")], ["y"], "a Concat of 1 tensors"),
        ([("Relu", ["z"], "a"), ("Concat", ["x", "a"], "y")], ["y"], "does not come from one tensor"),
        ([("Concat", ["z", "z"], "y"), ("Concat", ["y", "y"], "z")], ["y"], "does not begin with images"),
    ],
)
def test_graphs_without_an_order_are_refused(nodes, outputs, message):
    with pytest.raises(ValueError, match=message):
        steps_of(of_nodes(*nodes, outputs=outputs))


def test_of_several_outputs_the_longest_way_counts():
    graph = of_nodes(("Relu", ["x"], "y"), ("Tanh", ["y"], "z"), ("Relu", ["x"], "a"), outputs=("a", "z", "y"))
    assert [step.words for step in steps_of(graph)] == ["Relu", "Tanh"]
