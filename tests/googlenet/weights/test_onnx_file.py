"""GoogLeNets in ONNX files: other engines compute the same, and other files are refused in one line."""

import json
import shutil

import numpy as np
import pytest
from caffe_files import deploy_prototxt, field, packed
from random_networks import arrays_of, probabilities, random_images, random_network
from support import torch
from vision import torchvision

import minicnn as mc
from googlenet import GoogLeNet
from googlenet.data.imagenet import IMAGENET_CLASSES
from googlenet.weights.onnx_file import read_onnx, starts_as_onnx
from googlenet.weights.protobuf import Message

onnx = pytest.importorskip("onnx", reason="needs pip install -e '.[onnx]'")
from onnx_files import googlenet_onnx  # noqa: E402 (needs onnx)

slow = pytest.mark.everything("files")


@pytest.fixture
def tmp_path(tmp_path):
    """These files have 25 MB each: away with them at once."""
    yield tmp_path
    shutil.rmtree(tmp_path, ignore_errors=True)


@pytest.fixture(scope="module")
def small():
    return random_network(4)


@pytest.fixture(scope="module")
def zoo(small):
    """A model as the zoo has it, but behind the stem without numbers: it stays small. Tests change copies."""
    model = googlenet_onnx(small)
    for tensor in model.graph.initializer:
        if tensor.name.startswith(("inception", "loss")):
            tensor.ClearField("raw_data")
    return model


def read(tmp_path, model):
    path = tmp_path / "net.onnx"
    path.write_bytes(model if isinstance(model, bytes) else model.SerializeToString())
    return read_onnx(path)


def assert_same(state, expected):
    assert state.keys() == {name for name in expected if not name.endswith("num_batches_tracked")}
    for name, array in state.items():
        assert array.dtype == np.float32
        np.testing.assert_array_equal(array, expected[name], err_msg=name)


def made(foreign):
    """The network of ours that it is."""
    network = GoogLeNet(foreign.num_classes, foreign.preset, foreign.in_channels, aux_heads=False)
    network.load_state_dict(foreign.state)
    return network.eval()


def as_ours(foreign, x):
    """x, normalized with ImageNet's mean and std, as the file's own preprocessing would have normalized the images."""
    pixels = x * np.array([0.229, 0.224, 0.225]).reshape(3, 1, 1) + np.array([0.485, 0.456, 0.406]).reshape(3, 1, 1)
    mean, std = (np.reshape(part, (-1, 1, 1)) for part in (foreign.preprocessing.mean, foreign.preprocessing.std))
    return ((pixels - mean) / std).astype(np.float32)


# ---- the same, whoever computes it ---------------------------------------------------------------------------------


@pytest.mark.parametrize("opset", [7, 8, 9, 12])
@pytest.mark.everything("parity")
def test_onnxruntime_computes_the_same(tmp_path, opset):
    ort = pytest.importorskip("onnxruntime", reason="needs pip install onnxruntime")
    model = random_network(1000)
    content = googlenet_onnx(model, opset).SerializeToString()
    x = random_images()
    expected = ort.InferenceSession(content).run(None, {"data_0": x})[0]
    assert expected.max() > 5 * np.median(expected) > 1e-4
    foreign = read(tmp_path, content)
    assert foreign.preset == "paper"
    np.testing.assert_allclose(probabilities(made(foreign), x), expected, atol=1e-5, rtol=0)


@pytest.mark.everything("parity")
def test_opencv_computes_the_same_of_the_oldest(tmp_path):
    """Opset 3, of which onnxruntime has no operators any more."""
    cv2 = pytest.importorskip("cv2", reason="needs pip install opencv-python-headless")
    content = googlenet_onnx(random_network(10), 3).SerializeToString()
    x = random_images()
    net = cv2.dnn.readNetFromONNX(np.frombuffer(content, np.uint8))
    net.setInput(x)
    foreign = read(tmp_path, content)
    np.testing.assert_allclose(probabilities(made(foreign), x), net.forward(), atol=1e-5, rtol=0)


VARIANTS = [
    ("paper", {"names": "numbers"}),
    ("paper", {"linear": "MatMul", "constants": "nodes"}),
    ("paper", {"average": "GlobalAveragePool", "ceil": "ceil_mode", "opset": 12, "listed": False}),
    ("paper", {"average": "ReduceMean"}),
    ("paper", {"average": "ReduceMean", "opset": 18, "listed": False}),
    ("paper", {"size": 192}),
    ("plain", {"transform": "channels", "names": "numbers"}),
    ("plain", {"transform": "all", "names": "numbers"}),
    ("batchnorm", {"names": "numbers"}),
    ("batchnorm", {"transform": "all", "names": "numbers"}),
    ("torchvision", {"names": "numbers"}),
    ("torchvision", {"transform": "channels", "names": "numbers"}),
]


@pytest.mark.parametrize(("preset", "options"), VARIANTS, ids=str)
@pytest.mark.everything("parity")
def test_onnxruntime_computes_the_same_of_every_kind(tmp_path, preset, options):
    """Of one picture: each with the preprocessing that it is said to need."""
    ort = pytest.importorskip("onnxruntime", reason="needs pip install onnxruntime")
    content = googlenet_onnx(random_network(10, preset), **options).SerializeToString()
    x = random_images(size=options.get("size", 224))
    expected = ort.InferenceSession(content).run(None, {"data_0": x})[0]
    foreign = read(tmp_path, content)
    assert foreign.preset == preset
    x = as_ours(foreign, x) if foreign.preprocessing.order == "RGB" else x
    np.testing.assert_allclose(probabilities(made(foreign), x), expected, atol=1e-5, rtol=0)


@pytest.mark.skipif(torchvision is None, reason="needs pip install torchvision")
@pytest.mark.parametrize("transform_input", [False, True])
@pytest.mark.everything("parity")
def test_pytorch_s_export_of_torchvision_s_network(tmp_path, transform_input):
    """Its exporter folds batch norms, merges equal biases into one, and writes transform_input as Gather, Mul, Add."""
    torch.manual_seed(0)
    theirs = torchvision.models.googlenet(
        weights=None, init_weights=False, aux_logits=True, transform_input=transform_input, num_classes=6
    ).eval()
    with torch.no_grad():
        for module in theirs.modules():
            if isinstance(module, torch.nn.BatchNorm2d):
                module.running_mean.normal_(0, 0.1)
                module.running_var.uniform_(0.5, 1.5)
                module.weight.uniform_(1.5, 2.5)
    path, x = tmp_path / "googlenet.onnx", random_images()
    torch.onnx.export(theirs, torch.tensor(x), str(path), dynamo=False)
    foreign = read_onnx(path)
    assert foreign.preset == "plain"
    assert any("set into the middle of 5x5 ones" in note for note in foreign.notes)
    with torch.no_grad():
        expected = theirs(torch.tensor(x)).numpy()
    assert np.ptp(expected) > 0.1
    found = made(foreign)(mc.Tensor(as_ours(foreign, x))).data
    np.testing.assert_allclose(found, expected, atol=1e-4, rtol=1e-4)


# ---- every number, however it is kept ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("preset", "options"),
    [
        ("paper", {"opset": 3, "linear": "MatMul", "constants": "nodes", "head": True}),
        ("torchvision", {"average": "ReduceMean", "transform": "channels", "softmax": False, "listed": False}),
        pytest.param("paper", {}, marks=slow),
        pytest.param("paper", {"raw": False}, marks=slow),
        pytest.param("paper", {"dtype": np.float64, "names": "numbers"}, marks=slow),
        pytest.param("paper", {"dtype": np.float64, "raw": False}, marks=slow),
        pytest.param("plain", {"opset": 18, "average": "ReduceMean", "transform": "all"}, marks=slow),
        pytest.param("catsdogs", {"opset": 12, "ceil": "ceil_mode"}, marks=slow),
        pytest.param("batchnorm", {"average": "GlobalAveragePool"}, marks=slow),
        pytest.param("mnist", {"average": "GlobalAveragePool"}, marks=slow),
    ],
    ids=str,
)
def test_every_number_comes_out(tmp_path, preset, options):
    model = random_network(4, preset, channels=1 if preset == "mnist" else 3)
    foreign = read(tmp_path, googlenet_onnx(model, **options))
    assert (foreign.kind, foreign.preset) == ("onnx", "plain" if preset == "catsdogs" else preset)
    expected = arrays_of(model)
    if preset in ("batchnorm", "torchvision"):
        np.testing.assert_allclose(foreign.state.pop("conv2.bn.weight"), expected.pop("conv2.bn.weight"), rtol=1e-6)
        foreign.state.update({n: np.float32(expected[n]) for n in foreign.state if n.endswith("bn.weight")})
    assert_same(foreign.state, expected)
    assert foreign.classes is None
    assert not foreign.aux_heads
    assert any("other outputs" in note for note in foreign.notes) == options.get("head", False)


@slow
def test_float16_is_float32_rounded(tmp_path, small):
    foreign = read(tmp_path, googlenet_onnx(small, dtype=np.float16))
    assert_same(foreign.state, {n: np.float32(np.float16(array)) for n, array in arrays_of(small).items()})


def test_the_zoo_s_images(tmp_path, small):
    foreign = read(tmp_path, googlenet_onnx(small))
    assert (foreign.preprocessing.order, foreign.preprocessing.image_size) == ("BGR", 224)
    np.testing.assert_allclose(foreign.preprocessing.mean, np.array([104, 117, 123]) / 255)
    assert any("blue first" in note for note in foreign.notes)


def test_a_step_to_minus_1_and_1_goes_into_the_preprocessing(tmp_path):
    options = {"names": "numbers", "size": 96, "transform": "channels"}
    foreign = read(tmp_path, googlenet_onnx(random_network(4, "plain"), **options))
    assert (foreign.preprocessing.order, foreign.preprocessing.image_size) == ("RGB", 96)
    assert foreign.preprocessing.mean == foreign.preprocessing.std == (0.5, 0.5, 0.5)
    assert any("(transform_input) is in the preprocessing now" in note for note in foreign.notes)


@slow
def test_others_images_and_classes_are_imagenet_s(tmp_path):
    foreign = read(tmp_path, googlenet_onnx(random_network(1000, "plain"), names="numbers"))
    assert foreign.preprocessing.mean == (0.485, 0.456, 0.406)
    assert foreign.classes == IMAGENET_CLASSES


# ---- our own files -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def export():
    """googlenet.weights.onnx_export's `onnx_model`, of a network with names and gray images."""
    from googlenet.data.preprocessing import Preprocessing
    from googlenet.weights.onnx_export import onnx_model

    def exported(preset="paper", channels=3):
        model = random_network(3, preset, channels=channels)
        gray = Preprocessing(160, 1, (0.13,), (0.3,), "L", "whole")
        info = {
            "image_size": 160,
            "classes": ["ant", "bee", "cat"],
            "preprocessing": gray if channels == 1 else Preprocessing(160, mean=(0.4, 0.5, 0.6)),
        }
        return model, info, onnx_model(model, info)

    return exported


def without_our_names(model):
    """As a tool leaves it that gives numbers to everything."""
    names = {tensor.name: f"w{number}" for number, tensor in enumerate(model.graph.initializer)}
    for tensor in model.graph.initializer:
        tensor.name = names[tensor.name]
    for node in model.graph.node:
        node.input[:] = [names.get(name, name) for name in node.input]
    return model


@pytest.mark.parametrize(
    ("preset", "channels"),
    [
        ("catsdogs", 3),
        pytest.param("torchvision", 3, marks=slow),
        pytest.param("batchnorm", 3, marks=slow),
        pytest.param("caffe", 3, marks=slow),
        pytest.param("plain", 1, marks=slow),
        pytest.param("mnist", 1, marks=slow),
        pytest.param("naive", 3, marks=slow),
    ],
)
def test_what_we_export_comes_back(tmp_path, export, preset, channels):
    model, info, exported = export(preset, channels)
    foreign = read(tmp_path, exported)
    assert_same(foreign.state, arrays_of(model))
    assert (foreign.preset, foreign.classes) == (preset, ("ant", "bee", "cat"))
    assert foreign.preprocessing == info["preprocessing"]
    assert foreign.notes == ("this program has written it",)
    again = read(tmp_path, without_our_names(exported))
    assert again.preset == {"caffe": "paper", "catsdogs": "plain"}.get(preset, preset)
    assert (again.classes, again.preprocessing) == (foreign.classes, foreign.preprocessing)
    for name, array in foreign.state.items():
        np.testing.assert_allclose(again.state[name], array, rtol=1e-6, err_msg=name)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", r"\(metadata googlenet\) is no JSON"),
        ("[" * 100_000, r"\(metadata googlenet\) is no JSON"),
        ("[]", "does not say for which preset it is"),
        (json.dumps({"preset": "next"}), "does not say for which preset it is"),
        (json.dumps({"preset": ["paper"]}), "does not say for which preset it is"),
        (json.dumps({"preset": "paper", "preprocessing": {"mean": 3}}), "the preprocessing is .* expected a record"),
    ],
)
def test_metadata_are_not_believed(tmp_path, zoo, text, message):
    model = onnx.ModelProto()
    model.CopyFrom(zoo)
    onnx.helper.set_model_props(model, {"googlenet": text})
    with pytest.raises(ValueError, match=f"^{tmp_path / 'net.onnx'}: .*{message}") as caught:
        read(tmp_path, model)
    assert "\n" not in str(caught.value)


# ---- what is refused -----------------------------------------------------------------------------------------------


def changed(change):
    def content(zoo):
        model = onnx.ModelProto()
        model.CopyFrom(zoo)
        change(model.graph)
        return model.SerializeToString()

    return content


def node(graph, output):
    return next(node for node in graph.node if output in node.output)


def tensor(graph, name):
    return next(tensor for tensor in graph.initializer if tensor.name == name)


def setting(output, name, value):
    """One attribute of one node has another value."""

    def change(graph):
        attributes = node(graph, output).attribute
        for attribute in [a for a in attributes if a.name == name]:
            attributes.remove(attribute)
        attributes.append(onnx.helper.make_attribute(name, value))

    return changed(change)


def kind(output, value):
    return changed(lambda graph: setattr(node(graph, output), "op_type", value))


def in_another_file(graph):
    weights = tensor(graph, "conv2/3x3_w_0")
    weights.data_location = onnx.TensorProto.EXTERNAL
    weights.external_data.add(key="location", value="/etc/passwd")
    weights.ClearField("raw_data")


def lengths(*values):
    def change(graph):
        tensor(graph, "conv2/3x3_w_0").dims[:] = values

    return changed(change)


def branches(order):
    def change(graph):
        inputs = node(graph, "inception4c_output").input
        inputs[:] = [inputs[i] for i in order]

    return changed(change)


def alexnet(zoo):
    """Of 11x11, 5x5 and 3x3."""
    helper, kind = onnx.helper, onnx.TensorProto.FLOAT
    weights = [
        helper.make_tensor(name, kind, shape, np.zeros(shape, np.float32).ravel())
        for name, shape in (("w1", (8, 3, 11, 11)), ("w2", (8, 8, 5, 5)))
    ]
    nodes = [
        helper.make_node("Conv", ["x", "w1"], ["a"], strides=[4, 4]),
        helper.make_node("Relu", ["a"], ["b"]),
        helper.make_node("Conv", ["b", "w2"], ["c"], pads=[2, 2, 2, 2]),
    ]
    ends = [helper.make_tensor_value_info(name, kind, None) for name in "xc"]
    return helper.make_model(helper.make_graph(nodes, "a", ends[:1], ends[1:], weights)).SerializeToString()


def circle(zoo):
    nodes = b"".join(field(1, field(1, a) + field(2, b) + field(4, "Relu")) for a, b in ("xy", "yx"))
    return field(1, 8) + field(7, nodes + field(12, field(1, "x")))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (lambda zoo: b"", "is empty$"),
        (lambda zoo: deploy_prototxt().encode(), "is no protobuf file, or damaged: a field has wire type 6$"),
        (lambda zoo: b"\xff\xd8\xff\xe0\x00\x10JFIF\x00", "is no protobuf file, or damaged"),
        (lambda zoo: field(1, 8), "is no model of ONNX: it has no nodes$"),
        (circle, "its nodes go round in a circle$"),
        (
            changed(lambda g: tensor(g, "conv1/7x7_s2_w_0").dims.__setitem__(1, 1 << 40)),
            "has 9,408 numbers for the weights of conv1.conv .*, expected 3,448,068,464,705,536",
        ),
        (alexnet, "step 1 of 3 is 'Conv 11x11/4 pads .*', expected 'Conv 7x7/2' as in paper$"),
        (kind("conv1.conv_1", "QLinearConv"), "is quantized: it has nodes 'QLinearConv'"),
        (kind("drop5", "DequantizeLinear"), "is quantized: it has nodes 'DequantizeLinear'"),
        (kind("conv3.conv_2", "Sigmoid"), "step 8 of 176 is 'Sigmoid', expected 'Relu' as in paper$"),
        (kind("conv3.conv_2", "x\n" * 60), r"step 8 of 176 is 'x.nx.nx"),
        (setting("pool2", "strides", [3, 3]), "is 'MaxPool 3x3/3 pads .0, 0, 1, 1.', expected 'MaxPool 3x3/2 ceil'"),
        (setting("fc_1", "alpha", 2.0), "is 'Gemm with factors', expected 'Linear'"),
        (setting("inception4c_output", "axis", 2), "a Concat of 4 tensors, or not of their channels$"),
        (setting("pool5", "kernel_shape", [5, 5]), "is 'AveragePool 5x5/1', expected 'GlobalAveragePool'"),
        (branches([1, 0, 2, 3]), "is 'Conv 3x3/1', expected 'branch' as in paper$"),
        (lengths(192, 64, 3, 4), "is 'Conv 3x4/1"),
        (
            lengths(64, 192, 3, 3),
            r"the weights of conv3.conv \('conv2/3x3_w_0'\) in the shape \(64, 192, 3, 3\), expected",
        ),
        (lengths(192, 64, 3, 3, 2), "is 'Conv 3x3x2/1"),
        (
            changed(in_another_file),
            r"has the weights of conv3.conv \('conv2/3x3_w_0'\) in another file, which is not opened",
        ),
        (
            changed(lambda g: setattr(tensor(g, "conv2/3x3_w_0"), "data_type", 16)),
            "as numbers of kind 16, expected float32",
        ),
        (
            changed(lambda g: setattr(tensor(g, "conv2/3x3_w_0"), "raw_data", b"1234")),
            "has 1 numbers for the weights of",
        ),
        (changed(lambda g: setattr(tensor(g, "conv2/3x3_w_0"), "raw_data", b"123")), "has 3 bytes, which are no whole"),
        (changed(lambda g: g.initializer.remove(tensor(g, "conv2/3x3_w_0"))), "a Conv computes its own weights"),
        (changed(lambda g: g.initializer.remove(tensor(g, "loss3/classifier_b_0"))), "'Gemm' computes its own weights"),
        (changed(lambda g: g.ClearField("output")), "its graph has 0 outputs$"),
        (changed(lambda g: g.ClearField("input")), "does not begin with images but with 'data_0'$"),
    ],
)
def test_anything_else_is_refused_in_one_line(tmp_path, zoo, content, message):
    with pytest.raises(ValueError, match=f"^{tmp_path / 'net.onnx'}: .*{message}") as caught:
        read(tmp_path, content(zoo))
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 400


@pytest.mark.parametrize("step", [20_000, pytest.param(1000, marks=slow)])
def test_a_file_that_is_cut_off_is_refused(tmp_path, zoo, step, monkeypatch):
    content = memoryview(zoo.SerializeToString())
    for end in range(1, len(content) - 10, step):
        monkeypatch.setattr("googlenet.weights.onnx_file.read_message", lambda path, part=content[:end]: Message(part))
        with pytest.raises(ValueError, match="is cut off|has no nodes"):
            read_onnx("net.onnx")


def test_what_cannot_be_opened_is_named(tmp_path):
    for path in (tmp_path, tmp_path / "nothing"):
        with pytest.raises(OSError, match=f"^{path} cannot be read "):
            read_onnx(path)


def test_files_are_known_by_how_they_begin(zoo):
    assert starts_as_onnx(zoo.SerializeToString()[:16])
    for other in (b"", field(1, "GoogleNet"), b"PK\x03\x04", b"\x80\x02", packed(5, np.ones(1, np.float32))):
        assert not starts_as_onnx(other)
