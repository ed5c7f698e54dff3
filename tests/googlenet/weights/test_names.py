"""Which layer is which, under the names of other programs."""

import re

import numpy as np
import pytest

from googlenet.table import INCEPTION
from googlenet.weights.names import (
    Layer,
    by_names,
    by_order,
    layers_of,
    natural,
    orders,
    place_of,
    without_prefix,
)


def slots(heads=True):
    """Our layers with the shapes of their weights, from Table 1; 7 classes."""
    found = {"conv1.conv": (64, 3, 7, 7), "conv2.conv": (64, 64, 1, 1), "conv3.conv": (192, 64, 3, 3)}
    for name, row in INCEPTION.items():
        found |= {
            f"inception{name}.branch1.conv": (row.ch1x1, row.in_channels, 1, 1),
            f"inception{name}.branch2.0.conv": (row.ch3x3red, row.in_channels, 1, 1),
            f"inception{name}.branch2.1.conv": (row.ch3x3, row.ch3x3red, 3, 3),
            f"inception{name}.branch3.0.conv": (row.ch5x5red, row.in_channels, 1, 1),
            f"inception{name}.branch3.1.conv": (row.ch5x5, row.ch5x5red, 5, 5),
            f"inception{name}.branch4.1.conv": (row.pool_proj, row.in_channels, 1, 1),
        }
    for head, channels in {"aux1": 512, "aux2": 528}.items() if heads else ():
        found |= {
            f"{head}.conv.conv": (128, channels, 1, 1), f"{head}.fc1": (1024, 2048), f"{head}.fc2": (7, 1024),
        }  # fmt: skip
    return {**found, "fc": (7, 1024)}


def numbered(name):
    """Sequentials of convolution, batch norm, ReLU: the second convolution is number 3."""
    return re.sub(r"(\d)\.(conv|bn)$", lambda match: str(3 * int(match[1]) + (match[2] == "bn")), name)


def of_cifar(name):
    """a3.b2.3 for the second convolution of 3a's second branch, a3.b2.4 for the batch norm behind it."""
    stem = {"conv1": 0, "conv2": 4, "conv3": 7}
    if name[:5] in stem:
        return f"pre_layers.{stem[name[:5]] + name.endswith('bn')}"
    name = re.sub(r"^inception(\d)(\w)", r"\2\1", name).replace("branch", "b")
    name = numbered(re.sub(r"(b1)\.(conv|bn)$", r"\1.0.\2", name))
    return name.replace("b4.3", "b4.1").replace("b4.4", "b4.2").replace("fc", "linear")


def of_mnist(name):
    """ince_3a.branch2.2; no batch norm."""
    name = re.sub(r"^inception", "ince_", name).replace("conv.conv", "conv")
    name = re.sub(r"^(conv\d)\.conv", r"\1", name).replace("branch1.conv", "branch1.0")
    return re.sub(r"(branch\d)\.(\d)\.conv", lambda match: f"{match[1]}.{2 * int(match[2])}", name)


KERNELS = {
    "branch1": "1x1", "branch2.0": "3x3_reduce", "branch2.1": "3x3", "branch3.0": "5x5_reduce", "branch3.1": "5x5",
    "branch4.1": "pool_proj",
}  # fmt: skip


def by_kernel(name):
    """As in Caffe: inception_3a.conv3x3_reduce."""
    found = re.match(r"inception(\d\w)\.(.*)\.(conv|bn)$", name)
    if not found:
        return re.sub(r"\bfc$", "classifier", name.replace("aux", "auxiliary_"))
    part = KERNELS[found[2]]
    return f"inception_{found[1]}.{part if part == 'pool_proj' else f'conv{part}'}.{found[3]}"


def older(name):
    """As in torchvision's Inception v3: Inception3a.branch3x3_2.conv."""
    name = re.sub(r"^inception", "Inception", name).replace("aux", "aux_logits")
    for ours, theirs in (("1", "1x1"), ("2", "3x3"), ("3", "5x5"), ("4", "_pool")):
        name = re.sub(rf"branch{ours}\.(\d)\.", lambda m, t=theirs: f"branch{t}_{int(m[1]) + 1}.", name)
        name = name.replace(f"branch{ours}.", f"branch{theirs}.")
    return name


def of_a_book(name):
    """inception_3a.p2_1, stem.conv1."""
    name = re.sub(r"^conv(\d)\.", r"stem.conv\1.", name)
    name = re.sub(r"^inception(\d\w)\.branch(\d)\.(\d)\.conv", lambda m: f"{m[1]}.p{m[2]}_{int(m[3]) + 1}", name)
    return re.sub(r"^inception(\d\w)\.branch1\.conv", r"\1.p1_1", name).replace("fc", "dense")


FAMILIES = {"cifar": of_cifar, "mnist": of_mnist, "by kernel": by_kernel, "older": older, "book": of_a_book}


def renamed(family, heads=True, norms=False):
    """The layers of a file in such names, backwards, and which of ours each is."""
    rename, layers, meant = FAMILIES[family], [], {}
    for name, shape in reversed(slots(heads).items()):
        meant[name] = rename(name)
        layers.append(Layer(rename(name), "convolution" if len(shape) == 4 else "linear", shape))
        if norms and len(shape) == 4:
            norm = name.removesuffix("conv") + "bn"
            meant[norm] = rename(norm)
            layers.append(Layer(rename(norm), "norm", shape[:1]))
    assert len(set(meant.values())) == len(meant)
    return layers, meant


@pytest.mark.parametrize("family", FAMILIES)
def test_the_names_of_tutorials_are_known(family):
    layers, meant = renamed(family, heads=family != "cifar")
    assert by_names(layers, slots(family != "cifar")) == meant


@pytest.mark.parametrize("family", ["cifar", "by kernel", "older"])
def test_batch_norms_are_found_beside_their_convolutions(family):
    layers, meant = renamed(family, heads=family != "cifar", norms=True)
    assert by_names(layers, slots(family != "cifar")) == meant


def test_torchvision_s_own_names_are_known_too():
    layers = [Layer(name, "convolution" if len(shape) == 4 else "linear", shape) for name, shape in slots().items()]
    assert by_names(layers, slots()) == {name: name for name in slots()}


def test_what_is_missing_is_not_found_and_a_wrong_shape_is():
    layers, meant = renamed("mnist")
    layers = [layer for layer in layers if layer.name not in (meant["fc"], meant["inception4a.branch1.conv"])]
    at = [layer.name for layer in layers].index(meant["inception3a.branch3.1.conv"])
    layers[at] = layers[at]._replace(shape=(32, 16, 7, 7))
    assert meant.items() - by_names(layers, slots()).items() == {
        ("fc", meant["fc"]), ("inception4a.branch1.conv", meant["inception4a.branch1.conv"])
    }  # fmt: skip


@pytest.mark.parametrize("order", range(4))
@pytest.mark.parametrize("norms", [False, True])
def test_names_that_tell_nothing_leave_the_order(order, norms):
    names = list(slots(heads=order != 3)) if order == 3 else orders(list(slots()))[order]
    layers, meant = [], {}
    for name in names:
        shape = slots()[name]
        meant[name] = str(len(layers))
        layers.append(Layer(meant[name], "convolution" if len(shape) == 4 else "linear", shape))
        if norms and len(shape) == 4:
            meant[name.removesuffix("conv") + "bn"] = str(len(layers))
            layers.append(Layer(str(len(layers)), "norm", shape[:1]))
    wanted = slots(heads=order != 3)
    assert by_order(layers, wanted) == meant
    assert by_order(layers[1:], wanted) is None
    assert by_order([layers[1], layers[0], *layers[2:]], wanted) is None
    wrong = layers[-1]._replace(shape=(8, 1024))
    assert by_order([*layers[:-1], wrong], wanted) is None


def test_the_heads_stand_where_they_belong_or_at_the_end():
    inside, end, last = orders(list(slots()))
    assert inside.index("aux1.conv.conv") == inside.index("inception4b.branch1.conv") - 3
    assert inside.index("aux2.fc2") == inside.index("inception4e.branch1.conv") - 1
    assert end[-7:] == [f"aux{n}.{layer}" for n in (1, 2) for layer in ("conv.conv", "fc1", "fc2")] + ["fc"]
    assert last[-7:] == ["fc", *end[-7:-1]]


def test_batch_norms_without_a_convolution_or_with_other_channels_are_no_order():
    layers = [Layer(name, "convolution" if len(shape) == 4 else "linear", shape) for name, shape in slots().items()]
    norm = Layer("norm", "norm", (64,))
    assert by_order([norm, *layers], slots()) is None
    assert by_order([layers[0], norm, norm, *layers[1:]], slots()) is None
    assert by_order([layers[0], norm._replace(shape=(32,)), *layers[1:]], slots()) is None
    assert by_order([*layers, norm], slots()) is None


@pytest.mark.parametrize(
    ("name", "kind", "place"),
    [
        ("Conv1", "convolution", "stem"),
        ("bn1", "norm", "stem"),
        ("features.0", "convolution", "stem"),
        ("aux_classifier2.conv", "convolution", "aux2"),
        ("loss1_fc", "linear", "aux1"),
        ("fully_connected_1", "linear", "fc"),
        ("fc1", "linear", "fc"),
        ("e4.b3.0", "convolution", "inception4e.branch3"),
        ("features.aux1.conv", "convolution", "aux1"),
        ("backbone.conv1.conv", "convolution", "stem"),
        ("net.fc.1", "linear", "fc"),
        ("features.inception_5b.conv5x5", "convolution", "inception5b.branch3"),
        ("2.0.p1_1", "convolution", None),
        ("blocks.0", "linear", None),
        ("features.0", "linear", None),
    ],
)
def test_places(name, kind, place):
    assert place_of(name, kind) == place


def test_what_stands_before_all_names_is_left_out():
    names = {"module.model.conv1.weight": None, "module.model.fc.bias": None}
    assert without_prefix(names) == {"conv1.weight": "module.model.conv1.weight", "fc.bias": "module.model.fc.bias"}
    assert without_prefix(["fc.weight", "fc.bias"]) == {"fc.weight": "fc.weight", "fc.bias": "fc.bias"}
    assert without_prefix(["a.fc.bias", "conv.bias"]) == {"a.fc.bias": "a.fc.bias", "conv.bias": "conv.bias"}
    assert without_prefix([]) == {}


def test_arrays_make_layers_in_their_order():
    arrays = {
        "conv.weight": np.ones((2, 3, 1, 1)), "conv.bias": np.ones(2), "bn.weight": np.ones(2),
        "bn.running_var": np.ones(2), "bn.num_batches_tracked": np.array(3), "fc.weight": np.ones((5, 2)),
    }  # fmt: skip
    assert layers_of(arrays) == [
        Layer("conv", "convolution", (2, 3, 1, 1)), Layer("bn", "norm", (2,)), Layer("fc", "linear", (5, 2)),
    ]  # fmt: skip


@pytest.mark.parametrize(("name", "shape"), [("lstm.weight_ih", (4, 4)), ("conv.weight", (4, 4, 4)), ("x", (1,))])
def test_other_layers_are_of_no_googlenet(name, shape):
    with pytest.raises(ValueError, match=rf"no GoogLeNet: {name} with shape"):
        layers_of({name: np.ones(shape)})


def test_numbers_in_names_count_as_numbers():
    assert sorted(["a.10", "a.9", "a.b", "2"], key=natural) == ["2", "a.9", "a.10", "a.b"]
