"""Networks as ONNX files: ONNX's own checker, and onnxruntime, which others wrote, beside our evaluation."""

import json
import sys

import numpy as np
import pytest

import minicnn as mc
from googlenet import GoogLeNet
from googlenet.data.preprocessing import Preprocessing
from googlenet.inception import BasicConv2d, Inception, NaiveInception
from googlenet.presets import presets
from googlenet.weights import onnx_export
from googlenet.weights.onnx_export import Graph, add, onnx_model, try_onnx, write_onnx
from minicnn import nn

onnx = pytest.importorskip("onnx", reason="ONNX is not installed: pip install -e '.[onnx]'")
TOLERANCE = 1e-5  # relative to the largest element
RNG = np.random.default_rng


def make(preset, classes=5, channels=None, heads=False):
    """A network in evaluation mode with random weights, running statistics, and constants of its norms."""
    mc.manual_seed(3)
    model = GoogLeNet(classes, preset, channels or presets[preset].in_channels, heads).eval()
    randomize(model)
    return model


def randomize(module):
    rng = RNG(4)
    for layer in module.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.running_mean.data[:] = rng.normal(0, 0.5, layer.running_mean.shape)
            layer.running_var.data[:] = rng.uniform(0.2, 2, layer.running_var.shape)
            layer.weight.data[:] = rng.uniform(0.5, 1.5, layer.weight.shape)
            layer.bias.data[:] = rng.normal(0, 0.3, layer.bias.shape)
        elif isinstance(layer, nn.LocalResponseNorm):
            layer.alpha, layer.beta, layer.k = 0.3, 0.6, 1.2
        elif isinstance(layer, nn.Conv2d | nn.Linear) and layer.bias is not None:
            layer.bias.data[:] = rng.normal(0, 0.3, layer.bias.shape)


def notes(size=64, **more):
    return {"image_size": size, "classes": None, "preprocessing": None, **more}


def session(model):
    """onnxruntime with the network, on one thread."""
    runtime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed: pip install onnxruntime")
    options = runtime.SessionOptions()
    options.intra_op_num_threads = 1
    return runtime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def assert_close(found, expected):
    assert (found.shape, found.dtype) == (expected.shape, expected.dtype)
    np.testing.assert_allclose(found, expected, rtol=0, atol=TOLERANCE * np.abs(expected).max())


# ---- each kind of layer by itself ------------------------------------------------------------------------------------

LAYERS = {
    "convolution": lambda: nn.Conv2d(6, 4, (3, 5), (2, 1), (0, 2)),
    "convolution with relu": lambda: nn.Conv2d(6, 4, 3, 1, 1, relu=True),
    "convolution without bias": lambda: nn.Conv2d(6, 4, 1, bias=False),
    "batch norm": lambda: nn.BatchNorm2d(6, eps=0.1),
    "response norm": lambda: nn.LocalResponseNorm(3, alpha=0.7, beta=0.4, k=2.0),
    "floor pool": lambda: nn.MaxPool2d(3, 2),
    "ceil pool": lambda: nn.MaxPool2d(3, 2, ceil_mode=True),
    "padded pool": lambda: nn.MaxPool2d((3, 5), 1, (1, 2)),
    "sequence": lambda: nn.Sequential(nn.MaxPool2d(2), nn.Conv2d(6, 3, 1), nn.ReLU()),
    "basic convolution": lambda: BasicConv2d(6, 4, 3),
    "basic convolution, batch norm": lambda: BasicConv2d(6, 4, 3, batch_norm=True),
    "block": lambda: Inception(6, 2, 3, 4, 2, 3, 5, kernel_5x5=3, pool_relu=True),
    "naive block": lambda: NaiveInception(6, 2, 3, 4),
}


@pytest.mark.parametrize("kind", LAYERS)
@pytest.mark.parametrize("size", [(9, 10), (6, 7)])
def test_a_layer_computes_in_onnxruntime_what_it_does_here(kind, size):
    mc.manual_seed(1)
    layer = LAYERS[kind]().eval()
    if "batch norm" in kind:
        randomize(layer)
    x = RNG(5).standard_normal((2, 6, *size)).astype(np.float32)
    expected = layer(mc.Tensor(x)).numpy()
    graph = Graph()
    last = add(graph, "layer", layer, "x")
    put_in, taken_out = (onnx.helper.make_tensor_value_info(name, 1, shape)
                         for name, shape in (("x", x.shape), (last, expected.shape)))  # fmt: skip
    model = onnx.helper.make_model(
        onnx.helper.make_graph(graph.nodes, "layer", [put_in], [taken_out], graph.weights),
        opset_imports=[onnx.helper.make_opsetid("", onnx_export.OPSET)],
        ir_version=onnx_export.IR_VERSION,
    )
    onnx.checker.check_model(model, full_check=True)
    assert_close(session(model).run(None, {"x": x})[0], expected)


# ---- whole networks --------------------------------------------------------------------------------------------------

SIZES = [(32, 32), (33, 47), (64, 64), (81, 97), (125, 131), (224, 224)]

ALL = [pytest.param(preset, SIZES, marks=pytest.mark.everything("presets")) for preset in presets]


@pytest.mark.parametrize(("preset", "sizes"), [("paper", [(33, 47)]), ("torchvision", [(47, 33)]), *ALL])
def test_onnxruntime_gives_our_logits(preset, sizes):
    model = make(preset)
    run = session(onnx_model(model, notes(), any_size=True)).run
    rng = RNG(6)
    for size in sizes:
        if min(size) >= model.preset.smallest_image:
            for images in (1, 3):
                x = rng.standard_normal((images, presets[preset].in_channels, *size)).astype(np.float32)
                assert_close(run(["logits"], {"images": x})[0], model(mc.Tensor(x)).numpy())


def test_a_pool_that_is_applied_twice_is_two_nodes(small_blocks):
    """Preset mnist's, whose images are too large for a quick comparison."""
    model = make("mnist")
    names = {node.name: node.input[0] for node in onnx_model(model, notes(125)).graph.node}
    assert names["maxpool4"] == "inception4e"
    assert names["maxpool4.1"] == "maxpool4"
    assert names["inception5a.branch1.conv"] == "maxpool4.1"


def test_weights_and_nodes_have_the_names_of_their_layers_and_every_tensor_has_a_shape(small_blocks):
    model = make("torchvision", heads=True)
    graph = onnx_model(model, notes(size=65)).graph
    weights = {weight.name: onnx.numpy_helper.to_array(weight) for weight in graph.initializer}
    state = {name: tensor.numpy() for name, tensor in model.state_dict().items()
             if not name.startswith("aux") and not name.endswith("num_batches_tracked")}  # fmt: skip
    assert set(weights) == {*state, "transform_input.scale", "transform_input.shift"}
    for name, array in state.items():
        np.testing.assert_array_equal(weights[name], array, err_msg=name)
    assert [node.name for node in graph.node if node.op_type == "Concat"] == [
        name for name, _ in model.named_children() if name.startswith("inception")
    ]
    assert {"inception3a.branch2.0.conv", "inception3a.branch4.0", "conv1.relu", "fc"} <= {n.name for n in graph.node}
    shapes = {value.name: [d.dim_param or d.dim_value for d in value.type.tensor_type.shape.dim]
              for value in (*graph.value_info, *graph.output)}  # fmt: skip
    assert set(shapes) == {output for node in graph.node for output in node.output}
    assert shapes["logits"] == ["batch", 5]
    rows = [row for row in mc.summary(model, (3, 65, 65)).rows if row.name in shapes]
    assert len(rows) == 57 + 57 + 13 + 1  # convolutions, batch norms, max pools, the average pool
    for row in rows:
        assert shapes[row.name] == ["batch", *row.output_shape[1:]], row.name


def test_what_the_file_says_of_itself(small_blocks):
    model = make("torchvision", heads=True)
    preprocessing = Preprocessing(48)
    info = notes(48, classes=tuple("abcde"), preprocessing=preprocessing, epoch=3)
    found = onnx_model(model, info)
    assert (found.opset_import[0].version, found.ir_version, found.producer_name) == (17, 8, "minicnn-googlenet")
    properties = {prop.key: prop.value for prop in found.metadata_props}
    noted = json.loads(properties["googlenet"])
    assert Preprocessing.from_record(noted["preprocessing"]) == preprocessing
    assert (noted["preset"], noted["classes"], noted["epoch"]) == ("torchvision", list("abcde"), 3)
    assert noted["aux_heads"] is False  # none are in the file
    assert properties["card"].startswith("# GoogLeNet, preset torchvision")
    assert "preset torchvision: differs from the paper" in found.doc_string and "kernel_5x5 3 (5)" in found.doc_string
    (images,) = found.graph.input
    assert images.name == "images" and "mean 0.485, 0.456, 0.406" in images.doc_string


@pytest.mark.parametrize(("any_size", "expected"), [(False, ["batch", 3, 49, 49]),
                                                    (True, ["batch", 3, "height", "width"])])  # fmt: skip
def test_the_batch_is_open_and_with_any_size_height_and_width_too(small_blocks, any_size, expected):
    found = onnx_model(make("plain", channels=3), notes(49), any_size=any_size)
    assert [d.dim_param or d.dim_value for d in found.graph.input[0].type.tensor_type.shape.dim] == expected


def test_a_size_that_the_network_cannot_take_is_refused(small_blocks):
    model = make("mnist")
    with pytest.raises(ValueError, match="^image_size is 124, preset mnist needs at least 125$"):
        onnx_model(model, notes(124))
    onnx_model(model, notes(124), any_size=True)


def test_a_file_is_written_once_the_checker_is_content(small_blocks, tmp_path, monkeypatch):
    path = tmp_path / "net.onnx"
    model = make("plain")
    write_onnx(path, model, notes())
    assert onnx.load(path) == onnx_model(model, notes())
    broken = onnx_model(model, notes())
    broken.graph.node[0].input[0] = "nothing"
    monkeypatch.setattr(onnx_export, "onnx_model", lambda *_, **__: broken)
    with pytest.raises(onnx.checker.ValidationError):
        write_onnx(tmp_path / "broken.onnx", model, notes())
    assert [file.name for file in tmp_path.iterdir()] == ["net.onnx"]


def test_without_onnx_the_extra_is_named(monkeypatch):
    try_onnx()
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(ImportError, match=r"^--onnx needs the package onnx: pip install -e '\.\[onnx\]' \(.+\)$"):
        try_onnx()
