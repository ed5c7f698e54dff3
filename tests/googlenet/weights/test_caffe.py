"""Caffe's GoogLeNet: OpenCV computes the same from the same file, and other files are refused in one line."""

import shutil
import tracemalloc

import numpy as np
import pytest
from caffe_files import caffe_names, caffe_weights, caffemodel, deploy_prototxt, field, new_layer, one_by_one, packed
from random_networks import arrays_of, probabilities, random_images, random_network

from googlenet.data.imagenet import IMAGENET_CLASSES
from googlenet.weights.caffe import read_caffe, starts_as_caffe
from googlenet.weights.protobuf import Message


@pytest.fixture
def tmp_path(tmp_path):
    """These files have 25 to 50 MB each: away with them at once."""
    yield tmp_path
    shutil.rmtree(tmp_path, ignore_errors=True)


@pytest.fixture(scope="module")
def small():
    """Four classes, no heads."""
    return random_network(4)


@pytest.fixture(scope="module")
def weights(small):
    return caffe_weights(arrays_of(small))


def written(path, content):
    path.write_bytes(content)
    return path


def assert_same(state, expected):
    assert state.keys() == expected.keys()
    for name, array in expected.items():
        assert state[name].dtype == np.float32
        np.testing.assert_array_equal(state[name], array, err_msg=name)


# ---- what is in the file comes out ---------------------------------------------------------------------------------


@pytest.mark.parametrize("old", [True, False], ids=["old kind", "new kind"])
@pytest.mark.everything("parity")
def test_opencv_computes_the_same(tmp_path, old):
    cv2 = pytest.importorskip("cv2", reason="needs pip install opencv-python-headless")
    model = random_network()
    content = caffemodel(caffe_weights(arrays_of(model)), old=old)
    net = cv2.dnn.readNetFromCaffe(*(np.frombuffer(part, np.uint8) for part in (deploy_prototxt().encode(), content)))
    x = random_images()
    net.setInput(x)
    expected = net.forward("prob")
    assert expected.max() > 5 * np.median(expected) > 1e-4  # no two networks would agree by chance
    foreign = read_caffe(written(tmp_path / "bvlc_googlenet.caffemodel", content))
    for tensor in model.state_dict().values():
        tensor.data[...] = 0
    model.load_state_dict(foreign.state)
    np.testing.assert_allclose(probabilities(model, x), expected, atol=1e-5, rtol=0)


@pytest.mark.parametrize(
    ("old", "dtype", "write"),
    [
        (False, np.float32, packed),
        (True, np.float32, one_by_one),
        pytest.param(False, np.float64, one_by_one, marks=pytest.mark.everything("files")),
        pytest.param(True, np.float64, packed, marks=pytest.mark.everything("files")),
    ],
)
def test_every_number_comes_out(tmp_path, small, weights, old, dtype, write):
    path = written(tmp_path / "net.caffemodel", caffemodel(weights, old=old, dtype=dtype, write=write))
    foreign = read_caffe(path)
    assert_same(foreign.state, arrays_of(small))
    assert (foreign.kind, foreign.preset, foreign.num_classes, foreign.aux_heads) == ("caffe", "paper", 4, False)
    assert foreign.classes is None
    pixels = np.zeros((224, 224, 3), np.uint8)
    pixels[..., 0] = 200  # red comes last, and nothing is divided by anything
    x = foreign.preprocessing.normalize(pixels)
    np.testing.assert_allclose(x[:, 0, 0], [-104, -117, 200 - 123], rtol=1e-5)
    assert foreign.notes[0] == "it comes without auxiliary heads, which only training needs"


@pytest.mark.everything("files")
def test_heads_and_names_come_along(tmp_path):
    """The whole of bvlc_googlenet.caffemodel: 1000 classes, which have names, and both heads."""
    model = random_network(1000, heads=True)
    content = caffemodel(caffe_weights(arrays_of(model)), old=True)
    assert len(content) == pytest.approx(53_533_754, rel=1e-3)  # as many as the published file has
    foreign = read_caffe(written(tmp_path / "bvlc_googlenet.caffemodel", content))
    assert_same(foreign.state, arrays_of(model))
    assert foreign.aux_heads
    assert foreign.classes == IMAGENET_CLASSES
    assert "ImageNet" in foreign.notes[-1]


def test_the_file_is_copied_once(tmp_path, weights):
    content = caffemodel(weights)
    path, size = written(tmp_path / "net.caffemodel", content), len(content)
    del content
    tracemalloc.start()
    foreign = read_caffe(path)
    now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2.1 * size  # the file and the arrays
    assert now < 1.05 * size  # the arrays alone
    assert all(array.flags.owndata or array.base.flags.owndata for array in foreign.state.values())


# ---- people's own classifiers --------------------------------------------------------------------------------------


def renamed(weights, **names):
    return {names.get(name.replace("/", "_"), name): blobs for name, blobs in weights.items()}


@pytest.mark.parametrize("name", ["loss3/classifier_flowers", "fc_flowers"])
def test_a_classifier_with_another_name_is_known_by_its_place(tmp_path, small, weights, name):
    content = caffemodel(renamed(weights, loss3_classifier=name))
    foreign = read_caffe(written(tmp_path / "flowers.caffemodel", content))
    assert_same(foreign.state, arrays_of(small))
    text = f"the layer '{name}' stands in the place of loss3/classifier, and is taken for it"
    assert foreign.notes[0] == text


def test_heads_of_other_classes_and_half_heads_are_left_out(tmp_path, weights):
    rng = np.random.default_rng(0)
    heads = {}
    for n, inputs in ((1, 512), (2, 528)):
        for layer, shape in (("conv", (128, inputs, 1, 1)), ("fc", (1024, 2048)), ("classifier", (4, 1024))):
            heads[f"loss{n}/{layer}"] = [rng.random(shape, np.float32), rng.random(shape[0], np.float32)]
    cases = {
        "they are for another number of classes": {**heads, "loss1/classifier": [np.ones((5, 1024)), np.ones(5)]},
        "without auxiliary heads": {
            "loss2/conv": heads["loss2/conv"],
            **dict.fromkeys(("loss1/anything", "loss1/more"), [np.ones(3), np.ones(3)]),
        },
    }
    for note, some in cases.items():
        foreign = read_caffe(written(tmp_path / "net.caffemodel", caffemodel({**weights, **some})))
        assert not foreign.aux_heads
        assert any(note in line for line in foreign.notes)
        assert not any("in the place" in line for line in foreign.notes)
    both = {**renamed(heads, loss2_classifier="loss2/mine"), **renamed(weights, loss3_classifier="loss3/mine")}
    foreign = read_caffe(written(tmp_path / "net.caffemodel", caffemodel(both)))
    np.testing.assert_array_equal(foreign.state["aux2.fc2.weight"], heads["loss2/classifier"][0])
    np.testing.assert_array_equal(foreign.state["aux1.fc1.weight"], heads["loss1/fc"][0])


# ---- what is refused -----------------------------------------------------------------------------------------------

ALEXNET = {"conv1": (96, 3, 11, 11), "conv2": (256, 48, 5, 5), "conv3": (384, 256, 3, 3), "fc6": (9, 9), "fc7": (9, 9)}


def replaced(name, *blobs):
    """The weights with other blobs for one layer."""
    return lambda weights: caffemodel({**weights, name: [np.asarray(blob, np.float32) for blob in blobs]})


def with_shape(name, shape):
    """The file with a shape for one layer that its numbers do not have."""

    def content(weights):
        numbers = packed(5, np.ones(5, np.float32))
        lengths = b"".join(field(1, length) for length in shape)
        blob = field(7, numbers + field(7, lengths))
        rest = {other: blobs for other, blobs in weights.items() if other != name}
        return caffemodel(rest) + field(100, field(1, name) + blob + blob)

    return content


def spoiled(value):
    def content(weights):
        bias = weights["conv2/3x3"][1].astype(np.float64)
        bias[3] = value
        return caffemodel({**weights, "conv2/3x3": [weights["conv2/3x3"][0], bias]}, dtype=np.float64)

    return content


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (lambda w: b"", "is empty$"),
        (
            lambda w: deploy_prototxt().encode(),
            r"is text, as a \.prototxt, which describes a network and has no weights",
        ),
        (lambda w: b"\x89HDF\r\n\x1a\n" + bytes(90), "is an HDF5 file; of the two kinds"),
        (lambda w: b"\xff\xd8\xff\xe0\x00\x10JFIF\x00", "is no protobuf file, or damaged"),
        (lambda w: field(1, "GoogleNet"), "58 of 58 layers are missing, such as conv1/7x7_s2; .* in it: none$"),
        (
            lambda w: caffemodel({name: [np.ones(shape), np.ones(3)] for name, shape in ALEXNET.items()}),
            "is no GoogLeNet of Caffe: 58 of 58 .* layers with weights in it: 'conv1', 'conv2', 'conv3', 'fc6', ...$",
        ),
        (lambda w: caffemodel({n: b for n, b in w.items() if n != "inception_4c/5x5"}), "1 of 58 .* inception_4c/5x5;"),
        (replaced("bn1", np.ones(64), np.ones(64)), "or not alone: it has weights in the layer 'bn1' too"),
        (replaced("loss3/more", np.ones(64), np.ones(64)), "weights in the layer 'loss3/more' too"),
        (lambda w: caffemodel(w) + new_layer("conv2/3x3", "x", [np.ones(1)], np.float32, packed), "'conv2/3x3' twice"),
        (replaced("conv2/3x3", np.ones((192, 64, 3, 3))), "has 1 blobs in the layer conv2/3x3, expected 2"),
        (
            replaced("conv2/3x3", np.ones((192, 64, 5, 5)), np.ones(192)),
            r"has the weights of conv2/3x3 in the shape \(192, 64, 5, 5\), expected \(192, 64, 3, 3\)$",
        ),
        (
            replaced("loss3/classifier", np.ones((4, 512)), np.ones(4)),
            r"the weights of loss3/classifier in the shape \(4, 512\), expected \(any, 1024\)$",
        ),
        (
            replaced("loss3/classifier", np.ones((4, 1024)), np.ones(5)),
            r"the biases of loss3/classifier in the shape \(5,\), expected \(4\)$",
        ),
        (
            replaced("conv1/7x7_s2", np.ones((64, 1, 7, 7)), np.ones(64)),
            r"the weights of conv1/7x7_s2 in the shape \(64, 1, 7, 7\), expected \(64, 3, 7, 7\)",
        ),
        (with_shape("conv2/3x3", (192, 64, 3, 3)), "has 5 numbers for the weights of conv2/3x3, expected 110,592"),
        (with_shape("loss3/classifier", (1 << 40, 1024)), "has 5 numbers for .*, expected 1,125,899,906,842,624"),
        (with_shape("loss3/classifier", (-1, 1024)), r"in the shape \(-1, 1024\)"),
        (with_shape("loss3/classifier", (0, 1024)), r"in the shape \(0, 1024\)"),
        (with_shape("loss3/classifier", ()), r"in the shape \(\)"),
        (with_shape("loss3/classifier", (1,) * 9), "field 1 has 9 integers, expected at most 8"),
        (spoiled(np.nan), "has 1 numbers that are infinite or none for the biases of conv2/3x3"),
        (spoiled(1e300), "has 1 numbers that are infinite or none"),
    ],
)
def test_anything_else_is_refused_in_one_line(tmp_path, weights, content, message):
    path = written(tmp_path / "other.caffemodel", content(weights))
    with pytest.raises(ValueError, match=f"^{path}: .*{message}") as caught:
        read_caffe(path)
    assert "\n" not in str(caught.value)


def test_names_from_the_file_stay_on_their_line(tmp_path, weights):
    path = written(tmp_path / "net.caffemodel", replaced("a\nb\x1b[31m" + "c" * 200, np.ones(3), np.ones(3))(weights))
    with pytest.raises(ValueError, match=r"the layer 'a\\nb\\x1b\[31mc+ too$") as caught:
        read_caffe(path)
    assert len(str(caught.value)) < 250


@pytest.mark.parametrize("step", [1 << 20, pytest.param(1000, marks=pytest.mark.everything("files"))])
def test_a_file_that_is_cut_off_is_refused(tmp_path, weights, step, monkeypatch):
    """Wherever it is cut: parts of the file's bytes are given as what is read of it."""
    content = memoryview(caffemodel(weights))
    path = written(tmp_path / "net.caffemodel", b"\x0a")
    for end in range(1, len(content) - 60, step):  # the last 60 bytes are layers without weights
        monkeypatch.setattr("googlenet.weights.caffe.read_message", lambda path, part=content[:end]: Message(part))
        with pytest.raises(ValueError, match="is cut off|layers are missing"):
            read_caffe(path)


def test_what_cannot_be_opened_is_named(tmp_path):
    for path in (tmp_path, tmp_path / "nothing"):
        with pytest.raises(OSError, match=f"^{path} cannot be read "):
            read_caffe(path)


@pytest.mark.parametrize("old", [False, True])
def test_files_are_known_by_how_they_begin(old):
    tiny = {"conv1/7x7_s2": [np.ones((1, 1, 1, 1), np.float32)]}
    content = caffemodel(tiny, old=old)
    name = field(1, "GoogleNet")
    assert starts_as_caffe(content[:16])
    assert starts_as_caffe(content[len(name) :][:16])
    for other in (b"", b"\x08\x03", b"PK\x03\x04", b"\x80\x02", b'name: "GoogleNet"', b"\xa2", b"\xff\xd8\xff"):
        assert not starts_as_caffe(other)


def test_every_layer_has_a_name_of_caffe_s():
    assert len(caffe_names()) == len(set(caffe_names().values())) == 57 + 1 + 6
